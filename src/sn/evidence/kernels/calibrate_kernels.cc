// sn/evidence/kernels/calibrate_kernels.cc
//
// Rows to fits, family by family, in three stages (see the header).

#include "sn/evidence/kernels/calibrate_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sn/evidence/common/param_slots.h"
#include "sn/evidence/kernels/fit_sample.h"
#include "sn/evidence/kernels/parameter_groups.h"

namespace sn::evidence {

namespace {

using kernel::Family;
using kernel::Format;
using kernel::Library;
using Kind = OperatorKind;

Library reference(Family family) {
  switch (family) {
    case Family::gemm:
      return Library::cublas;
    case Family::moe:
      return Library::cutlass;
    case Family::prefill:
    case Family::decode:
      return Library::flash;
    case Family::elementwise:
      return Library::portable;
    default:
      return Library::trtllm;
  }
}

std::vector<ParamSlot> generation_slots(kernel::KernelParams& p, Family family) {
  switch (family) {
    case Family::gemm: {
      std::vector<ParamSlot> slots = slots_of(p.gemm, "gemm");
      if (!has_tensor_memory(hw::generation_of(p.name))) slots.pop_back();  // its set-up
      for (const ParamSlot& s : slots_of(p)) {
        if (s.path == "host.eager" || s.path == "host.graph") slots.push_back(s);
      }
      return slots;
    }
    case Family::moe:
      return slots_of(p.moe, "moe");
    case Family::prefill:
      return slots_of(p.prefill, "attention.prefill");
    case Family::decode:
      return slots_of(p.decode, "attention.decode");
    case Family::mla_prefill:
      return slots_of(p.mla_prefill, "mla.prefill");
    case Family::mla_decode:
      return slots_of(p.mla_decode, "mla.decode");
    case Family::elementwise:
      return slots_of(p.elementwise, "elementwise");
  }
  return {};
}

/// The fit of one family.
class FamilyJob {
 public:
  FamilyJob(Family family, FitSample& sample, KernelSet& kernels, const Run& run)
      : family_(family), sample_(sample), kernels_(kernels), run_(run) {
    for (const std::string& name : sample.chips) {
      const hw::Chip& chip = kernels.chips.at(name);
      chips_.push_back(chip);
      const auto [at, fresh] = kernels.generations.try_emplace(chip.kernels, starting_params());
      if (fresh) at->second.name = chip.kernels;
      if (!has_tensor_memory(chip.generation())) at->second.gemm.setup = Time{};
      generation_of_chip_.push_back(&at->second);
    }
    collect_slots();
    sort_rows();
  }

  /// First the generations on the reference alone, then formats and libraries on the rest.
  FamilyFit run() {
    FamilyFit out;
    out.family = family_;
    out.rows = sample_.rows.size();
    out.tables = sample_.tables;
    out.mape_before = mape();
    for (const Stage s : {Stage::reference, Stage::rest, Stage::all}) {
      // Dense products are what everything else stands on: their reference is not bent to fit
      // the rest.
      if (s == Stage::all && family_ == Family::gemm) continue;
      select(s);
      if (slots_.empty() || weight_sum_ <= 0.0) continue;
      append(out.fit, stage());
    }
    out.mape = mape();
    out.support = support();
    return out;
  }

 private:
  [[nodiscard]] bool is_reference(const FitRow& r) const {
    const Kind k = *kind_of(r.measured);
    const bool usual = k.library == reference(family_) || !exists(family_, k.library);
    return k.format == Format::bf16 && usual && !k.narrow_cache;
  }

  void collect_slots() {
    std::set<kernel::KernelParams*> seen;
    for (kernel::KernelParams* g : generation_of_chip_) {
      if (!seen.insert(g).second) continue;
      for (ParamSlot& s : generation_slots(*g, family_)) {
        s.path = g->name + "." + s.path;
        all_slots_.push_back({std::move(s), g});
      }
    }
    std::set<std::size_t> formats;
    std::set<std::size_t> libraries;
    for (const FitRow& r : sample_.rows) {
      const Kind k = *kind_of(r.measured);
      formats.insert(static_cast<std::size_t>(k.format));
      libraries.insert(static_cast<std::size_t>(k.library));
    }
    formats.erase(static_cast<std::size_t>(Format::bf16));
    libraries.erase(static_cast<std::size_t>(reference(family_)));
    if (family_ == Family::decode) add_fallbacks(libraries);
    kernel::SoftwareParams& software = kernels_.software;
    for (const std::size_t f : formats) {
      const std::string path(to_string(static_cast<Format>(f)));
      if (family_ == Family::gemm) share(slots_of(software.gemm_formats[f], "gemm." + path));
      if (family_ == Family::moe) {
        std::vector<ParamSlot> terms = slots_of(software.moe_formats[f], "moe." + path);
        if (f == static_cast<std::size_t>(Format::w4a16)) terms.pop_back();  // nothing is narrowed
        share(std::move(terms));
      }
    }
    if (attends(family_)) {
      const auto f = static_cast<std::size_t>(family_);
      share(slots_of(software.fp8_cache[f], "fp8_cache." + std::string(to_string(family_))));
    }
    for (const std::size_t l : libraries) {
      if (!exists(family_, static_cast<Library>(l))) continue;  // a reference of other chips
      const auto f = static_cast<std::size_t>(family_);
      const std::string path =
          fmt::format("libraries.{}.{}", to_string(static_cast<Library>(l)), to_string(family_));
      share(family_ == Family::gemm ? slots_of(software.gemm_libraries[l], path)
                                    : slots_of(software.libraries[f][l], path));
    }
  }

