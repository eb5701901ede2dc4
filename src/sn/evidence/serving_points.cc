// sn/evidence/serving_points.cc
//
// See the header.

#include "sn/evidence/serving_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <utility>

#include "sn/base/files.h"
#include "sn/evidence/engine_versions.h"
#include "sn/evidence/metrics.h"

namespace sn::evidence {

namespace {

namespace fs = std::filesystem;
using kernel::DataType;

constexpr std::size_t text_max = std::size_t{1} << 28;
constexpr std::uint64_t fitted_part = 4;
constexpr std::int64_t node_gpus = 8;
constexpr double longest = 1e7;        // tokens of a request
constexpr double most_requests = 1e6;  // of a run
constexpr std::string_view not_stated = "number of instances is not stated";

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// Catalog entry of a model by how tables name it.
struct ModelName {
  std::string_view part;  // of the lowered name
  std::string_view entry;
};
constexpr std::array<ModelName, 17> model_names = {{{"deepseek-v3.2", "deepseek-v3.2"},
                                                    {"deepseek-v3", "deepseek-v3"},
                                                    {"deepseek-r1", "deepseek-v3"},
                                                    {"deepseek r1", "deepseek-v3"},
                                                    {"dsr1", "deepseek-v3"},
                                                    {"gpt-oss-120b", "gpt-oss-120b"},
                                                    {"gpt-oss 120b", "gpt-oss-120b"},
                                                    {"gpt-oss-20b", "gpt-oss-20b"},
                                                    {"gpt-oss 20b", "gpt-oss-20b"},
                                                    {"scout", "llama-4-scout"},
                                                    {"qwen3-235b", "qwen3-235b-a22b"},
                                                    {"qwen3 235b", "qwen3-235b-a22b"},
                                                    {"qwen3-30b", "qwen3-30b-a3b"},
                                                    {"qwen3 30b", "qwen3-30b-a3b"},
                                                    {"qwen3-32b", "qwen3-32b"},
                                                    {"405b", "llama-3.1-405b"},
                                                    {"maverick", "llama-4-maverick"}}};

bool is_hopper(std::string_view chip) { return chip.starts_with("h"); }
bool has_fp4(std::string_view chip) {
  return chip.find("b200") != std::string_view::npos ||
         chip.find("b300") != std::string_view::npos || chip.starts_with("mi355");
}

/// Formats that the engine runs for a release of a precision on a chip, and its KV cache.
///   fp4 without FP4 arithmetic: weights are widened, activations stay bf16
///   gpt-oss: MXFP4 experts on fp8 activations where the chip has them
///   KV cache: fp8 with quantised releases under TensorRT-LLM and on Blackwell, else bf16
void set_precision(ServingPoint& p) {
  const std::string& name = p.precision_name;
  DataType weights = DataType::bf16;
  if (name == "fp8") weights = DataType::fp8;
  if (name == "fp4") weights = DataType::fp4;
  DataType activations = weights;
  if (weights == DataType::fp4 && !has_fp4(p.system)) activations = DataType::bf16;
  if (p.model.starts_with("gpt-oss")) {
    weights = DataType::fp4;
    activations = has_fp4(p.system) ? DataType::fp8 : DataType::bf16;
  }
  const bool narrow_kv =
      weights != DataType::bf16 && (p.framework.starts_with("trtllm") || !is_hopper(p.system));
  p.precision = {.weights = weights,
                 .activations = activations,
                 .kv = narrow_kv ? DataType::fp8 : DataType::bf16};
}

/// Reads fields of one row by column name.
class Row {
 public:
  Row(const CsvReader& csv, Faults& faults) : csv_(csv), faults_(faults) {}

