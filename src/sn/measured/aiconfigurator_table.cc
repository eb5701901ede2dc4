// sn/measured/aiconfigurator_table.cc
//
// The numbers of one row, from columns or constants, with their limits.

#include "sn/measured/aiconfigurator_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sn::measured {

namespace {

/// What the collectors write, read or not.
constexpr std::array known_columns = {
    "framework",
    "version",
    "device",
    "op_name",
    "kernel_source",
    "model",
    "architecture",
    "beam_width",
    "latency_ms",
    "power_w",
    "gemm_dtype",
    "m",
    "n",
    "k",
    "moe_dtype",
    "num_tokens",
    "hidden_size",
    "inter_size",
    "topk",
    "num_experts",
    "moe_tp_size",
    "moe_ep_size",
    "distribution",
    "attn_dtype",
    "kv_cache_dtype",
    "batch_size",
    "isl",
    "step",
    "num_heads",
    "num_key_value_heads",
    "head_dim",
    "window_size",
    "tp_size",
    "mla_dtype",
    "gemm_type",
    "bmm_dtype",
};

/// Where 0 says something: heads as many as those of queries, no window, nothing in the cache yet.
bool may_be_zero(std::string_view name) {
  return name == "num_key_value_heads" || name == "window_size" || name == "step";
}

}  // namespace

void AicTable::check_columns(Faults& faults) const {
  const std::vector<std::string> known(known_columns.begin(), known_columns.end());
  const std::vector<std::string>& columns = reader_.columns();
  for (auto at = columns.begin(); at != columns.end(); ++at) {
    const bool twice = std::find(columns.begin(), at, *at) != at;
    if (!twice && std::find(known.begin(), known.end(), *at) != known.end()) continue;
    const std::string near = nearest(*at, known);
    faults.add(
        {.code = ErrorCode::unknown_name,
         .message = fmt::format("{} column '{}'", twice ? "repeated" : "unknown", shown(*at)),
         .where = {.file = file_.name, .line = 1},
         .hint = twice          ? "the first one is read"
                 : near.empty() ? "it is not read"
                                : fmt::format("did you mean '{}'? It is not read", near)});
  }
}

bool AicTable::dimensions(KernelCase& out, Faults& faults) {
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    double value = 0.0;
    if (numbers_[i].index) {
      const std::optional<double> read = reader_.number(*numbers_[i].index, faults);
      if (!read) return false;
      value = *read;
    } else {
      const std::string& c = numbers_[i].constant;
      static_cast<void>(std::from_chars(c.data(), c.data() + c.size(), value));
    }
    const bool enough = may_be_zero(numbers_[i].name) ? value >= 0.0 : value > 0.0;
    if (!enough || !(value <= 1e12)) {
      faults.add(
          reader_.error(numbers_[i].index.value_or(0),
                        fmt::format("{} is {:g}, expected {} to 1e12", numbers_[i].name, value,
                                    may_be_zero(numbers_[i].name) ? "0" : "more than 0 up")));
      return false;
    }
    out.at[i] = value;
  }
  return true;
}

}  // namespace sn::measured