  /// TensorRT-LLM's decode takes one of three kernels, by the shape.
  static void add_fallbacks(std::set<std::size_t>& libraries) {
    const bool xqa = libraries.contains(static_cast<std::size_t>(Library::xqa));
    if (xqa) libraries.insert(static_cast<std::size_t>(Library::xqa_fp8));
    if (xqa || libraries.contains(static_cast<std::size_t>(Library::trtllm))) {
      libraries.insert(static_cast<std::size_t>(Library::mmha));
    }
  }

  void share(std::vector<ParamSlot> slots) {
    for (ParamSlot& s : slots) all_slots_.push_back({std::move(s), nullptr});
  }

  enum class Stage { reference, rest, all };

  /// Parameters and rows of one stage. Host time shows in rows of its own alone, the set-up of
  /// tensor memory in narrow ones: they are fitted with the shared ones.
  void select(Stage stage) {
    slots_.clear();
    owners_.clear();
    for (const auto& [slot, owner] : all_slots_) {
      const bool late = owner == nullptr || slot.path.find(".host.") != std::string::npos ||
                        slot.path.ends_with("gemm.setup");
      if (stage != Stage::all && late != (stage == Stage::rest)) continue;
      slots_.push_back(slot);
      owners_.push_back(owner);
    }
    const auto takes_part = [&](const FitRow& r) {
      return stage == Stage::all || is_reference(r) == (stage == Stage::reference);
    };
    std::vector<double> per_table(sample_.tables, 0.0);
    for (const FitRow& r : sample_.rows) {
      if (takes_part(r)) per_table[r.table] += 1.0;
    }
    weights_.clear();
    weight_sum_ = 0.0;
    for (const FitRow& r : sample_.rows) {
      // The other operators of a module bring their errors along.
      const double share = r.measured.ops.size() > 1 ? 10.0 : 100.0;
      weights_.push_back(takes_part(r) ? share / per_table[r.table] : 0.0);
      weight_sum_ += weights_.back();
    }
    for (Block& b : blocks_) b.values.clear();
  }

  [[nodiscard]] Fit stage() {
    std::vector<FitParameter> parameters;
    for (const ParamSlot& s : slots_) {
      parameters.push_back({s.path, s.get(), std::max(s.min, 1e-12), s.max});
    }
    FitOptions options;
    options.scale = 0.06;
    options.iterations = 80;
    options.tolerance = 3e-5;
    options.stopped = [this] { return run_.stopped(); };
    const Fit found = fit(
        parameters, weights_,
        [this](std::span<const double> values, std::span<double> r) { residuals(values, r); },
        options);
    for (std::size_t j = 0; j < slots_.size(); ++j) slots_[j].set(found.parameters[j].value);
    return found;
  }

  static void append(Fit& all, const Fit& stage) {
    for (const FittedParameter& p : stage.parameters) {
      const auto same = [&](const FittedParameter& q) { return q.name == p.name; };
      const auto at = std::find_if(all.parameters.begin(), all.parameters.end(), same);
      if (at == all.parameters.end()) {
        all.parameters.push_back(p);
      } else {
        *at = p;
      }
    }
    all.loss += stage.loss;
    all.loss_before += stage.loss_before;
    all.iterations += stage.iterations;
  }

  /// Rows of one generation stand together, so that a change to another leaves them alone.
  void sort_rows() {
    std::stable_sort(sample_.rows.begin(), sample_.rows.end(),
                     [&](const FitRow& a, const FitRow& b) { return a.chip < b.chip; });
    for (std::size_t i = 0; i < sample_.rows.size();) {
      std::size_t end = i;
      while (end < sample_.rows.size() && sample_.rows[end].chip == sample_.rows[i].chip) ++end;
      blocks_.push_back({i, end, {}, {}});
      i = end;
    }
  }

