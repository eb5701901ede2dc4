// sn/evidence/serving/rows/serving_points.cc
//
// See the header.

#include "sn/evidence/serving/rows/serving_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <utility>

#include "sn/base/files/files.h"
#include "sn/base/text/text.h"
#include "sn/evidence/kernels/kernel_set.h"
#include "sn/evidence/serving/benchmark.h"
#include "sn/evidence/serving/rows/engine_limits.h"
#include "sn/evidence/serving/rows/serving_tables.h"
#include "sn/measured/metrics.h"

namespace sn::evidence {

namespace {

namespace fs = std::filesystem;
using kernel::DataType;

constexpr std::size_t text_max = std::size_t{1} << 28;
constexpr std::uint64_t fitted_part = 4;
constexpr double longest = 1e7;        // tokens of a request
constexpr double most_requests = 1e6;  // of a run

/// Catalog entry of a model by how tables name it.
struct ModelName {
  std::string_view part;  // of the lowered name
  std::string_view entry;
};
constexpr std::array<ModelName, 22> model_names = {{{"deepseek-v3.2", "deepseek-v3.2"},
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
                                                    {"qwen3-8b", "qwen3-8b"},
                                                    {"405b", "llama-3.1-405b"},
                                                    {"llama2-70b", "llama-2-70b"},
                                                    {"mixtral-8x7b", "mixtral-8x7b"},
                                                    {"minimax-m2", "minimax-m2"},
                                                    {"glm-5", "glm-5"},
                                                    {"maverick", "llama-4-maverick"}}};

std::string stem_of(const std::string& name) {
  std::string stem = fs::path(name).filename().string();
  for (const std::string_view end : {".gz", ".zst", ".csv"}) {
    if (stem.ends_with(end)) stem.resize(stem.size() - end.size());
  }
  return stem;
}

}  // namespace

void set_formats(ServingPoint& p, const hw::Chip& chip) {
  const std::string& name = p.precision_name;
  const bool fp4 = chip.peak.fp4.si() > 0.0;
  const bool hopper = chip.generation() == hw::Generation::hopper;
  DataType weights = DataType::bf16;
  if (name == "fp8") weights = DataType::fp8;
  if (name == "fp4") weights = DataType::fp4;
  DataType activations = weights;
  if (weights == DataType::fp4 && !fp4) activations = DataType::bf16;
  if (p.model.starts_with("gpt-oss")) {
    weights = DataType::fp4;
    activations = fp4 ? DataType::fp8 : DataType::bf16;
  }
  const bool narrow_kv =
      weights != DataType::bf16 && (p.framework.starts_with("trtllm") || !hopper);
  p.precision = {.weights = weights,
                 .activations = activations,
                 .kv = narrow_kv ? DataType::fp8 : DataType::bf16};
}

std::string model_entry(std::string_view name) {
  const std::string low = lower(name);
  for (const ModelName& m : model_names) {
    if (low.find(m.part) != std::string::npos) return std::string(m.entry);
  }
  if (low.find("llama") == std::string::npos) return {};
  if (low.find("70b") != std::string::npos) return "llama-3.1-70b";
  if (low.find("8b") != std::string::npos) return "llama-3.1-8b";
  return {};
}

std::string chip_entry(std::string_view system) {
  std::string out = lower(system);
  if (out.ends_with("_sxm")) out.resize(out.size() - 4);
  return out;
}

std::string framework_entry(std::string_view name) {
  const std::string low = lower(name);
  for (const std::string_view known : {"vllm", "sglang"}) {
    if (low.find(known) != std::string::npos) return std::string(known);
  }
  if (low.find("trt") != std::string::npos) return "trtllm";
  if (low == "atom") return "vllm";  // AMD's engine on vLLM's interfaces
  return {};
}

void finish(ServingPoint& p) {
  if (!p.skip.empty()) return;
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
  if (medians || !benchmark.empty()) return false;
  std::uint64_t hash = 0;
  const auto mix = [&](std::uint64_t x) { hash = measured::mixed_bits(hash ^ x); };
  // The engine without its family of versions, so that a new family moves no point.
  const std::string family = framework.substr(0, framework.find('-'));
  for (const std::string* text : {&system, &family, &model, &precision_name}) {
    for (const char c : *text) mix(static_cast<std::uint64_t>(c));
  }
  const std::int64_t printed = split_gpus > 0 ? split_gpus : gpus();
  for (const double x : {input, output, concurrency, static_cast<double>(printed)}) {
    mix(static_cast<std::uint64_t>(x));
  }
  return hash % fitted_part == 0;
}

std::optional<ServingFile> read_serving_table(const std::string& name, std::string_view text) {
  const ServingTable* kind = serving_table_of(stem_of(name));
  if (kind == nullptr) return std::nullopt;
  ServingFile out;
  out.name = name;
  measured::CsvReader csv(text, name);
  // Figures of training are published under the same name.
  if (kind->prefix == "published" && csv.column("seq_len")) return std::nullopt;
  for (const std::string_view column : kind->needs) {
    if (csv.column(column)) continue;
    out.faults.push_back({.code = ErrorCode::missing,
                          .message = fmt::format("the table lacks the column {}", column),
                          .where = {.file = name, .line = 1},
                          .hint = "columns as in PROVENANCE of the data"});
  }
  if (!out.faults.empty()) return out;
  measured::Faults faults;
  while (csv.next(faults)) {
    ServingPoint p;
    p.file = name;
    p.line = csv.line();
    const std::size_t before = faults.count();
    kind->read(ServingRow(csv, faults), p);
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
    }
  }
}

ServingFiles read_serving_files(const std::string& directory, const catalog::Catalog& catalog) {
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
  LimitsTable limits;
  for (const fs::path& path : paths) {
    const std::string name = fs::path(path).lexically_relative(directory).string();
    const std::string file = path.filename().string();
    const bool csv = file.find(".csv") != std::string::npos;
    const bool json = file.ends_with(".json");
    const bool named = file.find("__tp") != std::string::npos;
    const fs::path parent = fs::path(name).parent_path();
    const bool own = (csv || json) && (parent.empty() || parent.filename() == "serving");
    if (csv && is_limits_table(stem_of(name))) {
      const Salvage text = salvage_file(path.string(), text_max);
      if (text.stopped_by) out.errors.push_back(*text.stopped_by);
      limits.read(name, text.text, out.errors);
      continue;
    }
    if (json ? !named : !csv || serving_table_of(stem_of(name)) == nullptr) {
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
  out.limits = limits.rows();
  limits.join(out);
  join_instances(out);
  describe_benchmarks(out, catalog);
  const Result<KernelSet> set = read_chips(catalog);
  if (!set) {
    out.errors.insert(out.errors.end(), set.error().begin(), set.error().end());
    return out;
  }
  for (ServingFile& f : out.files) {
    for (ServingPoint& p : f.points) {
      // Without its chip a point is not predicted.
      if (const auto chip = set->chips.find(p.system); chip != set->chips.end()) {
        set_formats(p, chip->second);
      }
    }
  }
  return out;
}

}  // namespace sn::evidence