  [[nodiscard]] std::string_view text(std::string_view column) const {
    const auto at = csv_.column(column);
    return at ? csv_.field(*at) : std::string_view{};
  }
  [[nodiscard]] bool has(std::string_view column) const { return !text(column).empty(); }
  /// A whole number, or `otherwise` where the field is empty.
  [[nodiscard]] std::int64_t count(std::string_view column, std::int64_t otherwise) const {
    if (!has(column)) return otherwise;
    const auto value = csv_.number(*csv_.column(column), faults_);
    return value ? static_cast<std::int64_t>(std::clamp(*value, -1e9, 1e9)) : otherwise;
  }
  [[nodiscard]] bool flag(std::string_view column) const { return lowered(text(column)) == "true"; }
  /// A number above zero in `unit`s; empty fields are absent, others faults.
  [[nodiscard]] std::optional<double> positive(std::string_view column, double unit = 1.0) const {
    if (!has(column)) return std::nullopt;
    const auto value = csv_.positive(*csv_.column(column), faults_);
    if (!value) return std::nullopt;
    return *value * unit;
  }

 private:
  const CsvReader& csv_;
  Faults& faults_;
};

/// Several tables print tp x ep for an instance whose tp ranks are its ep ranks.
std::int64_t true_ranks(std::int64_t printed, std::int64_t ep, std::int64_t expert_tp) {
  const bool doubled = printed > node_gpus && ep == expert_tp && ep * expert_tp == printed;
  return doubled ? ep : printed;
}

llm::Parallelism aic_parallel(const Row& row, const std::string& prefix) {
  const auto n = [&](const char* column) {
    return std::max<std::int64_t>(1, row.count(prefix + column, 1));
  };
  llm::Parallelism p;
  p.tp = n("tp_size");
  p.dp = n("attention_dp_size");
  p.pp = n("pp_size");
  p.ep = n("moe_ep_size");
  const std::int64_t ranks = true_ranks(p.tp * p.dp, p.ep, n("moe_tp_size"));
  if (ranks != p.tp * p.dp) (p.dp > 1 ? p.dp : p.tp) = ranks;
  p.ep = std::min(p.ep, p.tp * p.dp);
  return p;
}

double number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return 0.0;
  double value = 0.0;
  const char* begin = text.data() + at + key.size();
  std::from_chars(begin, text.data() + text.size(), value);
  return std::isfinite(value) ? std::max(value, 0.0) : 0.0;
}

void read_aic(const Row& row, ServingPoint& p) {
  p.name = row.text("id");
  p.system = chip_entry(row.text("system"));
  p.framework = framework_entry(row.text("backend"));
  p.version = row.text("backend_version");
  p.framework = engine_entry(p.framework, p.version);
  p.model = model_entry(row.text("model_path"));
  p.precision_name = row.has("precision") ? lowered(row.text("precision")) : "bf16";
  p.disaggregated = row.text("mode") == "disagg";
  p.input = row.positive("isl").value_or(0.0);
  p.output = row.positive("osl").value_or(0.0);
  p.ttft = row.positive("silicon_ttft_ms", 1e-3);
  p.tpot = row.positive("silicon_tpot_ms", 1e-3);
  const std::string spec = lowered(row.text("spec_method"));
  p.speculation = spec.starts_with("none") ? "none" : spec.empty() ? "unknown" : spec;
  p.ttft_queues = row.text("flags").find("queueing") != std::string_view::npos;
  const std::string_view source = row.text("silicon_data_source");
  // Points that come from InferenceX were loaded as it does; others with fixed lengths.
  p.range = source.find("gap-analysis") == std::string_view::npos ? 0.8 : 1.0;
  p.concurrency = number_after(source, "silicon_concurrency=");
  if (p.disaggregated) {
    p.prefill = {row.count("prefill_num_workers", 0), aic_parallel(row, "prefill_")};
    p.decode = {row.count("decode_num_workers", 0), aic_parallel(row, "decode_")};
  } else {
    p.decode = {1, aic_parallel(row, "")};
    if (p.concurrency <= 0.0) {
      p.concurrency = static_cast<double>(row.count("batch_size", 0) * p.decode.parallel.dp);
    }
  }
  p.requests = 10.0 * p.concurrency;
}

/// `gpus` of the whole pool where the table has them right, 0 where it does not.
MeasuredPool inferencex_pool(const Row& row, const std::string& side, std::int64_t gpus) {
  MeasuredPool pool;
  pool.workers = row.count(side + "_num_workers", 0);
  const std::int64_t tp = std::max<std::int64_t>(1, row.count(side + "_tp", 1));
  const std::int64_t ep = std::max<std::int64_t>(1, row.count(side + "_ep", 1));
  std::int64_t ranks = tp;
  if (gpus > 0 && pool.workers > 0 && gpus % pool.workers == 0) ranks = gpus / pool.workers;
  const bool attention_dp = row.flag(side + "_dp_attention");
  pool.parallel.tp = attention_dp ? 1 : ranks;
  pool.parallel.dp = attention_dp ? ranks : 1;
  pool.parallel.ep = ranks > tp ? ranks : std::min(ep, ranks);
  return pool;
}

void read_inferencex(const Row& row, ServingPoint& p) {
  p.system = chip_entry(row.text("hardware"));
  p.framework = framework_entry(row.text("framework"));
  p.version = row.text("image");
  if (p.framework != "vllm") p.framework = engine_entry(p.framework, p.version);  // ATOM has none
  p.model = model_entry(row.text("model"));
  p.precision_name = lowered(row.text("precision"));
  p.speculation = lowered(row.text("spec_method"));
  if (p.speculation == "mtp") p.draft_tokens = 1;
  p.disaggregated = row.flag("disagg");
  p.input = row.positive("isl").value_or(0.0);
  p.output = row.positive("osl").value_or(0.0);
  p.concurrency = row.positive("conc").value_or(0.0);
  p.requests = 10.0 * p.concurrency;
  p.range = 0.8;
  p.ttft = row.positive("mean_ttft");
  p.tpot = row.positive("mean_tpot");
  p.ttft_median = row.positive("median_ttft");
  p.total_per_gpu = row.positive("tput_per_gpu");
  p.output_per_gpu = row.positive("output_tput_per_gpu");
  p.input_per_gpu = row.positive("input_tput_per_gpu");
  if (p.disaggregated) {
    p.prefill = inferencex_pool(row, "prefill", row.count("num_prefill_gpu", 0));
    p.decode = inferencex_pool(row, "decode", row.count("num_decode_gpu", 0));
  } else {
    p.decode = inferencex_pool(row, "prefill", 0);
    p.decode.workers = 1;
  }
  p.name = fmt::format("{} {} {} {}x{} c{:.0f}", p.system, row.text("framework"), p.precision_name,
                       row.text("isl"), row.text("osl"), p.concurrency);
}

void read_trtllm_overview(const Row& row, ServingPoint& p) {
  p.system = chip_entry(row.text("gpu"));
  p.framework = "trtllm";
  p.model = model_entry(row.text("model"));
  p.precision_name = lowered(row.text("precision"));
  p.speculation = "none";
  p.load = LoadKind::offline;
  p.input = row.positive("isl").value_or(0.0);
  p.output = row.positive("osl").value_or(0.0);
  p.requests = row.positive("num_requests").value_or(0.0);
  p.concurrency = p.requests;
  const std::int64_t gpus = row.count("n_gpus", 0);
  const bool attention_dp = row.text("parallelism").starts_with("DEP");
  p.decode.workers = 1;
  p.decode.parallel.tp = attention_dp ? 1 : gpus;
  p.decode.parallel.dp = attention_dp ? gpus : 1;
  if (attention_dp) p.decode.parallel.ep = gpus;
  const std::optional<double> value = row.positive("value");
  if (row.text("metric") == "output_tok_per_s_per_gpu") {
    p.output_per_gpu = value;
  } else if (row.text("metric") == "output_tok_per_s_total" && value && gpus > 0) {
    p.output_per_gpu = *value / static_cast<double>(gpus);
  } else {
    p.skip = "unknown metric";
  }
  p.name = fmt::format("{} x {} {} {} {}x{}", gpus, p.system, row.text("model"), p.precision_name,
                       row.text("isl"), row.text("osl"));
}

/// Tables that say too little for a prediction: their rows are counted, with the reason.
void read_mlperf(const Row&, ServingPoint& p) {
  p.skip = "lengths of the data set are not in the table";
}
void read_token_position(const Row&, ServingPoint& p) {
  p.skip = "the accelerator is not in the table";
}
void read_published(const Row&, ServingPoint& p) {
  p.skip = "single figures: those of whole supernodes are cases of the catalog";
}

struct TableKind {
  std::string_view prefix;
  std::array<std::string_view, 4> needs;  // columns without which it is another table
  void (*read)(const Row&, ServingPoint&);
};
constexpr std::array<TableKind, 6> table_kinds = {{
    {"aic_silicon_e2e", {"system", "backend", "silicon_tpot_ms", "silicon_data_source"}, read_aic},
    {"inferencex_dsr1", {"hardware", "framework", "conc", "mean_tpot"}, read_inferencex},
    {"trtllm_perf_overview", {"gpu", "model", "parallelism", "value"}, read_trtllm_overview},
    {"mlperf_inference", {"Model", "Scenario", "Accelerator", "Performance_Result"}, read_mlperf},
    {"inferencex_token_position",
     {"model_id", "max_concurrency", "date", "file"},
     read_token_position},
    {"published", {"case_id", "metric", "value", "unit"}, read_published},
}};

/// "published" is a whole name: collectives have published figures as well.
const TableKind* kind_of(std::string_view stem) {
  for (const TableKind& k : table_kinds) {
    if (k.prefix == "published" ? stem == k.prefix : stem.starts_with(k.prefix)) return &k;
  }
  return nullptr;
}

std::string stem_of(const std::string& name) {
  std::string stem = fs::path(name).filename().string();
  for (const std::string_view end : {".gz", ".zst", ".csv"}) {
    if (stem.ends_with(end)) stem.resize(stem.size() - end.size());
  }
  return stem;
}

}  // namespace

