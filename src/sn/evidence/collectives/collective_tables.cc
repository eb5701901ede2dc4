// sn/evidence/collectives/collective_tables.cc
//
// Tables of rank-to-rank collectives: NCCL and device-side all-reduce (aiconfigurator), Vidur's
// network profiles, published figures.

#include "sn/evidence/collectives/collective_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sn::evidence {

namespace {

using collective::Kernels;
using collective::Op;
using collective::Request;

constexpr double us = 1e-6;

std::optional<Op> op_named(std::string_view name) {
  if (name == "all_reduce") return Op::all_reduce;
  if (name == "all_gather") return Op::all_gather;
  if (name == "reduce_scatter") return Op::reduce_scatter;
  if (name == "alltoall" || name == "all_to_all") return Op::all_to_all;
  return std::nullopt;
}

bool integer_type(std::string_view dtype) {
  return dtype.starts_with("int") || dtype.starts_with("uint");
}

Error bad_field(const measured::CsvReader& csv, std::string message) {
  return {.code = ErrorCode::data,
          .message = std::move(message),
          .where = {.file = csv.file(), .line = csv.line()},
          .hint = {}};
}

/// First three numbers of a version, as one.
int version_number(std::string_view text) {
  int out = 0;
  int parts = 0;
  const char* at = text.data();
  const char* end = text.data() + text.size();
  while (at != end && parts < 3) {
    int n = 0;
    const auto [next, error] = std::from_chars(at, end, n);
    if (error == std::errc{} && next != at && n >= 0) {
      out = out * 1000 + std::min(n, 999);
      ++parts;
      at = next;
    } else {
      ++at;
    }
  }
  for (; parts < 3; ++parts) out *= 1000;
  return out;
}

/// SGLang's second kernel came with 0.5.12; TensorRT-LLM's is of that generation too.
bool legacy_kernel(std::string_view kernel, std::string_view framework, std::string_view version) {
  if (kernel == "TRTLLM") return false;
  return framework != "sglang" || version_number(version) < 5012;
}

CollectiveCase operation(Op op, std::string rack, std::int64_t gpus, double bytes,
                         std::string_view dtype) {
  CollectiveCase c;
  c.rack = std::move(rack);
  c.bytes = bytes;
  c.request = Request{.op = op,
                      .group = {gpus, gpus},
                      .size = Bytes::from_si(bytes),
                      .kernels = Kernels::library,
                      .switch_reducible = !integer_type(dtype)};
  c.shape = fmt::format("{} GPUs, {:.0f} B, {}", gpus, bytes, dtype);
  return c;
}

}  // namespace

NamedColumns::NamedColumns(measured::CsvReader& csv, std::vector<std::string> names,
                           measured::Faults& faults)
    : csv_(csv), names_(std::move(names)), faults_(faults) {
  std::string lacking;
  for (const std::string& name : names_) {
    const std::optional<std::size_t> at = csv.column(name);
    if (!at) lacking += (lacking.empty() ? "" : ", ") + name;
    places_.push_back(at.value_or(0));
  }
  if (lacking.empty()) return;
  complete_ = false;
  faults.add({.code = ErrorCode::data,
              .message = "columns are missing: " + lacking,
              .where = {.file = csv.file(), .line = 1},
              .hint = "the first line names the columns"});
}

std::size_t NamedColumns::at(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  SN_ASSERT(found != names_.end());
  return places_[static_cast<std::size_t>(found - names_.begin())];
}

std::string_view NamedColumns::text(std::string_view name) const { return csv_.field(at(name)); }

double NamedColumns::number(std::string_view name) const {
  return csv_.positive(at(name), faults_).value_or(0.0);
}

std::int64_t NamedColumns::count(std::string_view name, double max) const {
  const double n = number(name);
  if (n == 0.0) return 0;
  if (n < 1.0 || n > max || n != std::floor(n)) {
    faults_.add(
        csv_.error(at(name), fmt::format("'{}' is no whole number from 1 to {:.0f}", name, max)));
    return 0;
  }
  return static_cast<std::int64_t>(n);
}

std::string rack_of_system(std::string_view system) {
  if (system == "gb200" || system == "gb300") return "nvl72-" + std::string(system);
  for (const std::string_view chip : {"a100", "h100", "h200", "b200", "b300", "h20", "h800"}) {
    if (system == std::string(chip) + "_sxm") return "hgx-" + std::string(chip);
  }
  return {};
}

