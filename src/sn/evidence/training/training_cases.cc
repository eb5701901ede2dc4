// sn/evidence/training/training_cases.cc
//
// One reader a table (see training_cases.h).

#include "sn/evidence/training/training_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "sn/measured/metrics.h"

namespace sn::evidence {

namespace {

using measured::CsvReader;
using measured::Faults;
using training::Math;
using training::Plan;
using training::Recompute;
using training::Schedule;

/// Columns by name; numbers of the current row.
class Row {
 public:
  Row(CsvReader& csv, Faults& faults) : csv_(csv), faults_(faults) {}

  [[nodiscard]] std::string_view text(std::string_view name) const {
    const auto at = csv_.column(name);
    return at ? csv_.field(*at) : std::string_view{};
  }
  /// Above zero; 0 and a fault otherwise.
  [[nodiscard]] double number(std::string_view name) const {
    const auto at = csv_.column(name);
    if (!at) {
      faults_.add({.code = ErrorCode::missing,
                   .message = "no column '" + std::string(name) + "'",
                   .where = {.file = csv_.file(), .line = csv_.line()},
                   .hint = {}});
      return 0.0;
    }
    return csv_.positive(*at, faults_).value_or(0.0);
  }
  [[nodiscard]] std::int64_t count(std::string_view name) const {
    return std::llround(std::min(number(name), 1e9));
  }
  /// A count where the field is one, else `otherwise`.
  [[nodiscard]] std::int64_t count_or(std::string_view name, std::int64_t otherwise) const {
    const std::string_view field = text(name);
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), n);
    return error == std::errc{} && n > 0 ? n : otherwise;
  }
  [[nodiscard]] int line() const { return csv_.line(); }

 private:
  CsvReader& csv_;
  Faults& faults_;
};

std::string rack_of(std::string_view hardware) {
  struct Known {
    std::string_view sign;
    std::string_view rack;
  };
  // The longer sign first: GB200 holds B200.
  constexpr std::array known = {Known{"GB300", "nvl72-gb300"},  Known{"GB200", "nvl72-gb200"},
                                Known{"B300", "hgx-b300"},      Known{"B200", "hgx-b200"},
                                Known{"H200", "hgx-h200"},      Known{"H100", "hgx-h100"},
                                Known{"h100_80gb", "hgx-h100"}, Known{"a100_80gb", "hgx-a100"},
                                Known{"A100-80GB", "hgx-a100"}};
  for (const Known& k : known) {
    if (hardware.find(k.sign) != std::string_view::npos) return std::string(k.rack);
  }
  return {};
}

/// A quarter of all settings.
bool in_quarter(std::string_view setting) {
  std::uint64_t h = 0;
  for (const char c : setting) h = measured::mixed_bits(h ^ static_cast<unsigned char>(c));
  return h % 4 == 0;
}

void finish(TrainingCase& c, std::string_view model) {
  c.gpus = c.plan.gpus();
  c.name = fmt::format("{}, {} GPUs, {}", model, c.gpus, to_string(c.plan));
  if (c.rack.empty()) c.skip = "no such machine in the catalog";
}

// arXiv 2205.05198 --------------------------------------------------------------------------------

struct Gpt {
  std::string_view name;
  std::int64_t hidden;
  std::int64_t heads;
  std::int64_t layers;
};
constexpr std::array gpts = {Gpt{"megatron-22B", 6144, 64, 48}, Gpt{"gpt3-175B", 12288, 96, 96},
                             Gpt{"turing-530B", 20480, 128, 105},
                             Gpt{"megatron-1T", 25600, 160, 128}};
constexpr std::int64_t gpt_vocab = 51200;

/// Job and plan of a row of the paper; batch as in its table 3.
TrainingCase gpt_case(const Row& row, Recompute recompute, bool sequence_parallel) {
  TrainingCase c;
  c.line = row.line();
  c.rack = "hgx-a100";
  const std::string_view name = row.text("model");
  for (const Gpt& g : gpts) {
    if (g.name == name) {
      c.job.model = gpt_model(std::string(name), g.hidden, g.heads, g.layers, gpt_vocab);
    }
  }
  if (c.job.model.layers == 0) c.skip = "a model that is not in the paper";
  c.job.sequence = 2048;
  c.stack = training::Stack::megatron_2022;
  c.plan = {.tp = row.count("tp"),
            .pp = row.count("pp"),
            .chunks = row.count("interleave"),
            .micro_batch = row.count("microbatch"),
            .zero = 0,
            .recompute = recompute,
            .sequence_parallel = sequence_parallel};
  if (c.plan.chunks > 1) c.plan.schedule = Schedule::interleaved;
  return c;
}