std::string model_entry(std::string_view name) {
  const std::string low = lowered(name);
  for (const ModelName& m : model_names) {
    if (low.find(m.part) != std::string::npos) return std::string(m.entry);
  }
  if (low.find("llama") == std::string::npos) return {};
  if (low.find("70b") != std::string::npos) return "llama-3.1-70b";
  if (low.find("8b") != std::string::npos) return "llama-3.1-8b";
  return {};
}

std::string chip_entry(std::string_view system) {
  std::string out = lowered(system);
  if (out.ends_with("_sxm")) out.resize(out.size() - 4);
  return out;
}

std::string framework_entry(std::string_view name) {
  const std::string low = lowered(name);
  for (const std::string_view known : {"vllm", "sglang"}) {
    if (low.find(known) != std::string::npos) return std::string(known);
  }
  if (low.find("trt") != std::string::npos) return "trtllm";
  if (low == "atom") return "vllm";  // AMD's engine on vLLM's interfaces
  return {};
}

void finish(ServingPoint& p) {
  if (!p.skip.empty()) return;
  if (!p.model.empty()) set_precision(p);
  if (p.model.empty()) p.skip = "model is not in the catalog";
  if (p.framework.empty()) p.skip = "engine is not in the catalog";
  if (p.concurrency <= 0.0) p.skip = "no concurrency";
  if (p.input <= 0.0 || p.output < 2.0) p.skip = "no lengths";
  if (p.input > longest || p.output > longest || p.requests > most_requests) {
    p.skip = "a run too long to be played";
  }
  if (p.decode.gpus() <= 0 || (p.disaggregated && p.prefill.gpus() <= 0)) {
    p.skip = not_stated;
  }
}

