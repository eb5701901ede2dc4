// sn/evidence/serving/rows/engine_limits.cc
//
// See the header.

#include "sn/evidence/serving/rows/engine_limits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "sn/base/text/text.h"
#include "sn/evidence/serving/rows/serving_tables.h"

namespace sn::evidence {

namespace {

constexpr std::array<std::string_view, 19> inferencex_columns = {"hardware",
                                                                 "framework",
                                                                 "model",
                                                                 "precision",
                                                                 "spec_method",
                                                                 "disagg",
                                                                 "isl",
                                                                 "osl",
                                                                 "conc",
                                                                 "prefill_tp",
                                                                 "prefill_ep",
                                                                 "prefill_dp_attention",
                                                                 "prefill_num_workers",
                                                                 "decode_tp",
                                                                 "decode_ep",
                                                                 "decode_dp_attention",
                                                                 "decode_num_workers",
                                                                 "image",
                                                                 "date"};
constexpr std::int64_t sglang_speculating = 48;  // requests at once, without a limit of one's own

/// "a=1; b=2; c": the value of `key`; empty without it.
std::string_view flag_of(std::string_view flags, std::string_view key) {
  while (!flags.empty()) {
    const std::size_t end = flags.find(';');
    std::string_view one = flags.substr(0, end);
    flags.remove_prefix(end == std::string_view::npos ? flags.size() : end + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.size() > key.size() && one.starts_with(key) && one[key.size()] == '=') {
      return one.substr(key.size() + 1);
    }
  }
  return {};
}

std::int64_t number_of(std::string_view text, std::int64_t otherwise) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

double share_of(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && value > 0.0 && value <= 1.0 ? value : 0.0;
}

llm::Parallelism cut_of(const ServingRow& row, const std::string& side) {
  const std::int64_t gpus = std::max<std::int64_t>(1, row.count(side + "_tp", 1));
  const std::int64_t ranks = std::max<std::int64_t>(1, row.count(side + "_ranks", 1));
  llm::Parallelism p;
  p.dp = gpus % ranks == 0 ? ranks : 1;
  p.tp = gpus / p.dp;
  p.ep = std::min(std::max<std::int64_t>(1, row.count(side + "_ep", 1)), gpus);
  return p;
}

/// Tokens of a step of TensorRT-LLM hold whole prompts unless its context is chunked.
bool takes_whole_prompts(const ServingRow& row) {
  return row.text("framework").find("trt") != std::string_view::npos &&
         lower(row.text("chunked_prefill")) != "on";
}

LimitsRow row_of(const ServingRow& row) {
  LimitsRow out;
  const std::string_view flags = row.text("scheduler_flags");
  const bool disaggregated = row.flag("disagg");
  const bool sglang = row.text("framework").find("sgl") != std::string_view::npos;
  EngineLimits& e = out.engine;
  e.known = true;
  e.batch = row.count("decode_max_batch", 0);
  e.prefill_batch = row.count("prefill_max_batch", 0);
  e.tokens = row.count("prefill_max_tokens", 0);
  e.kv_tokens = row.count("decode_kv_tokens", 0);
  e.prefill_kv_tokens = row.count("prefill_kv_tokens", 0);
  e.memory = row.positive("kv_memory_fraction").value_or(0.0);
  e.prefill_memory = row.positive("prefill_kv_memory_fraction").value_or(0.0);
  e.whole_prompts = takes_whole_prompts(row);
  e.warm = row.count("num_warmups", 0) > 0;
  e.poll = std::max<std::int64_t>(1, number_of(flag_of(flags, "scheduler_recv_interval"), 1));
  if (flag_of(flags, "enable_balance") == "true") {
    e.balance = std::max<std::int64_t>(0, number_of(flag_of(flags, "timeout_iters"), 0));
  }
  e.gather = std::max<std::int64_t>(0, number_of(flag_of(flags, "batch_wait_timeout_iters"), 0));
  e.gathered = share_of(flag_of(flags, "batch_wait_max_tokens_ratio"));
  e.balances_experts =
      row.count("eplb_slots", 0) > 0 || number_of(flag_of(flags, "redundant_experts"), 0) > 0;
  if (disaggregated && !flag_of(flags, "frontends").empty()) {
    e.frontends =
        1 + std::max<std::int64_t>(0, number_of(flag_of(flags, "additional_frontends"), 0));
  }
  out.drafts = row.count("mtp_draft_tokens", -1);
  if (sglang && out.drafts > 0 && e.batch == 0) {
    e.batch = std::max<std::int64_t>(
        1, sglang_speculating / std::max<std::int64_t>(1, row.count("decode_ranks", 1)));
  }
  out.requests = row.positive("num_prompts").value_or(0.0);
  out.prefill_workers = row.count("prefill_workers", 0);
  out.decode_workers = row.count("decode_workers", 0);
  out.prefill = cut_of(row, "prefill");
  out.decode = cut_of(row, "decode");
  out.real_cut = row.text("file").starts_with("aic") && row.count("decode_tp", 0) > 0;
  return out;
}

/// GPUs of all instances of a role become those of one.
void divide(MeasuredPool& pool, std::int64_t workers) {
  llm::Parallelism& p = pool.parallel;
  std::int64_t& ranks = p.dp > 1 ? p.dp : p.tp;
  if (pool.workers > 0 || workers <= 0 || ranks % workers != 0) return;
  pool.workers = workers;
  ranks /= workers;
  p.ep = std::min(p.ep, ranks);
}

void complete(const LimitsRow& row, ServingPoint& p) {
  p.engine = row.engine;
  p.split_gpus = p.gpus();
  if (row.drafts >= 0) p.draft_tokens = row.drafts;
  if (row.drafts > 0 && p.speculation == "none") p.speculation = "mtp";
  if (row.requests > 0.0) p.requests = row.requests;
  if (p.disaggregated && row.real_cut) {
    if (row.prefill_workers > 0) p.prefill = {row.prefill_workers, row.prefill};
    if (row.decode_workers > 0) p.decode = {row.decode_workers, row.decode};
  } else if (p.disaggregated) {
    divide(p.prefill, row.prefill_workers);
    divide(p.decode, row.decode_workers);
  } else if (row.real_cut && row.decode.gpus() != p.decode.gpus()) {
    p.decode.parallel = row.decode;
  }
}

}  // namespace

bool is_limits_table(std::string_view stem) { return stem.starts_with("engine_limits"); }

std::string inferencex_key(const measured::CsvReader& csv) {
  std::string key;
  for (const std::string_view column : inferencex_columns) {
    const auto at = csv.column(column);
    if (at) key += lower(csv.field(*at));
    key += '|';
  }
  return key;
}

void LimitsTable::read(const std::string& name, std::string_view text, Errors& faults) {
  measured::CsvReader csv(text, name);
  for (const std::string_view column : {"file", "id", "decode_max_batch", "scheduler_flags"}) {
    if (csv.column(column)) continue;
    faults.push_back({.code = ErrorCode::missing,
                      .message = "the table lacks the column " + std::string(column),
                      .where = {.file = name, .line = 1},
                      .hint = "columns as in PROVENANCE of the data"});
    return;
  }
  measured::Faults found;
  while (csv.next(found)) {
    const ServingRow row(csv, found);
    const std::size_t before = found.count();
    LimitsRow limits = row_of(row);
    if (found.count() != before) continue;
    const std::string id(row.text("id"));
    rows_.insert_or_assign(id.empty() ? inferencex_key(csv) : id, std::move(limits));
  }
  const Errors listed = found.list(name);
  faults.insert(faults.end(), listed.begin(), listed.end());
}

void LimitsTable::join(ServingFiles& files) const {
  for (ServingFile& f : files.files) {
    for (ServingPoint& p : f.points) {
      if (!p.benchmark.empty() || p.load != LoadKind::closed) continue;
      const auto at = rows_.find(p.limits_key.empty() ? p.name : p.limits_key);
      if (at == rows_.end()) continue;
      complete(at->second, p);
      ++files.limited;
      if (p.skip == not_stated) {
        p.skip.clear();
        finish(p);
      }
    }
  }
}

}  // namespace sn::evidence
