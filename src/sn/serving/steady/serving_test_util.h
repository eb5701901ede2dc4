// sn/serving/steady/serving_test_util.h
//
// What the tests of the steady-state models share: machines out of the catalog, workloads by hand,
// plans in one line.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sn/catalog/catalog_test_util.h"
#include "sn/llm/step.h"
#include "sn/serving/steady/steady_state.h"

namespace sn::serving {

/// Everything below a workload, read from the shipped catalog.
struct TestBed {
  hw::Cluster cluster;
  kernel::KernelParams kernels;
  collective::CollectiveParams collectives;
  llm::Framework framework;
  llm::ModelTraits traits;
  llm::ModelSpec model;

  [[nodiscard]] llm::StepMachine machine() const {
    return {cluster, kernels, collectives, framework, traits};
  }
  [[nodiscard]] ServingInputs inputs(const Workload& workload) const {
    return {model, machine(), workload, {}, 64.0};
  }
};

inline Node shipped_tree(const catalog::Catalog& catalog, std::string_view kind,
                         const std::string& name) {
  Errors errors;
  Node tree = take(catalog.resolve(catalog::kind_named(kind), Node::scalar(name)), errors);
  EXPECT_TRUE(errors.empty()) << render(errors);
  return tree;
}

inline TestBed test_bed(const std::string& rack, std::int64_t racks, const std::string& model) {
  const catalog::Catalog catalog = catalog::shipped_catalog();
  TestBed bed;
  catalog::Params params;
  Errors errors;
  Node tree = Node::map();
  tree.set("rack", shipped_tree(catalog, "rack", rack));
  tree.set("scale_out", shipped_tree(catalog, "scale-out", "hpn7"));
  tree.set("dcn", shipped_tree(catalog, "dcn", "ethernet-100g"));
  catalog::read_entry(catalog, tree, "", bed.cluster, params, errors);
  bed.cluster.racks = racks;
  hw::complete(bed.cluster);
  const auto read = [&](std::string_view kind, const std::string& name, auto& out) {
    catalog::read_entry(catalog, shipped_tree(catalog, kind, name), std::string(kind), out, params,
                        errors);
  };
  read("kernels", bed.cluster.rack.chip.kernels, bed.kernels);
  read("collectives", "default", bed.collectives);
  read("framework", "generic", bed.framework);
  const Node entry = shipped_tree(catalog, "model", model);
  const Node* config = entry.find("config");
  const Node* traits = entry.find("traits");
  if (config != nullptr) bed.model = take(llm::read_model(*config, model), errors);
  if (traits != nullptr) catalog::read_entry(catalog, *traits, "model", bed.traits, params, errors);
  EXPECT_TRUE(errors.empty()) << render(errors);
  EXPECT_GT(bed.model.layers, 0);
  return bed;
}

struct TestClass {
  double weight;
  double input;
  double output;
  double cached = 0.0;  // at any capacity of at least one token
};

inline Workload workload_of(const std::vector<TestClass>& classes, double rate = 1.0) {
  Workload w;
  w.name = "by hand";
  w.origin = "by hand";
  w.requests = 1000;
  w.rate = Rate::from_si(rate);
  bool hits = false;
  for (const TestClass& c : classes) hits = hits || c.cached > 0.0;
  if (hits) w.capacities = {1.0};
  for (const TestClass& c : classes) {
    RequestClass r{.weight = c.weight, .input = c.input, .output = c.output, .cached = {}};
    if (hits) r.cached = {c.cached};
    w.input_max = std::max(w.input_max, c.input);
    w.output_max = std::max(w.output_max, c.output);
    w.classes.push_back(std::move(r));
  }
  return w;
}

/// A chat-like mix: short and long prompts, some with a cached prefix.
inline Workload chat() {
  return workload_of(
      {{0.4, 500, 150}, {0.3, 2000, 300, 1000}, {0.2, 6000, 400, 2000}, {0.1, 20000, 250, 500}});
}

inline constexpr llm::Precision all_fp8{kernel::DataType::fp8, kernel::DataType::fp8,
                                        kernel::DataType::fp8};

inline Pool pool(llm::Parallelism parallel, std::int64_t replicas, std::int64_t chunk = 0,
                 std::int64_t draft_tokens = 0) {
  return {.deployment = {.parallel = parallel, .precision = all_fp8, .draft_tokens = draft_tokens},
          .replicas = replicas,
          .chunk = chunk};
}

inline ServingPlan aggregated(llm::Parallelism parallel, std::int64_t replicas, std::int64_t chunk,
                              std::int64_t draft_tokens = 0) {
  return {.prefill = {}, .decode = pool(parallel, replicas, chunk, draft_tokens)};
}

inline SloTarget ttft(double quantile, double seconds) {
  return {Metric::ttft, quantile, Time::from_si(seconds)};
}
inline SloTarget tpot(double quantile, double seconds) {
  return {Metric::tpot, quantile, Time::from_si(seconds)};
}

}  // namespace sn::serving
