// sn/evidence/collectives/exchange_tables.cc
//
// Tables of expert exchanges: DeepEP low-latency and normal kernels (SGLang's collectors), and the
// NVLink kernels of TensorRT-LLM on NVL72.

#include <fmt/format.h>

#include <cmath>

#include "sn/evidence/collectives/collective_tables.h"

namespace sn::evidence {

namespace {

using collective::ExchangeKernels;
using Phase = ExchangeRequest::Phase;

constexpr double us = 1e-6;
constexpr double fp8_bytes = 1.0 + 4.0 / 128.0;   // one fp32 scale per 128
constexpr double nvfp4_bytes = 0.5 + 1.0 / 16.0;  // one fp8 scale per 16
constexpr std::string_view ambiguous = "0.5.6.post2";

/// What every row of the three tables says.
struct ExchangeRow {
  std::string rack;
  std::int64_t ranks = 0;
  std::int64_t domains = 1;
  std::int64_t hidden = 0;
  std::int64_t tokens = 0;
  std::int64_t top_k = 0;
  std::int64_t experts = 0;

  [[nodiscard]] bool readable() const {
    return ranks > 1 && domains > 0 && hidden > 0 && tokens > 0 && top_k > 0 && experts > 0;
  }
  /// Whether the kernels could run it.
  [[nodiscard]] bool consistent() const {
    return top_k <= experts && ranks <= experts && ranks % domains == 0;
  }
};

CollectiveCase exchange_case(const ExchangeRow& r, ExchangeKernels kernels, Phase phase,
                             double sent, double returned) {
  CollectiveCase c;
  c.rack = r.rack;
  const double h = static_cast<double>(r.hidden);
  const double t = static_cast<double>(r.tokens);
  const double k = static_cast<double>(r.top_k);
  c.bytes = t * k * h * (phase == Phase::combine ? returned : sent);
  c.request = ExchangeRequest{.exchange = {.tokens = t,
                                           .dispatch_bytes = Bytes::from_si(h * sent),
                                           .combine_bytes = Bytes::from_si(h * returned),
                                           .top_k = r.top_k,
                                           .experts = r.experts},
                              .group = {r.ranks, r.ranks / r.domains},
                              .kernels = kernels,
                              .phase = phase};
  c.shape = fmt::format("EP{}, {} tokens, hidden {}, top-{} of {}", r.ranks, r.tokens, r.hidden,
                        r.top_k, r.experts);
  if (c.rack.empty()) c.skip = "no such system in the catalog";
  return c;
}

Error inconsistent(const measured::CsvReader& csv) {
  return {.code = ErrorCode::data,
          .message = "experts, ranks and top-k do not fit together",
          .where = {.file = csv.file(), .line = csv.line()},
          .hint = "top-k and ranks are at most the experts; servers divide the ranks"};
}

ExchangeRow deepep_row(const NamedColumns& row) {
  return {.rack = rack_of_system(row.text("system")),
          .ranks = row.count("ep_size_derived", 1e5),
          .domains = row.count("node_num", 1e5),
          .hidden = row.count("hidden"),
          .tokens = row.count("num_tokens_per_rank", 1e8),
          .top_k = row.count("topk", 1e4),
          .experts = row.count("num_experts", 1e5)};
}

void label(CollectiveCase& c, const NamedColumns& row, std::string family, int line) {
  const bool unsure = row.text("sglang_version") == ambiguous;
  c.library = "sglang " + std::string(row.text("sglang_version"));
  c.family = std::move(family);
  // H100 and H200 hold the same values, and the extractor wrote H20: a group of its own.
  if (unsure) c.family += ", device ambiguous";
  c.line = line;
}

}  // namespace

CollectiveCases read_low_latency_table(measured::CsvReader& csv, measured::Faults& faults) {
  CollectiveCases out;
  const NamedColumns row(
      csv,
      {"system", "sglang_version", "ep_size_derived", "node_num", "hidden", "num_tokens_per_rank",
       "topk", "num_experts", "dispatch_us", "combine_us"},
      faults);
  while (row.complete() && csv.next(faults)) {
    const ExchangeRow r = deepep_row(row);
    const double there = row.number("dispatch_us");
    const double back = row.number("combine_us");
    if (!r.readable() || there == 0.0 || back == 0.0) continue;
    if (!r.consistent()) {
      faults.add(inconsistent(csv));
      continue;
    }
    for (const Phase phase : {Phase::dispatch, Phase::combine}) {
      const bool first = phase == Phase::dispatch;
      CollectiveCase c = exchange_case(r, ExchangeKernels::low_latency, phase, fp8_bytes, 2.0);
      c.seconds = (first ? there : back) * us;
      label(c, row, first ? "low-latency dispatch" : "low-latency combine", csv.line());
      out.push_back(std::move(c));
    }
  }
  return out;
}

CollectiveCases read_normal_table(measured::CsvReader& csv, measured::Faults& faults) {
  CollectiveCases out;
  const NamedColumns row(csv,
                         {"system", "sglang_version", "ep_size_derived", "node_num", "hidden",
                          "num_tokens_per_rank", "topk", "num_experts", "dispatch_sms",
                          "dispatch_transmit_us", "combine_sms", "combine_transmit_us"},
                         faults);
  while (row.complete() && csv.next(faults)) {
    const ExchangeRow r = deepep_row(row);
    const double there = row.number("dispatch_transmit_us");
    const double back = row.number("combine_transmit_us");
    const double sms = static_cast<double>(row.count("dispatch_sms", 1e4));
    const double sms_back = static_cast<double>(row.count("combine_sms", 1e4));
    if (!r.readable() || there == 0.0 || back == 0.0 || sms == 0.0 || sms_back == 0.0) continue;
    if (!r.consistent()) {
      faults.add(inconsistent(csv));
      continue;
    }
    for (const Phase phase : {Phase::dispatch, Phase::combine}) {
      const bool first = phase == Phase::dispatch;
      CollectiveCase c = exchange_case(r, ExchangeKernels::normal, phase, fp8_bytes, 2.0);
      std::get<ExchangeRequest>(c.request).exchange.sms = first ? sms : sms_back;
      c.shape += fmt::format(", {:.0f} SMs", first ? sms : sms_back);
      c.seconds = (first ? there : back) * us;
      label(c, row, first ? "normal dispatch" : "normal combine", csv.line());
      out.push_back(std::move(c));
    }
  }
  return out;
}

CollectiveCases read_sided_table(measured::CsvReader& csv, measured::Faults& faults) {
  CollectiveCases out;
  const NamedColumns row(
      csv,
      {"system", "trtllm_version", "phase", "kernel", "moe_dtype", "ep_size", "num_tokens_per_rank",
       "hidden", "topk", "num_experts", "distribution", "latency_us"},
      faults);
  while (row.complete() && csv.next(faults)) {
    const ExchangeRow r{.rack = rack_of_system(row.text("system")),
                        .ranks = row.count("ep_size", 1e5),
                        .hidden = row.count("hidden"),
                        .tokens = row.count("num_tokens_per_rank", 1e8),
                        .top_k = row.count("topk", 1e4),
                        .experts = row.count("num_experts", 1e5)};
    const double latency = row.number("latency_us");
    if (!r.readable() || latency == 0.0) continue;
    const std::string_view phase = row.text("phase");
    const std::string_view dtype = row.text("moe_dtype");
    const bool one = row.text("kernel") == "NVLinkOneSided";
    const bool known = phase == "prepare" || phase == "dispatch" || phase.starts_with("combine");
    if (!r.consistent() || !known || (!one && row.text("kernel") != "NVLinkTwoSided")) {
      faults.add(inconsistent(csv));
      continue;
    }
    const double sent = dtype == "bfloat16" ? 2.0 : dtype == "nvfp4" ? nvfp4_bytes : 1.0;
    const bool narrow = phase == "combine_low_precision";
    const Phase p = phase == "prepare"    ? Phase::prepare
                    : phase == "dispatch" ? Phase::dispatch
                                          : Phase::combine;
    CollectiveCase c =
        exchange_case(r, one ? ExchangeKernels::one_sided : ExchangeKernels::two_sided, p, sent,
                      narrow ? nvfp4_bytes : 2.0);
    std::get<ExchangeRequest>(c.request).exchange.spread = row.text("distribution") == "balanced";
    c.shape += fmt::format(", {}", dtype);
    c.library = "trtllm " + std::string(row.text("trtllm_version"));
    c.family = fmt::format("{} {}", one ? "one-sided" : "two-sided", phase);
    c.seconds = latency * us;
    c.line = csv.line();
    if (narrow && c.skip.empty()) {
      c.skip = "packing the results into nvfp4 is not modelled";
    }
    out.push_back(std::move(c));
  }
  return out;
}

}  // namespace sn::evidence