CollectiveCases read_nccl_table(measured::CsvReader& csv, measured::Faults& faults) {
  CollectiveCases out;
  const NamedColumns row(
      csv, {"system", "nccl_version", "op", "dtype", "num_gpus", "size_bytes", "latency_us"},
      faults);
  while (row.complete() && csv.next(faults)) {
    const std::int64_t gpus = row.count("num_gpus", 1e5);
    const double bytes = row.number("size_bytes");
    const double latency = row.number("latency_us");
    const std::optional<Op> op = op_named(row.text("op"));
    if (gpus == 0 || bytes == 0.0 || latency == 0.0) continue;
    if (!op || gpus < 2) {
      faults.add(bad_field(csv, op ? "a collective of one GPU"
                                   : fmt::format("unknown operation '{}'", shown(row.text("op")))));
      continue;
    }
    CollectiveCase c =
        operation(*op, rack_of_system(row.text("system")), gpus, bytes, row.text("dtype"));
    c.library = "NCCL " + std::string(row.text("nccl_version"));
    c.family = "NCCL " + std::string(to_string(*op));
    c.seconds = latency * us;
    c.line = csv.line();
    if (c.rack.empty()) c.skip = "no such system in the catalog";
    out.push_back(std::move(c));
  }
  return out;
}

CollectiveCases read_custom_table(measured::CsvReader& csv, measured::Faults& faults) {
  CollectiveCases out;
  const NamedColumns row(csv,
                         {"system", "framework", "framework_version", "kernel", "dtype", "num_gpus",
                          "size_bytes", "latency_us"},
                         faults);
  while (row.complete() && csv.next(faults)) {
    const std::int64_t gpus = row.count("num_gpus", 1e5);
    const double bytes = row.number("size_bytes");
    const double latency = row.number("latency_us");
    if (gpus == 0 || bytes == 0.0 || latency == 0.0) continue;
    if (gpus < 2) {
      faults.add(bad_field(csv, "a collective of one GPU"));
      continue;
    }
    CollectiveCase c = operation(Op::all_reduce, rack_of_system(row.text("system")), gpus, bytes,
                                 row.text("dtype"));
    Request& request = std::get<Request>(c.request);
    request.kernels = Kernels::automatic;
    request.legacy =
        legacy_kernel(row.text("kernel"), row.text("framework"), row.text("framework_version"));
    c.eager = row.text("kernel").ends_with("_eager");
    c.copied = c.eager;
    c.library = fmt::format("{} {}", row.text("framework"), row.text("framework_version"));
    c.family = c.eager ? "engine all_reduce, eager" : "engine all_reduce, graph";
    c.seconds = latency * us;
    c.line = csv.line();
    if (c.rack.empty()) c.skip = "no such system in the catalog";
    out.push_back(std::move(c));
  }
  return out;
}

namespace {

std::string_view vidur_skip(std::string_view topology, bool two_nodes) {
  if (topology.starts_with("a40")) return "A40 is not in the catalog";
  if (topology == "h100_pairwise_nvlink") {
    return "send_recv equals the A100 rows value for value: the device is ambiguous";
  }
  if (topology == "a100_pairwise_nvlink") {
    return "PCI Express between the pairs is not described";
  }
  if (two_nodes) return "the speed of the network between the servers is not stated";
  return {};
}

}  // namespace

CollectiveCases read_vidur_network(measured::CsvReader& csv, measured::Faults& faults) {
  CollectiveCases out;
  const NamedColumns row(
      csv, {"topology", "collective", "num_workers", "devices_per_node", "size", "ms_median"},
      faults);
  while (row.complete() && csv.next(faults)) {
    const std::int64_t gpus = row.count("num_workers", 1e5);
    const std::int64_t each = row.count("devices_per_node", 1e5);
    const double bytes = row.number("size");
    const double ms = row.number("ms_median");
    if (gpus == 0 || each == 0 || bytes == 0.0 || ms == 0.0) continue;
    const std::string_view topology = row.text("topology");
    const std::string rack = topology.starts_with("h100") ? "hgx-h100" : "hgx-a100";
    const bool send = row.text("collective") == "send_recv";
    if (!send && row.text("collective") != "all_reduce") {
      faults.add(
          bad_field(csv, fmt::format("unknown operation '{}'", shown(row.text("collective")))));
      continue;
    }
    CollectiveCase c =
        operation(Op::all_reduce, rack, std::max<std::int64_t>(2, gpus), bytes, "half");
    if (send) c.request = SendRequest{.size = Bytes::from_si(bytes)};
    c.eager = !send;
    c.library = "torch.distributed (Vidur)";
    c.family = send ? "NCCL send_recv" : "NCCL all_reduce from Python";
    c.seconds = ms * 1e-3;
    c.line = csv.line();
    c.skip = vidur_skip(topology, each < gpus);
    out.push_back(std::move(c));
  }
  return out;
}