bool ServingPoint::fitted() const {
  std::uint64_t hash = 0;
  const auto mix = [&](std::uint64_t x) { hash = mixed_bits(hash ^ x); };
  // The engine without its family of versions, so that a new family moves no point.
  const std::string engine = framework.substr(0, framework.find('-'));
  for (const std::string* text : {&system, &engine, &model, &precision_name}) {
    for (const char c : *text) mix(static_cast<std::uint64_t>(c));
  }
  for (const double x : {input, output, concurrency, static_cast<double>(gpus())}) {
    mix(static_cast<std::uint64_t>(x));
  }
  return hash % fitted_part == 0;
}

std::optional<ServingFile> read_serving_table(const std::string& name, std::string_view text) {
  const TableKind* kind = kind_of(stem_of(name));
  if (kind == nullptr) return std::nullopt;
  ServingFile out;
  out.name = name;
  CsvReader csv(text, name);
  for (const std::string_view column : kind->needs) {
    if (csv.column(column)) continue;
    out.faults.push_back({.code = ErrorCode::missing,
                          .message = fmt::format("the table lacks the column {}", column),
                          .where = {.file = name, .line = 1},
                          .hint = "columns as in PROVENANCE of the data"});
  }
  if (!out.faults.empty()) return out;
  Faults faults;
  while (csv.next(faults)) {
    ServingPoint p;
    p.file = name;
    p.line = csv.line();
    const std::size_t before = faults.count();
    kind->read(Row(csv, faults), p);
    if (faults.count() != before) continue;
    finish(p);
    out.points.push_back(std::move(p));
  }
  const Errors listed = faults.list(name);
  out.faults.insert(out.faults.end(), listed.begin(), listed.end());
  return out;
}