  /// Rows of one chip with their last full evaluation.
  struct Block {
    std::size_t begin;
    std::size_t end;
    std::vector<double> values;  // the parameters it depends on
    std::vector<double> residuals;
  };

  void residuals(std::span<const double> values, std::span<double> out) {
    for (std::size_t j = 0; j < slots_.size(); ++j) slots_[j].set(values[j]);
    for (Block& b : blocks_) {
      const std::size_t chip = sample_.rows[b.begin].chip;
      std::vector<double> own;
      for (std::size_t j = 0; j < slots_.size(); ++j) {
        const bool mine = owners_[j] == nullptr || owners_[j] == generation_of_chip_[chip];
        if (mine) own.push_back(values[j]);
      }
      std::size_t moved = own.size();
      if (b.values.size() == own.size()) {
        moved = 0;
        for (std::size_t j = 0; j < own.size(); ++j) moved += own[j] != b.values[j] ? 1 : 0;
      }
      const auto place = out.begin() + static_cast<std::ptrdiff_t>(b.begin);
      if (moved == 0) {  // a derivative by another generation's parameter
        std::copy(b.residuals.begin(), b.residuals.end(), place);
        continue;
      }
      std::vector<double> fresh = evaluate(b, chip);
      std::copy(fresh.begin(), fresh.end(), place);
      if (moved == 1) continue;  // a derivative steps away and comes back
      b.values = std::move(own);
      b.residuals = std::move(fresh);
    }
  }

  [[nodiscard]] std::vector<double> evaluate(const Block& b, std::size_t chip) const {
    kernel::KernelParams params = *generation_of_chip_[chip];
    params.software = kernels_.software;
    const kernel::KernelModel model(chips_[chip], params);
    std::vector<double> out(b.end - b.begin);
    constexpr std::size_t grain = 256;
    const auto judge = [&](std::size_t i) {
      const measured::KernelCase& c = sample_.rows[b.begin + i].measured;
      out[i] = std::log(measured::predicted_seconds(model, c) / c.seconds);
    };
    run_.for_each(out.size(), judge, grain);
    return out;
  }

  /// Mean over tables of the mean error, with the parameters as they stand.
  [[nodiscard]] double mape() const {
    std::vector<double> sum(sample_.tables, 0.0);
    std::vector<double> rows(sample_.tables, 0.0);
    for (const Block& b : blocks_) {
      const std::vector<double> r = evaluate(b, sample_.rows[b.begin].chip);
      for (std::size_t i = b.begin; i < b.end; ++i) {
        sum[sample_.rows[i].table] += std::abs(std::expm1(r[i - b.begin]));
        rows[sample_.rows[i].table] += 1.0;
      }
    }
    double total = 0.0;
    for (std::size_t t = 0; t < sum.size(); ++t) total += sum[t] / rows[t];
    return sum.empty() ? 0.0 : total / static_cast<double>(sum.size());
  }

  /// Rows, tables and error behind each group of parameters.
  [[nodiscard]] std::vector<FitSupport> support() const {
    struct Sum {
      double error = 0.0;
      double rows = 0.0;
    };
    std::map<std::string, std::map<std::size_t, Sum>> groups;
    for (const Block& b : blocks_) {
      const std::size_t chip = sample_.rows[b.begin].chip;
      const std::vector<double> r = evaluate(b, chip);
      for (std::size_t i = b.begin; i < b.end; ++i) {
        const Kind kind = *kind_of(sample_.rows[i].measured);
        for (const std::string& group : parameter_groups(kind, generation_of_chip_[chip]->name)) {
          Sum& sum = groups[group][sample_.rows[i].table];
          sum.error += std::abs(std::expm1(r[i - b.begin]));
          sum.rows += 1.0;
        }
      }
    }
    std::vector<FitSupport> out;
    for (const auto& [group, tables] : groups) {
      FitSupport s{.group = group, .tables = tables.size()};
      for (const auto& [table, sum] : tables) {
        s.rows += static_cast<std::size_t>(sum.rows);
        s.mape += sum.error / sum.rows / static_cast<double>(tables.size());
      }
      out.push_back(std::move(s));
    }
    return out;
  }

