// sn/evidence/collectives/collective_cases.cc
//
// Machines, files and predictions of measured collectives (see collective_cases.h).

#include "sn/evidence/collectives/collective_cases.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "sn/base/files/files.h"
#include "sn/evidence/collectives/collective_tables.h"
#include "sn/hw/rack_check.h"
#include "sn/measured/metrics.h"

namespace sn::evidence {

namespace {

namespace fs = std::filesystem;

/// Reading and writing once, of HBM's rate, in a plain copy.
constexpr double copy_share = 0.8;
constexpr std::size_t log_probe = std::size_t{1} << 16;

using TableReader = CollectiveCases (*)(measured::CsvReader&, measured::Faults&);

TableReader table_reader(std::string_view name) {
  const std::string_view file = name.substr(name.find_last_of('/') + 1);
  const std::string_view stem = file.substr(0, file.find('.'));
  if (stem == "nccl_intra_node") return read_nccl_table;
  if (stem == "custom_allreduce_intra_node") return read_custom_table;
  if (stem == "deepep_ll") return read_low_latency_table;
  if (stem == "deepep_normal") return read_normal_table;
  if (stem == "gb200_nvl72_trtllm_alltoall") return read_sided_table;
  if (stem == "vidur_network") return read_vidur_network;
  if (stem == "published_collectives") return read_published_collectives;
  return nullptr;
}

bool is_log(const fs::path& path) {
  const std::string kind = path.extension().string();
  if (kind != ".txt" && kind != ".log" && kind != ".out") return false;
  std::ifstream in(path, std::ios::binary);
  std::string head(log_probe, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, in.gcount())));
  return is_nccl_tests_log(head);
}

double request_seconds(const collective::CollectiveTimer& timer, const ExchangeRequest& r) {
  if (r.phase != ExchangeRequest::Phase::prepare) {
    const collective::ExchangeTiming t = timer.exchange(r.exchange, r.group, r.kernels, 0.0);
    const bool out = r.phase == ExchangeRequest::Phase::dispatch;
    double seconds = (out ? t.dispatch : t.combine).time.si();
    // A two-sided dispatch is measured without the step that it needs first.
    if (out && r.kernels == collective::ExchangeKernels::two_sided) {
      seconds -= timer.prepare(r.exchange, r.group).si();
    }
    return seconds;
  }
  return timer.prepare(r.exchange, r.group).si();
}

}  // namespace

bool CollectiveCase::fitted() const {
  std::uint64_t h = 0;
  for (const std::string* part : {&rack, &family, &shape}) {
    for (const char c : *part) h = measured::mixed_bits(h ^ static_cast<unsigned char>(c));
  }
  return h % 4 == 0;
}

Result<CollectiveMachine> read_collective_machine(const catalog::Catalog& catalog, const Node& rack,
                                                  const Node& scale_out, const CollectiveSet& set) {
  Errors errors;
  const Node tree = take(catalog.resolve(*catalog::find_kind("rack"), rack), errors);
  const Node out = take(catalog.resolve(*catalog::find_kind("scale-out"), scale_out), errors);
  catalog::Params unused;
  hw::Cluster cluster;
  if (errors.empty()) {
    catalog::read_entry(catalog, tree, "rack", cluster.rack, unused, errors);
    catalog::read_entry(catalog, out, "scale_out", cluster.scale_out, unused, errors);
    hw::check_rack(cluster.rack, rack.where(), errors);
  }
  if (!errors.empty()) return fail(std::move(errors));
  const hw::Cluster as_it_is = cluster;
  cluster.racks = 1024;
  cluster.dcn.bandwidth = Bandwidth::from_si(1e9);
  cluster.scale_out.segment = std::int64_t{1} << 40;  // non-blocking at every size
  hw::complete(cluster);
  CollectiveMachine machine;
  machine.cluster = as_it_is;
  machine.cluster.rack = cluster.rack;
  machine.cluster.dcn = cluster.dcn;
  machine.fabric = fabric::make_fabric(cluster);
  machine.entry = collective::wide_entry;
  machine.hbm = cluster.rack.chip.hbm_bandwidth.si();
  const std::string_view own =
      collective::entry_name(cluster.rack.chip.kernels, machine.fabric.domain);
  machine.generation = own;
  if (set.params.contains(own)) machine.entry = own;
  return machine;
}