void read_tab5(const Row& row, std::vector<TrainingCase>& out) {
  const bool full = row.text("recompute") == "full";
  TrainingCase c =
      gpt_case(row, full ? Recompute::full : Recompute::selective,
               row.text("seq_parallel") == "True" || row.text("seq_parallel") == "true");
  c.group = "Megatron sequence parallelism";
  c.job.batch = row.count("global_batch");
  c.measured = row.number("value");
  finish(c, row.text("model"));
  out.push_back(std::move(c));
}

void read_memory(const Row& row, std::vector<TrainingCase>& out) {
  struct Mode {
    std::string_view name;
    Recompute recompute;
    bool sequence_parallel;
  };
  constexpr std::array modes = {Mode{"any", Recompute::none, true},
                                Mode{"no_recompute", Recompute::none, false},
                                Mode{"none", Recompute::none, false},
                                Mode{"seqpar+selective", Recompute::selective, true},
                                Mode{"seqsel", Recompute::selective, true},
                                Mode{"sel", Recompute::selective, false},
                                Mode{"seq", Recompute::none, true},
                                Mode{"full", Recompute::full, false}};
  const auto mode = std::find_if(modes.begin(), modes.end(),
                                 [&](const Mode& m) { return m.name == row.text("mode"); });
  if (mode == modes.end()) return;
  TrainingCase c = gpt_case(row, mode->recompute, mode->sequence_parallel);
  c.group = "Megatron memory";
  c.quantity = TrainingQuantity::memory;
  c.job.batch = 64 * c.plan.pp * c.plan.micro_batch;
  const std::string_view metric = row.text("metric");
  const double value = row.number("value");
  constexpr double gib = 1073741824.0;
  if (metric == "activation_memory_relative") {
    c.part = TrainingCase::Part::ratio;
    c.measured = value / 100.0;
    if (mode->name == "none") c.skip = "the reference of the others";
  } else {
    c.part = metric == "activations_per_gpu" ? TrainingCase::Part::activations
                                             : TrainingCase::Part::parameters;
    c.measured = value * gib;
  }
  finish(c, fmt::format("{} {} {}", row.text("model"), metric, row.text("mode")));
  out.push_back(std::move(c));
}

// Megatron-Core -----------------------------------------------------------------------------------

/// Chunks of a stage: as many as its layers divide into, at most 12.
std::int64_t widest_interleaving(std::int64_t layers, std::int64_t pp) {
  const std::int64_t per_stage = layers / pp;
  for (std::int64_t v = std::min<std::int64_t>(per_stage, 12); v > 1; --v) {
    if (per_stage % v == 0) return v;
  }
  return 1;
}

void read_weak_scaling(const Row& row, std::vector<TrainingCase>& out) {
  TrainingCase c;
  c.line = row.line();
  c.stack = training::Stack::nemo;
  c.group = "Megatron-Core weak scaling";
  c.rack = rack_of(row.text("hardware"));
  const std::int64_t hidden = row.count("hidden");
  const std::int64_t layers = row.count("layers");
  const std::int64_t vocab = row.count("vocab");
  c.job.model =
      gpt_model(std::string(row.text("model")), hidden, row.count("heads"), layers, vocab);
  c.job.model.tied_embeddings = false;
  c.job.sequence = row.count("seq_len");
  c.job.batch = row.count("global_batch");
  c.math = Math::bf16;
  c.plan = {.tp = row.count("tp"), .pp = row.count("pp"), .dp = row.count("dp")};
  if (c.plan.pp > 1) {
    c.plan.chunks = widest_interleaving(layers, c.plan.pp);
    c.plan.schedule = Schedule::interleaved;
  }
  c.assumed = "micro-batch 1, widest interleaving, lightest recomputation that fits";
  c.open_recompute = true;
  const auto h = static_cast<double>(hidden);
  const auto l = static_cast<double>(layers);
  const auto s = static_cast<double>(c.job.sequence);
  const double flops = 72.0 * c.job.batch_tokens() * l * h * h *
                       (1.0 + s / (6.0 * h) + static_cast<double>(vocab) / (12.0 * h * l));
  c.measured = flops / (row.number("tflops_per_gpu") * 1e12 * row.number("n_gpus"));
  finish(c, row.text("model"));
  c.fitted = c.gpus == 96;
  out.push_back(std::move(c));
}

