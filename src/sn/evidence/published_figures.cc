// sn/evidence/published_figures.cc
//
// The figures, and their comparison.

#include "sn/evidence/published_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "sn/kernel/kernel_model.h"

namespace sn::evidence {

namespace {

using kernel::DataType;

struct Figure {
  std::string_view chip;
  DataType type;
  double m, n, k;
  double tflops;
};

// Azure/AI-benchmarking-guide 8fd0c6e (A100, H100, H200) and 2a370be (GB200), Azure_Results.
constexpr std::array<Figure, 31> figures = {{
    {"a100", DataType::bf16, 1024, 1024, 1024, 119.4},
    {"a100", DataType::bf16, 2048, 2048, 2048, 221.8},
    {"a100", DataType::bf16, 4096, 4096, 4096, 228.0},
    {"a100", DataType::bf16, 8192, 8192, 8192, 253.7},
    {"a100", DataType::bf16, 16384, 16384, 16384, 256.5},
    {"a100", DataType::bf16, 6144, 12288, 12288, 250.8},
    {"h100", DataType::fp8, 1024, 1024, 1024, 274.1},
    {"h100", DataType::fp8, 2048, 2048, 2048, 1011.3},
    {"h100", DataType::fp8, 4096, 4096, 4096, 1216.9},
    {"h100", DataType::fp8, 8192, 8192, 8192, 1290.1},
    {"h100", DataType::fp8, 16384, 16384, 16384, 1377.3},
    {"h100", DataType::fp8, 32768, 32768, 32768, 1382.2},
    {"h100", DataType::fp8, 6144, 12288, 12288, 1351.4},
    {"h200", DataType::fp8, 1024, 1024, 1024, 290.8},
    {"h200", DataType::fp8, 2048, 2048, 2048, 1013.4},
    {"h200", DataType::fp8, 4096, 4096, 4096, 1249.1},
    {"h200", DataType::fp8, 8192, 8192, 8192, 1300.6},
    {"h200", DataType::fp8, 16384, 16384, 16384, 1366.3},
    {"h200", DataType::fp8, 32768, 32768, 32768, 1349.5},
    {"h200", DataType::fp8, 6144, 12288, 12288, 1318.0},
    {"gb200", DataType::fp8, 1024, 1024, 1024, 489.2},
    {"gb200", DataType::fp8, 2048, 2048, 2048, 2243.6},
    {"gb200", DataType::fp8, 4096, 4096, 4096, 2834.6},
    {"gb200", DataType::fp8, 8192, 8192, 8192, 2876.6},
    {"gb200", DataType::fp8, 16384, 16384, 16384, 2906.9},
    {"gb200", DataType::fp8, 6144, 12288, 12288, 2895.6},
    {"gb200", DataType::fp4, 2048, 2048, 2048, 1677.7},
    {"gb200", DataType::fp4, 4096, 4096, 4096, 5177.3},
    {"gb200", DataType::fp4, 8192, 8192, 8192, 7535.6},
    {"gb200", DataType::fp4, 16384, 16384, 16384, 7627.6},
    {"gb200", DataType::fp4, 32768, 32768, 32768, 7487.2},
}};

/// A product alone: its operands are narrow already and used again and again.
double predicted_seconds(const kernel::KernelModel& model, const Figure& f) {
  const double weights = f.n * f.k * bytes_per_element(f.type).si();
  return model
      .gemm({.m = f.m,
             .n = f.n,
             .k = f.k,
             .activation = f.type,
             .weight = f.type,
             .narrowed = true,
             .weight_cycle = weights})
      .time.si();
}

}  // namespace

Validation validate_published(const KernelSet& kernels) {
  Validation v;
  for (const std::string_view chip : {"a100", "h100", "h200", "gb200"}) {
    FileReport file;
    file.file = "Azure/AI-benchmarking-guide";
    file.family = "GEMM, published";
    file.chip = std::string(chip);
    file.framework = "cuBLASLt";
    const auto entry = kernels.chips.find(chip);
    if (entry == kernels.chips.end()) continue;
    const auto generation = kernels.generations.find(entry->second.kernels);
    if (generation == kernels.generations.end()) continue;
    const kernel::KernelModel model(entry->second, generation->second);
    TableReport table;
    table.group = "single products";
    table.target = 0.08;
    std::vector<double> errors;
    for (const Figure& f : figures) {
      if (f.chip != chip) continue;
      const double measured = 2.0 * f.m * f.n * f.k / (f.tflops * 1e12);
      const double predicted = predicted_seconds(model, f);
      errors.push_back(predicted / measured - 1.0);
      file.worst.push_back(
          {static_cast<int>(errors.size()),
           fmt::format("m={:g} n={:g} k={:g} {}", f.m, f.n, f.k, to_string(f.type)), measured,
           predicted});
    }
    table.rows = table.predicted = errors.size();
    table.latency = metrics_of(errors);
    table.held_out = table.latency;
    file.rows = file.predicted = table.rows;
    file.latency = file.held_out = table.latency;
    file.tables.push_back(table);
    v.files.push_back(std::move(file));
  }
  summarise(v);
  return v;
}

}  // namespace sn::evidence