  Family family_;
  FitSample& sample_;
  KernelSet& kernels_;
  const Run& run_;
  std::vector<hw::Chip> chips_;
  std::vector<kernel::KernelParams*> generation_of_chip_;
  struct Owned {
    ParamSlot slot;
    kernel::KernelParams* owner;  // nullptr: shared by all chips
  };
  std::vector<Owned> all_slots_;
  // Of the current stage:
  std::vector<ParamSlot> slots_;
  std::vector<kernel::KernelParams*> owners_;
  std::vector<double> weights_;
  double weight_sum_ = 0.0;
  std::vector<Block> blocks_;
};

}  // namespace

Library reference_library(Family family) { return reference(family); }

kernel::KernelParams starting_params() {
  const auto us = [](double v) { return Time::from_si(v * 1e-6); };
  kernel::KernelParams p;
  p.gemm = {.launch = us(2.0),
            .rate = 0.8,
            .hbm = 0.83,
            .l2 = 0.4,
            .k_step = us(0.075),
            .tile = us(0.5),
            .wave = 0.1,
            .split = us(2.7),
            .throttle = 0.1,
            .setup = us(1.0)};
  p.moe = {.base = us(20.0),
           .rate = 0.7,
           .hbm = 0.8,
           .l2 = 0.8,
           .tile = us(2.0),
           .wave = 0.5,
           .rows = 1.3,
           .token = us(0.3),
           .overlap = 0.4};
  p.prefill = {.launch = us(9.0),
               .rate = 0.75,
               .exp = 1.2,
               .k_step = us(0.4),
               .tile = us(2.0),
               .tail = 0.5,
               .traffic = 1.2,
               .l2 = 0.3,
               .empty = us(0.35),
               .convert = 0.3};
  p.decode = {.launch = us(8.5),
              .rate = 0.5,
              .hbm = 0.95,
              .l2 = 0.6,
              .k_step = us(0.15),
              .head = us(2.5),
              .split = us(2.0)};
  p.mla_prefill = {.launch = us(12.0),
                   .rate = 0.6,
                   .k_step = us(0.5),
                   .tile = us(2.0),
                   .traffic = 1.0,
                   .host = us(500.0)};
  p.mla_decode = {.launch = us(5.0),
                  .rate = 0.6,
                  .hbm = 0.85,
                  .l2 = 0.5,
                  .k_step = us(1.0),
                  .head = us(6.0),
                  .split = us(4.0),
                  .swapped = 0.8};
  p.elementwise = {.launch = us(1.8),
                   .hbm = 0.9,
                   .l2 = 0.4,
                   .row = us(0.04),
                   .kilobyte = us(0.025),
                   .call = us(13.0)};
  p.eager = us(100.0);
  p.graph = us(2.0);
  return p;
}

namespace {

/// Generations without an element-wise table take the values of Hopper, as shares of their rates.
void inherit_elementwise(const std::vector<std::string>& fitted, KernelSet& kernels) {
  const auto hopper = std::find_if(
      kernels.generations.begin(), kernels.generations.end(),
      [](const auto& g) { return hw::generation_of(g.first) == hw::Generation::hopper; });
  if (hopper == kernels.generations.end()) return;
  for (auto& [name, generation] : kernels.generations) {
    const auto measured = [&, &own = name](const std::string& chip) {
      return kernels.chips.at(chip).kernels == own;
    };
    if (std::none_of(fitted.begin(), fitted.end(), measured)) {
      generation.elementwise = hopper->second.elementwise;
    }
  }
}

}  // namespace

Calibration calibrate_kernels(const std::string& directory, KernelSet kernels,
                              const CalibrateOptions& options, const Run& run) {
  Calibration out;
  out.kernels = std::move(kernels);
  const measured::KernelFiles found = measured::find_kernel_files(directory);
  out.errors = found.errors;
  run.tell({.doing = "reading tables"});
  std::vector<FitSample> samples =
      read_fit_samples(found.files, out.kernels, options, run, out.errors);
  for (std::size_t f = 0; f < kernel::family_count; ++f) {
    const auto family = static_cast<Family>(f);
    FitSample& sample = samples[f];
    const std::string name(to_string(family));
    const bool wanted =
        options.families.empty() ||
        std::find(options.families.begin(), options.families.end(), name) != options.families.end();
    if (!wanted || sample.rows.empty()) continue;
    if (sample.rows.size() < rows_least) {
      out.notes.push_back(
          fmt::format("{}: {} rows to fit, fewer than {}: the data cannot determine "
                      "its parameters, nothing was fitted",
                      name, sample.rows.size(), rows_least));
      continue;
    }
    if (run.stopped()) break;
    run.tell({.doing = name});
    KernelSet before = out.kernels;
    FamilyFit fitted = FamilyJob(family, sample, out.kernels, run).run();
    if (run.stopped()) {  // in the middle of it
      out.kernels = std::move(before);
      break;
    }
    out.families.push_back(std::move(fitted));
    if (family == Family::elementwise) inherit_elementwise(sample.chips, out.kernels);
  }
  out.interrupted = run.stopped();
  return out;
}

}  // namespace sn::evidence
