// sn/measured/kernel_cases.cc
//
// Prices a row, tells fitted rows from held-out ones, finds the reader of a table.

#include "sn/measured/kernel_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sn/measured/kernel_tables.h"
#include "sn/measured/metrics.h"

namespace sn::measured {

namespace {

struct Price {
  const kernel::KernelModel& model;

  double operator()(const kernel::Gemm& g) const { return model.gemm(g).time.si(); }
  double operator()(const kernel::Moe& m) const { return model.moe(m).time.si(); }
  double operator()(const kernel::PrefillAttention& a) const {
    return model.prefill_attention(a).time.si();
  }
  double operator()(const kernel::DecodeAttention& a) const {
    return model.decode_attention(a).time.si();
  }
  double operator()(const kernel::MixedAttention& a) const {
    return model.mixed_attention(a).time.si();
  }
  double operator()(const kernel::MlaPrefill& a) const { return model.mla_prefill(a).time.si(); }
  double operator()(const kernel::MlaDecode& a) const { return model.mla_decode(a).time.si(); }
  double operator()(const Elementwise& e) const { return model.elementwise(e).time.si(); }
};

}  // namespace

bool KernelCase::fitted(std::size_t every) const {
  std::uint64_t hash = 0;
  for (const double x : at) hash = mixed_bits(hash ^ std::bit_cast<std::uint64_t>(x));
  return hash % every == 0;
}

std::string KernelCase::shape(const std::vector<std::string>& dimensions) const {
  std::string out;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    out += fmt::format("{}{}={:g}", i > 0 ? " " : "", dimensions[i], at[i]);
  }
  return out;
}

double predicted_seconds(const kernel::KernelModel& model, const KernelCase& c) {
  double sum = 0.0;
  for (const Op& op : c.ops) sum += std::visit(Price{model}, op);
  // The host runs ahead of the device or is the slower.
  return c.eager ? kernel::sharp_max(sum, model.mla_host().si()) : sum;
}

std::uint32_t KernelTable::group(const std::string& name) {
  const auto found = std::find(groups_.begin(), groups_.end(), name);
  if (found != groups_.end()) return static_cast<std::uint32_t>(found - groups_.begin());
  groups_.push_back(name);
  return static_cast<std::uint32_t>(groups_.size() - 1);
}

Result<std::unique_ptr<KernelTable>> open_table(const KernelFile& file, std::string_view text,
                                                const hw::Chip& chip, RoutingCache& routing) {
  switch (file.format) {
    case TableFormat::aiconfigurator:
      return open_aiconfigurator(file, text, chip, routing);
    case TableFormat::vidur:
      return open_vidur(file, text);
    case TableFormat::llmcompass:
      return open_llmcompass(file, text);
    case TableFormat::llmservingsim:
      return open_llmservingsim(file, text);
    case TableFormat::microbench:
      return open_microbench(file, text);
  }
  return fail(Error{.code = ErrorCode::data, .message = "unknown format"});
}

}  // namespace sn::measured