Result<CollectiveSet> read_collective_params(const catalog::Catalog& catalog,
                                             catalog::Params& params) {
  CollectiveSet set;
  Errors errors;
  const catalog::CatalogKind* entries = catalog::find_kind("collectives");
  SN_ASSERT(entries != nullptr);
  for (const std::string& name : catalog.names(*entries)) {
    const Node tree = take(catalog.resolve(*entries, Node::scalar(name)), errors);
    collective::CollectiveParams p;
    catalog::read_entry(catalog, tree, "collectives." + name, p, params, errors);
    p.name = name;
    set.params.emplace(name, std::move(p));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return set;
}

Result<CollectiveSet> read_collective_set(const catalog::Catalog& catalog,
                                          catalog::Params& params) {
  Result<CollectiveSet> set = read_collective_params(catalog, params);
  if (!set) return set;
  const Node out = Node::scalar(std::string(set_scale_out));
  for (const std::string& name : catalog.names(*catalog::find_kind("rack"))) {
    Result<CollectiveMachine> machine =
        read_collective_machine(catalog, Node::scalar(name), out, *set);
    if (!machine) return fail(machine.error());
    set->machines.emplace(name, *std::move(machine));
  }
  return set;
}

CollectiveFiles find_collective_files(const std::string& directory) {
  CollectiveFiles out;
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    out.errors.push_back({.code = ErrorCode::io,
                          .message = "no such folder",
                          .where = {.file = directory},
                          .hint = "--data DIR: measured tables and logs of nccl-tests"});
    return out;
  }
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (!at->is_regular_file()) continue;
    const std::string name = fs::path(at->path()).lexically_relative(directory).generic_string();
    if (table_reader(name) != nullptr || is_log(at->path())) {
      out.files.push_back({at->path().string(), name});
    } else {
      out.ignored.push_back(name);
    }
  }
  std::sort(out.files.begin(), out.files.end(),
            [](const CollectiveFile& a, const CollectiveFile& b) { return a.name < b.name; });
  std::sort(out.ignored.begin(), out.ignored.end());
  if (out.files.empty()) {
    out.errors.push_back({.code = ErrorCode::missing,
                          .message = "no table of collectives and no log of nccl-tests",
                          .where = {.file = directory},
                          .hint = "names: nccl_intra_node.csv, deepep_ll.csv, ... or the text "
                                  "output of all_reduce_perf as *.txt"});
  }
  return out;
}

std::vector<CollectiveCase> read_collective_file(std::string_view name, std::string_view text,
                                                 const std::string& rack,
                                                 measured::Faults& faults) {
  const TableReader reader = table_reader(name);
  if (reader == nullptr) return read_nccl_tests_log(name, text, rack, faults);
  measured::CsvReader csv(text, std::string(name));
  return reader(csv, faults);
}

std::string_view misfit(const CollectiveMachine& machine, const CollectiveCase& c) {
  const collective::Group* group = nullptr;
  if (const auto* r = std::get_if<collective::Request>(&c.request)) group = &r->group;
  if (const auto* r = std::get_if<ExchangeRequest>(&c.request)) group = &r->group;
  if (group == nullptr) return {};
  if (group->per_domain > machine.fabric.domain) return "more ranks than a ScaleUp domain has GPUs";
  if (group->domains() > machine.fabric.domains) return "more domains than are compared (1024)";
  return {};
}

double predicted_seconds(const CollectiveMachine& machine,
                         const collective::CollectiveParams& params, const CollectiveCase& c) {
  SN_ASSERT(c.skip.empty() && misfit(machine, c).empty());
  const collective::CollectiveTimer timer(machine.fabric, params);
  if (const auto* r = std::get_if<collective::Request>(&c.request)) {
    const double t = timer.time(*r).time.si();
    if (!c.eager) return t;
    const double copy = c.copied ? 2.0 * r->size.si() / (copy_share * machine.hbm) : 0.0;
    return std::max(params.custom.host.si(), t + copy);
  }
  if (const auto* r = std::get_if<ExchangeRequest>(&c.request)) return request_seconds(timer, *r);
  const SendRequest& r = std::get<SendRequest>(c.request);
  return timer.send(r.size, r.far).time.si();
}

}  // namespace sn::evidence