namespace {

/// A rack and its GPUs in one domain, from the words of a published table.
struct PublishedMachine {
  std::string rack;
  std::int64_t domain = 8;
};

PublishedMachine published_machine(std::string_view hardware) {
  const auto has = [&](std::string_view what) { return hardware.find(what) != hardware.npos; };
  if (has("GB200") && has("partitions of 4")) return {"nvl72-gb200", 4};
  if (has("GB300")) return {"nvl72-gb300", 72};
  if (has("GB200")) return {"nvl72-gb200", 72};
  if (has("CloudMatrix384")) return {"cloudmatrix384", 384};
  if (has("H800")) return {"hgx-h800", 8};
  if (has("H200")) return {"hgx-h200", 8};
  if (has("H100")) return {"hgx-h100", 8};
  if (has("B200")) return {"hgx-b200", 8};
  if (has("A100")) return {"hgx-a100", 8};
  return {};
}

/// Seconds of a row: its latency, else from its bus bandwidth.
double published_seconds(const measured::CsvReader& csv, Op op, std::int64_t gpus, double bytes,
                         measured::Faults& faults) {
  const std::size_t latency = *csv.column("latency_us");
  if (!csv.field(latency).empty()) return csv.positive(latency, faults).value_or(0.0) * us;
  const std::size_t busbw = *csv.column("busbw_GBps");
  if (csv.field(busbw).empty()) return 0.0;
  const double rate = csv.positive(busbw, faults).value_or(0.0) * 1e9;
  if (rate == 0.0) return 0.0;
  return bytes / rate * (bus_bandwidth(op, gpus, Bytes::from_si(1.0), Time::from_si(1.0)).si());
}

CollectiveCase published_exchange(const measured::CsvReader& csv, const NamedColumns& row,
                                  const PublishedMachine& m, std::int64_t gpus,
                                  measured::Faults& faults) {
  const std::string_view library = row.text("library");
  const bool low = library == "DeepEP V1 low-latency";
  CollectiveCase c;
  c.rack = m.rack;
  c.library = std::string(library);
  c.family = "published exchange";
  c.bytes = 128.0 * 8.0 * 7168.0;
  c.shape = fmt::format("EP{}, {}", gpus, row.text("operation"));
  const bool dispatch = row.text("operation") == "dispatch";
  c.request = ExchangeRequest{
      .exchange = {.tokens = 128.0,
                   .dispatch_bytes = Bytes::from_si(7168.0 * (1.0 + 4.0 / 128.0)),
                   .combine_bytes = Bytes::from_si(7168.0 * 2.0),
                   .top_k = 8,
                   .experts = 256},
      .group = {gpus, std::min(gpus, m.domain)},
      .kernels = collective::ExchangeKernels::low_latency,
      .phase = dispatch ? ExchangeRequest::Phase::dispatch : ExchangeRequest::Phase::combine};
  const std::size_t latency = *csv.column("latency_us");
  if (!csv.field(latency).empty()) {
    c.seconds = csv.positive(latency, faults).value_or(0.0) * us;
  }
  if (!low) {
    c.skip = library.starts_with("CANN") ? "fused CANN kernels are not modelled"
                                         : "a bandwidth without the bytes that it counts";
  }
  return c;
}

std::string_view published_skip(const PublishedMachine& m, std::int64_t gpus,
                                std::string_view topology) {
  if (m.rack.empty()) return "no such machine in the catalog";
  if (topology.starts_with("2 nodes x1")) return {};
  if (gpus % std::min(gpus, m.domain) != 0) return "ranks do not divide over the domains";
  return {};
}

}  // namespace

CollectiveCases read_published_collectives(measured::CsvReader& csv, measured::Faults& faults) {
  CollectiveCases out;
  const NamedColumns row(csv,
                         {"case_id", "hardware", "n_devices", "topology", "library", "operation",
                          "dtype", "size_bytes", "algorithm", "latency_us", "busbw_GBps"},
                         faults);
  while (row.complete() && csv.next(faults)) {
    const std::int64_t gpus = row.count("n_devices", 1e6);
    if (gpus < 2) continue;
    const PublishedMachine m = published_machine(row.text("hardware"));
    const std::optional<Op> op = op_named(row.text("operation"));
    CollectiveCase c;
    if (!op) {
      c = published_exchange(csv, row, m, gpus, faults);
    } else {
      const double bytes = row.number("size_bytes");
      if (bytes == 0.0) continue;
      c = operation(*op, m.rack, gpus, bytes, row.text("dtype"));
      c.seconds = published_seconds(csv, *op, gpus, bytes, faults);
      c.library = std::string(row.text("library"));
      c.family = "published " + std::string(to_string(*op));
      std::int64_t each = std::min(gpus, m.domain);
      if (row.text("topology").starts_with("2 nodes x1")) each = 1;
      if (gpus % each == 0) std::get<Request>(c.request).group.per_domain = each;
      c.shape += fmt::format(", {} in a domain", each);
      const std::string_view algorithm = row.text("algorithm");
      Request& request = std::get<Request>(c.request);
      request.switch_reducible = algorithm.find("NVLS off") == std::string_view::npos;
      if (algorithm.starts_with("NVLS")) request.kernels = Kernels::in_switch;
      if (algorithm.starts_with("Ring")) request.kernels = Kernels::ring;
    }
    if (c.skip.empty()) c.skip = published_skip(m, gpus, row.text("topology"));
    c.line = csv.line();
    if (c.skip.empty() && c.seconds <= 0.0) {
      faults.add(bad_field(csv, "neither a latency nor a bus bandwidth"));
      continue;
    }
    out.push_back(std::move(c));
  }
  return out;
}

}  // namespace sn::evidence