void read_mlperf(const Row& row, std::vector<TrainingCase>& out) {
  if (row.text("benchmark") != "llama31_405b") return;
  TrainingCase c;
  c.line = row.line();
  c.stack = training::Stack::nemo;
  c.group = "MLPerf Llama-3.1-405B";
  c.rack = rack_of(row.text("accelerator"));
  c.model = "llama-3.1-405b";
  c.job.sequence = row.count("seq_len");
  c.job.batch = row.count("global_batch");
  c.math = Math::fp8;
  c.plan = {.tp = row.count("TP"),
            .cp = row.count_or("CP", 1),
            .pp = row.count("PP"),
            .chunks = row.count_or("VPP", 1),
            .micro_batch = row.count("MICRO_BS")};
  if (c.plan.chunks > 1) c.plan.schedule = Schedule::interleaved;
  c.plan.dp = std::max<std::int64_t>(1, row.count("n_devices") / c.plan.gpus());
  c.open_recompute = true;
  c.assumed = "lightest recomputation that fits";
  c.measured = row.number("train_step_time_s_median");
  finish(c, row.text("system_name"));
  c.fitted = c.gpus == 2432 || c.gpus == 256;
  out.push_back(std::move(c));
}

std::string bridge_model(std::string_view name) {
  struct Known {
    std::string_view table;
    std::string_view catalog;
  };
  constexpr std::array known = {Known{"DeepSeekV3", "deepseek-v3"},
                                Known{"DeepSeekV3 (w/o MTP)", "deepseek-v3"},
                                Known{"DeepSeekV3 (dropless)", "deepseek-v3"},
                                Known{"Kimi_K2", "kimi-k2"},
                                Known{"GPT OSS 120B", "gpt-oss-120b"},
                                Known{"LLAMA3.1_405B", "llama-3.1-405b"},
                                Known{"LLAMA3_70B", "llama-3.1-70b"},
                                Known{"LLAMA3_8B", "llama-3.1-8b"},
                                Known{"Qwen3_235B_a22B", "qwen3-235b-a22b"},
                                Known{"Qwen3_30B_a3B", "qwen3-30b-a3b"}};
  for (const Known& k : known) {
    if (k.table == name) return std::string(k.catalog);
  }
  return {};
}

/// The first of several precisions in a cell, whose first throughput is the row's.
std::optional<Math> math_of(std::string_view cell) {
  if (cell.starts_with("NVFP4")) return Math::fp4;
  if (cell.starts_with("MXFP8") || cell.starts_with("FP8")) return Math::fp8;
  if (cell.starts_with("BF16")) return Math::bf16;
  return std::nullopt;
}

double first_number(std::string_view field) {
  double out = 0.0;
  std::from_chars(field.data(), field.data() + field.size(), out);
  return out;
}

void read_bridge(const Row& row, std::vector<TrainingCase>& out) {
  TrainingCase c;
  c.line = row.line();
  c.model = bridge_model(row.text("model"));
  const bool dense = c.model.starts_with("llama");
  c.group = dense ? "Megatron-Bridge dense" : "Megatron-Bridge MoE";
  c.rack = rack_of(row.text("system"));
  const auto math = math_of(row.text("precision"));
  c.job.sequence = row.count("seq_len");
  c.job.batch = row.count("gbs");
  c.math = math.value_or(Math::bf16);
  c.plan = {.tp = row.count_or("tp", 1),
            .cp = row.count_or("cp", 1),
            .ep = row.count_or("ep", 1),
            .pp = row.count_or("pp", 1),
            .chunks = row.count_or("vp", 1),
            .micro_batch = row.count_or("mbs", 1)};
  const std::int64_t gpus = row.count("n_gpus");
  c.plan.dp = std::max<std::int64_t>(1, gpus / std::max<std::int64_t>(1, c.plan.gpus()));
  if (row.count_or("fsdp", 0) > 1) c.plan.zero = 3;
  if (c.plan.pp == 1) c.plan.chunks = 1;
  if (c.plan.chunks > 1) c.plan.schedule = Schedule::interleaved;
  c.open_recompute = true;
  c.assumed = "lightest recomputation that fits";
  const double rate = first_number(row.text("tokens_per_s_per_gpu"));
  finish(c, row.text("model"));
  if (row.text("phase") != "Pre-Training Performance") c.skip = "not pre-training";
  if (c.model.empty()) c.skip = "no such model, or one with linear attention";
  if (!math) c.skip = "no precision in the table";
  if (rate <= 0.0 || gpus == 0) {
    c.skip = "no throughput";
  } else {
    c.measured = c.job.batch_tokens() / (rate * static_cast<double>(gpus));
  }
  c.name += fmt::format(", {}", row.text("precision"));
  c.fitted = in_quarter(c.rack + c.name);
  out.push_back(std::move(c));
}

