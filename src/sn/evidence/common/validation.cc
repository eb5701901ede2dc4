// sn/evidence/common/validation.cc
//
// Means over tables, densities, quantiles.

#include "sn/evidence/common/validation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace sn::evidence {

namespace {

std::size_t time_bin(double seconds) {
  const double at = 8.0 * std::log10(seconds / 1e-6);
  return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(Density::times - 1)));
}

/// Running means over tables; floors only where there is one.
struct Means {
  Summary sum;
  std::size_t judged = 0;
  std::size_t held_out = 0;
  std::size_t floors = 0;

  void add(const TableReport& t) {
    ++sum.tables;
    sum.by_median = t.by_median;
    sum.rows += t.rows;
    sum.predicted += t.predicted;
    sum.adjusted += t.adjusted();
    if (t.predicted == 0) return;
    ++judged;
    sum.met += t.met() ? 1 : 0;
    sum.mape += t.latency.mape;
    sum.target += t.target;
    sum.bias += std::abs(t.latency.bias);
    if (t.held_out.n > 0) {
      ++held_out;
      sum.held_out += t.held_out.mape;
    }
    if (std::isfinite(t.latency.floor)) {
      ++floors;
      sum.floor += t.latency.floor;
    }
  }

  [[nodiscard]] Summary means() const {
    const auto mean = [](double total, std::size_t n) {
      return n > 0 ? total / static_cast<double>(n) : std::numeric_limits<double>::quiet_NaN();
    };
    Summary out = sum;
    out.mape = mean(sum.mape, judged);
    out.bias = mean(sum.bias, judged);
    out.target = mean(sum.target, judged);
    out.adjusted = mean(sum.adjusted, sum.tables);
    out.held_out = mean(sum.held_out, held_out);
    out.floor = mean(sum.floor, floors);
    return out;
  }
};

Means& of(std::vector<Means>& all, const std::string& name) {
  for (Means& m : all) {
    if (m.sum.name == name) return m;
  }
  all.emplace_back().sum.name = name;
  return all.back();
}

}  // namespace

double TableReport::adjusted() const {
  if (rows == 0) return 0.0;
  const auto total = static_cast<double>(rows);
  const auto known = static_cast<double>(predicted);
  return (predicted > 0 ? latency.mape * known : 0.0) / total + (total - known) / total;
}

void Density::add(double measured, double predicted_time) {
  const std::size_t at = time_bin(measured);
  ++predicted[at][time_bin(predicted_time)];
  const double bin = (std::log(predicted_time / measured) + 1.525) / 0.05;
  ++error[at][static_cast<std::size_t>(std::clamp(bin, 0.0, static_cast<double>(ratios - 1)))];
}

void Density::merge(const Density& other) {
  for (std::size_t i = 0; i < times; ++i) {
    for (std::size_t j = 0; j < times; ++j) predicted[i][j] += other.predicted[i][j];
    for (std::size_t j = 0; j < ratios; ++j) error[i][j] += other.error[i][j];
  }
}

double Density::quantile(std::size_t time, double q) const {
  double total = 0.0;
  for (const std::uint32_t n : error[time]) total += n;
  double seen = 0.0;
  for (std::size_t j = 0; j < ratios; ++j) {
    const double here = error[time][j];
    if (here > 0.0 && seen + here >= q * total) {
      return -1.525 + 0.05 * (static_cast<double>(j) + (q * total - seen) / here);
    }
    seen += here;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

void summarise(Validation& validation) {
  std::vector<Means> families;
  std::vector<Means> chips;
  std::map<std::pair<std::string, std::string>, Means> cells;
  Means all;
  all.sum.name = "all";
  for (const FileReport& file : validation.files) {
    for (const TableReport& table : file.tables) {
      of(families, file.family).add(table);
      of(chips, file.chip).add(table);
      cells[{file.family, file.chip}].add(table);
      all.add(table);
    }
  }
  const auto by_name = [](const Summary& a, const Summary& b) { return a.name < b.name; };
  validation.families.clear();
  validation.chips.clear();
  for (const Means& m : families) validation.families.push_back(m.means());
  for (const Means& m : chips) validation.chips.push_back(m.means());
  std::sort(validation.families.begin(), validation.families.end(), by_name);
  std::sort(validation.chips.begin(), validation.chips.end(), by_name);
  validation.cells.clear();
  for (const auto& [key, m] : cells) {
    validation.cells.push_back({key.first, key.second, m.means()});
  }
  validation.all = all.means();
}

}  // namespace sn::evidence
