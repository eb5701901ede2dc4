// sn/evidence/training/training_predict.cc
//
// Resolves machines, prices cases, fits stretches (see training_predict.h).

#include "sn/evidence/training/training_predict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "sn/base/files/files.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::evidence {

namespace {

using training::Recompute;

constexpr std::size_t table_bytes = std::size_t{1} << 26;

Result<std::string> no_files(const std::string& path) {
  return fail(Error{.code = ErrorCode::io, .message = fmt::format("no file '{}'", path)});
}

double memory_value(const TrainingCase& c) {
  const training::Memory m = memory_of(c.job, c.plan);
  if (c.part == TrainingCase::Part::parameters) return (m.weights + m.gradients + m.states).si();
  if (c.part == TrainingCase::Part::activations) return m.activations.si();
  // Of one layer: what the schedule holds is the same for both.
  training::Plan whole = c.plan;
  whole.recompute = Recompute::none;
  whole.sequence_parallel = false;
  return layer_activation_bytes(c.job, c.plan, false) / layer_activation_bytes(c.job, whole, false);
}

/// The lightest recomputation whose memory fits the chip; full where none does.
Recompute lightest(const training::Job& job, training::Plan plan, const hw::Chip& chip) {
  const double room = training::usable_share * chip.hbm_capacity.si();
  for (const Recompute r : {Recompute::none, Recompute::selective}) {
    plan.recompute = r;
    if (memory_of(job, plan).total().si() <= room) return r;
  }
  return Recompute::full;
}

/// A fitted row with its machine.
struct Fitted {
  TrainingCase c;
  const twin::Machine* machine = nullptr;
};

/// Mean and mean absolute logarithm of predicted over measured.
struct Misfit {
  double bias = 0.0;
  double spread = 0.0;
};

Misfit misfit(std::vector<Fitted>& rows, double stretch, double attention) {
  Misfit out;
  for (Fitted& f : rows) {
    f.c.job.recipe.stretch = stretch;
    f.c.job.recipe.attention_stretch = attention;
    std::string skip;
    const double ratio = std::log(predicted(f.c, *f.machine, skip) / f.c.measured);
    out.bias += ratio / static_cast<double>(rows.size());
    out.spread += std::abs(ratio) / static_cast<double>(rows.size());
  }
  return out;
}

/// The stretch without bias, by bisection: times grow with it.
double unbiased(std::vector<Fitted>& rows, double attention) {
  double low = 1.0;
  double high = 4.0;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    (misfit(rows, middle, attention).bias < 0.0 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

training::Stretch fit(std::vector<Fitted>& rows) {
  const TrainingCase& c = rows.front().c;
  training::Stretch out{.stack = c.stack,
                        .moe = c.job.model.is_moe(),
                        .math = c.math,
                        .generation = rows.front().machine->cluster.rack.chip.kernels,
                        .rows = rows.size(),
                        .of = {}};
  double least = 1e9;
  const bool attends = c.stack == training::Stack::fsdp;
  for (int i = 10; i <= (attends ? 40 : 10); ++i) {
    const double attention = 0.1 * i;
    const double stretch = unbiased(rows, attention);
    const double spread = misfit(rows, stretch, attention).spread;
    if (spread >= least) continue;
    least = spread;
    out.value = stretch;
    out.attention = attention;
  }
  return out;
}

}  // namespace

const twin::Machine* TrainingMachines::find(const TrainingCase& c, Errors& errors) {
  const std::string model = c.model.empty() ? "llama-3.1-8b" : c.model;
  const auto key = std::make_tuple(c.rack, model, c.gpus);
  if (const auto known = known_.find(key); known != known_.end()) return &known->second;
  const auto failed = [&](const Errors& found) {
    errors.insert(errors.end(), found.begin(), found.end());
    return nullptr;
  };
  const Result<Node> parts = parse_document(
      "case", fmt::format("cluster: {{rack: {}, gpus: {}, scale_out: ib-ndr400}}\nmodel: {}\n",
                          c.rack, c.gpus, model));
  if (!parts) return failed(parts.error());
  Errors warnings;
  Result<twin::Machine> m = twin::resolve_machine(*parts, catalog_, no_files, ".", warnings);
  if (!m) return failed(m.error());
  return &known_.emplace(key, *std::move(m)).first->second;
}

void complete(TrainingCase& c, const twin::Machine& machine) {
  if (!c.model.empty()) c.job.model = machine.model;
  if (c.name.find("w/o MTP") != std::string::npos) c.job.model.mtp_layers = 0;
  c.job.recipe =
      training::recipe_of(c.stack, c.math, c.job.model.is_moe(), machine.cluster.rack.chip);
  if (c.open_recompute && c.plan.gpus() > 0 && c.job.batch > 0) {
    c.plan.recompute = lightest(c.job, c.plan, machine.cluster.rack.chip);
  }
}

double predicted(const TrainingCase& c, const twin::Machine& machine, std::string& skip) {
  if (c.quantity == TrainingQuantity::memory) return memory_value(c);
  skip = why_not(c.job, c.plan, machine.cluster.rack.scale_up.domain);
  if (!skip.empty()) return 0.0;
  const llm::StepMachine parts = machine.parts();
  return training::StepPricer(c.job, parts).step(c.plan).total;
}

std::vector<training::Stretch> fit_stretches(const std::string& directory,
                                             const catalog::Catalog& catalog, Errors& errors) {
  TrainingMachines machines(catalog);
  std::map<std::tuple<int, int, int, std::string>, std::vector<Fitted>> groups;
  for (const std::string& path : training_tables(directory, errors)) {
    for (TrainingCase& c : load_training_table(path, errors)) {
      const bool known = c.stack != training::Stack::fsdp || c.math == training::Math::bf16;
      if (!c.fitted || !known || !c.skip.empty() || c.measured <= 0.0) continue;
      const twin::Machine* machine = machines.find(c, errors);
      if (machine == nullptr) continue;
      complete(c, *machine);
      std::string skip;
      if (predicted(c, *machine, skip) <= 0.0) continue;
      const auto key =
          std::make_tuple(static_cast<int>(c.stack), c.job.model.is_moe() ? 1 : 0,
                          static_cast<int>(c.math), machine->cluster.rack.chip.kernels);
      groups[key].push_back({std::move(c), machine});
    }
  }
  std::vector<training::Stretch> out;
  for (auto& [key, rows] : groups) out.push_back(fit(rows));
  // Names of generations live as long as the table of recipes, not as the machines of this fit.
  for (training::Stretch& s : out) {
    for (const training::Stretch& known : training::stretches()) {
      if (known.generation == s.generation) s.generation = known.generation;
    }
  }
  return out;
}

std::vector<std::string> training_tables(const std::string& directory, Errors& errors) {
  std::vector<std::string> found;
  std::error_code code;
  std::filesystem::recursive_directory_iterator at(directory, code);
  if (code) {
    errors.push_back({.code = ErrorCode::io,
                      .message = "cannot read the folder '" + directory + "'",
                      .where = {},
                      .hint = code.message()});
    return found;
  }
  for (; at != std::filesystem::recursive_directory_iterator(); at.increment(code)) {
    if (code) break;
    if (is_training_table(at->path().filename().string())) found.push_back(at->path().string());
  }
  std::sort(found.begin(), found.end());
  if (found.empty()) {
    errors.push_back({.code = ErrorCode::missing,
                      .message = "no table of training below '" + directory + "'",
                      .where = {},
                      .hint = "known: megatron_seqsel_tab5.csv, mlperf_training_v5.0_llm.csv, "
                              "megatron_bridge_perf.csv, mpt_fsdp_llmfoundry.csv, ..."});
  }
  return found;
}

std::vector<TrainingCase> load_training_table(const std::string& path, Errors& errors) {
  const std::string name = std::filesystem::path(path).filename().string();
  const Result<std::string> text = read_file(path, table_bytes);
  if (!text) {
    errors.insert(errors.end(), text.error().begin(), text.error().end());
    return {};
  }
  measured::Faults faults;
  std::vector<TrainingCase> out = read_training_table(name, *text, faults);
  const Errors listed = faults.list(name);
  errors.insert(errors.end(), listed.begin(), listed.end());
  return out;
}

}  // namespace sn::evidence