// FSDP --------------------------------------------------------------------------------------------

/// llm-foundry's MPT (mpt_model_shapes.csv): hidden, heads, layers.
constexpr std::array mpts = {
    Gpt{"125m", 768, 12, 12}, Gpt{"350m", 1024, 16, 24}, Gpt{"760m", 1536, 12, 24},
    Gpt{"1b", 2048, 16, 24},  Gpt{"3b", 2560, 20, 32},   Gpt{"7b", 4096, 32, 32},
    Gpt{"13b", 5120, 40, 40}, Gpt{"30b", 7168, 56, 48},  Gpt{"70b", 8192, 64, 80}};

void read_fsdp(const Row& row, std::vector<TrainingCase>& out) {
  TrainingCase c;
  c.line = row.line();
  c.rack = rack_of(row.text("GPU"));
  const bool fp8 = row.text("Precision") == "amp_fp8";
  c.group = fp8 ? "FSDP fp8" : c.rack == "hgx-h100" ? "FSDP H100" : "FSDP A100";
  for (const Gpt& g : mpts) {
    if (g.name != row.text("Model")) continue;
    c.job.model = gpt_model(std::string(g.name), g.hidden, g.heads, g.layers, 50368);
  }
  c.job.sequence = row.count("SeqLen (T)");
  c.stack = training::Stack::fsdp;
  c.math = fp8 ? Math::fp8 : Math::bf16;
  const std::int64_t gpus = row.count("# GPUs");
  const std::int64_t accumulated = row.count("GradAccum");
  c.plan = {.dp = gpus,
            .micro_batch = row.count("MicroBatchSize"),
            .zero = row.text("Sharding Strategy") == "SHARD_GRAD_OP" ? 2 : 3};
  c.job.batch = c.plan.micro_batch * gpus * accumulated;
  if (row.text("Activation Checkpointing") == "True") c.plan.recompute = Recompute::full;
  const double rate = row.number("Throughput (T/s/GPU)") * static_cast<double>(gpus);
  if (rate > 0.0) c.measured = c.job.batch_tokens() / rate;
  finish(c, row.text("Model"));
  c.name += fmt::format(", sequence {}", c.job.sequence);
  c.fitted = in_quarter(c.rack + c.name);
  if (c.job.model.layers == 0) c.skip = "no such model";
  if (row.text("Activation CPUOffload") == "True") c.skip = "activations are offloaded";
  out.push_back(std::move(c));
}

using Reader = void (*)(const Row&, std::vector<TrainingCase>&);
struct Table {
  std::string_view file;
  Reader read;
};
constexpr std::array tables = {Table{"megatron_seqsel_tab5.csv", read_tab5},
                               Table{"megatron_seqsel_memory.csv", read_memory},
                               Table{"megatron_lm_h100_weak_scaling.csv", read_weak_scaling},
                               Table{"mlperf_training_v5.0_llm.csv", read_mlperf},
                               Table{"megatron_bridge_perf.csv", read_bridge},
                               Table{"mpt_fsdp_llmfoundry.csv", read_fsdp}};

}  // namespace

std::string_view to_string(TrainingQuantity quantity) {
  return quantity == TrainingQuantity::memory ? "memory" : "step";
}

bool is_training_table(std::string_view file) {
  return std::any_of(tables.begin(), tables.end(), [&](const Table& t) { return t.file == file; });
}

std::vector<TrainingCase> read_training_table(std::string_view file, std::string_view text,
                                              measured::Faults& faults) {
  std::vector<TrainingCase> out;
  CsvReader csv(text, std::string(file));
  const Row row(csv, faults);
  for (const Table& t : tables) {
    if (t.file != file) continue;
    while (csv.next(faults)) t.read(row, out);
  }
  return out;
}

llm::ModelSpec gpt_model(std::string name, std::int64_t hidden, std::int64_t heads,
                         std::int64_t layers, std::int64_t vocab) {
  llm::ModelSpec m;
  m.name = std::move(name);
  m.hidden = hidden;
  m.layers = layers;
  m.vocab = vocab;
  m.tied_embeddings = true;
  m.attention.heads = heads;
  m.attention.kv_heads = heads;
  m.attention.head_dim = hidden / heads;
  m.dense_layers = layers;
  m.dense_inter = 4 * hidden;
  m.gated_ffn = false;
  return m;
}

}  // namespace sn::evidence