/// Some tables leave out how many instances a disaggregated point had, where InferenceX, whose
/// points they are, has it: the same system, lengths, clients and ranks in exactly one way.
void join_instances(ServingFiles& files) {
  const auto key = [](const ServingPoint& p) {
    return fmt::format("{} {} {} {} {} {} {}", p.system, p.model, p.precision_name, p.input,
                       p.output, p.concurrency, p.speculation);
  };
  std::map<std::string, const ServingPoint*> known;
  for (const ServingFile& f : files.files) {
    for (const ServingPoint& p : f.points) {
      if (!p.disaggregated || !p.skip.empty()) continue;
      const auto [at, fresh] = known.try_emplace(key(p), &p);
      const auto same = [&](const MeasuredPool& a, const MeasuredPool& b) {
        return a.workers == b.workers && a.parallel == b.parallel;
      };
      if (!fresh && at->second != nullptr &&
          !(same(at->second->prefill, p.prefill) && same(at->second->decode, p.decode))) {
        at->second = nullptr;  // two ways: not known
      }
    }
  }
  for (ServingFile& f : files.files) {
    for (ServingPoint& p : f.points) {
      if (p.skip != not_stated) continue;
      const auto at = known.find(key(p));
      if (at == known.end() || at->second == nullptr) continue;
      p.prefill = at->second->prefill;
      p.decode = at->second->decode;
      p.skip = {};
      set_precision(p);
    }
  }
}

ServingFiles read_serving_files(const std::string& directory) {
  ServingFiles out;
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file(error)) paths.push_back(it->path());
  }
  if (error) {
    out.errors.push_back(
        {.code = ErrorCode::io,
         .message = fmt::format("cannot list '{}': {}", directory, error.message()),
         .hint = "a folder of measured tables"});
    return out;
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    const std::string name = fs::path(path).lexically_relative(directory).string();
    const std::string file = path.filename().string();
    const bool csv = file.find(".csv") != std::string::npos;
    const bool json = file.ends_with(".json");
    const bool named = file.find("__tp") != std::string::npos;
    const fs::path parent = fs::path(name).parent_path();
    const bool own = (csv || json) && (parent.empty() || parent.filename() == "serving");
    if (json ? !named : !csv || kind_of(stem_of(name)) == nullptr) {
      if (own) out.ignored.push_back(name);
      continue;
    }
    Salvage text = salvage_file(path.string(), text_max);
    std::optional<ServingFile> table =
        json ? read_vllm_bench(name, text.text) : read_serving_table(name, text.text);
    if (!table) {
      if (own) out.ignored.push_back(name);
      continue;
    }
    if (text.stopped_by) {
      text.stopped_by->where.file = name;
      table->faults.push_back(*text.stopped_by);
    }
    out.files.push_back(std::move(*table));
  }
  join_instances(out);
  return out;
}

}  // namespace sn::evidence
