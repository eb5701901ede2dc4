// sn/llm/shipped_test_util.h
//
// What tests and benchmarks of a step share: machines and models of the catalog that is built into
// the library, read into the plain structs. A shipped entry that cannot be read is a programmer's
// mistake and ends the program.

#pragma once

#include <string>
#include <string_view>

#include "sn/catalog/catalog.h"
#include "sn/llm/step.h"

namespace sn::llm {

/// Everything that `compile` needs to know of a machine, owned.
struct ShippedMachine {
  hw::Cluster cluster;
  kernel::KernelParams kernels;
  collective::CollectiveParams collectives;
  Framework framework;
  ModelTraits traits;

  [[nodiscard]] StepMachine view() const {
    return {cluster, kernels, collectives, framework, traits};
  }
};

struct ShippedModel {
  ModelSpec spec;
  ModelTraits traits;
};

inline const catalog::Catalog& shipped_catalog() {
  static const catalog::Catalog catalog = [] {
    auto opened = catalog::Catalog::embedded();
    SN_ASSERT(opened.has_value());
    return *std::move(opened);
  }();
  return catalog;
}

inline Node shipped_entry(std::string_view kind, std::string_view name) {
  const catalog::CatalogKind* k = catalog::find_kind(kind);
  SN_ASSERT(k != nullptr);
  Result<Node> entry = shipped_catalog().resolve(*k, Node::scalar(std::string(name)));
  SN_ASSERT(entry.has_value());
  return *std::move(entry);
}

template <class T>
void read_shipped(const Node& tree, T& out) {
  catalog::Params params;
  Errors errors;
  catalog::read_entry(shipped_catalog(), tree, "", out, params, errors);
  SN_ASSERT(errors.empty());
}

inline ShippedModel shipped_model(std::string_view name) {
  const Node entry = shipped_entry("model", name);
  Result<ModelSpec> spec = read_model(*entry.find("config"), std::string(name));
  SN_ASSERT(spec.has_value());
  ShippedModel out{*std::move(spec), {}};
  read_shipped(*entry.find("traits"), out.traits);
  return out;
}

/// `racks` racks of one kind behind the default ScaleOut and DCN, with the software of the catalog.
inline ShippedMachine shipped_machine(std::string_view rack, const ModelTraits& traits,
                                      std::int64_t racks = 1) {
  ShippedMachine m;
  m.traits = traits;
  Node tree = Node::map();
  tree.set("rack", shipped_entry("rack", rack));
  tree.set("scale_out", shipped_entry("scale-out", "hpn7"));
  tree.set("dcn", shipped_entry("dcn", "ethernet-100g"));
  read_shipped(tree, m.cluster);
  hw::complete(m.cluster);
  m.cluster.racks = racks;
  read_shipped(shipped_entry("kernels", m.cluster.rack.chip.kernels), m.kernels);
  read_shipped(shipped_entry("kernel_software", "default"), m.kernels.software);
  read_shipped(shipped_entry("collectives", "default"), m.collectives);
  read_shipped(shipped_entry("framework", "generic"), m.framework);
  return m;
}

inline BatchShape decode(double sequences, double context) {
  return {.decode_sequences = sequences, .decode_context = sequences * context};
}

/// Prefill of one prompt without a cached prefix.
inline BatchShape prefill(double tokens) {
  BatchShape s;
  s.prefill_tokens = tokens;
  s.prefill_pairs = 0.5 * tokens * (tokens + 1.0);
  s.prefill_context = tokens;
  s.prefill_sequences = 1.0;
  return s;
}

}  // namespace sn::llm
