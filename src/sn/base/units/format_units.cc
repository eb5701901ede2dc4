// sn/base/units/format_units.cc
//
// Quantities to text: the customary unit and prefix, three significant digits. Declared in units.h.
//
// A value is rounded before its prefix is chosen: 999.6 GB/s is "1 TB/s", never "1000 GB/s".

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>
#include <string>

#include "sn/base/units/units.h"

namespace sn {

namespace {

/// `value` is shown in `unit` when it is at least `from` (in base units).
struct Scale {
  double from;
  double factor;
  std::string_view unit;
};

constexpr Scale time_scales[] = {
    {1e-12, 1e-12, "ps"}, {1e-9, 1e-9, "ns"},   {1e-6, 1e-6, "us"},    {1e-3, 1e-3, "ms"},
    {1.0, 1.0, "s"},      {120.0, 60.0, "min"}, {7200.0, 3600.0, "h"}, {172800.0, 86400.0, "d"}};
constexpr Scale rate_scales[] = {{0.0, 1.0, "/s"}, {1e6, 1e6, "MHz"}, {1e9, 1e9, "GHz"}};
constexpr Scale byte_scales[] = {{0.0, 1.0, "B"},   {1e3, 1e3, "kB"},   {1e6, 1e6, "MB"},
                                 {1e9, 1e9, "GB"},  {1e12, 1e12, "TB"}, {1e15, 1e15, "PB"},
                                 {1e18, 1e18, "EB"}};
constexpr Scale bandwidth_scales[] = {
    {0.0, 1.0, "B/s"},    {1e3, 1e3, "kB/s"},   {1e6, 1e6, "MB/s"},  {1e9, 1e9, "GB/s"},
    {1e12, 1e12, "TB/s"}, {1e15, 1e15, "PB/s"}, {1e18, 1e18, "EB/s"}};
constexpr Scale flop_scales[] = {{0.0, 1.0, "FLOP"},   {1e3, 1e3, "kFLOP"},   {1e6, 1e6, "MFLOP"},
                                 {1e9, 1e9, "GFLOP"},  {1e12, 1e12, "TFLOP"}, {1e15, 1e15, "PFLOP"},
                                 {1e18, 1e18, "EFLOP"}};
constexpr Scale flop_rate_scales[] = {
    {0.0, 1.0, "FLOP/s"},    {1e3, 1e3, "kFLOP/s"},   {1e6, 1e6, "MFLOP/s"},  {1e9, 1e9, "GFLOP/s"},
    {1e12, 1e12, "TFLOP/s"}, {1e15, 1e15, "PFLOP/s"}, {1e18, 1e18, "EFLOP/s"}};
constexpr Scale energy_scales[] = {{1e-12, 1e-12, "pJ"}, {1e-9, 1e-9, "nJ"}, {1e-6, 1e-6, "uJ"},
                                   {1e-3, 1e-3, "mJ"},   {1.0, 1.0, "J"},    {1e3, 1e3, "kJ"},
                                   {1e6, 1e6, "MJ"},     {1e9, 1e9, "GJ"}};
constexpr Scale power_scales[] = {{1e-6, 1e-6, "uW"}, {1e-3, 1e-3, "mW"}, {1.0, 1.0, "W"},
                                  {1e3, 1e3, "kW"},   {1e6, 1e6, "MW"},   {1e9, 1e9, "GW"}};
constexpr Scale temperature_scales[] = {{0.0, 1.0, "K"}};
constexpr Scale money_scales[] = {{0.0, 1.0, "$"}, {1e3, 1e3, "k$"}, {1e6, 1e6, "M$"}};
constexpr Scale length_scales[] = {
    {1e-9, 1e-9, "nm"}, {1e-6, 1e-6, "um"}, {1e-3, 1e-3, "mm"}, {1.0, 1.0, "m"}, {1e3, 1e3, "km"}};
constexpr Scale per_byte_scales[] = {{0.0, 8e-12, "pJ/bit"}};
constexpr Scale per_flop_scales[] = {{0.0, 1e-12, "pJ/FLOP"}};
constexpr Scale resistance_scales[] = {{0.0, 1.0, "K/W"}};
constexpr Scale tariff_scales[] = {{0.0, 1.0 / 3.6e6, "$/kWh"}};
constexpr Scale rent_scales[] = {{0.0, 1.0 / 3600.0, "$/h"}};

struct Family {
  Dimension dimension;
  std::span<const Scale> scales;
  std::string_view zero;  // the unit of nothing
};

constexpr Family families[] = {
    {Time::dimension, time_scales, "s"},
    {Rate::dimension, rate_scales, "/s"},
    {Bytes::dimension, byte_scales, "B"},
    {Bandwidth::dimension, bandwidth_scales, "GB/s"},
    {Flops::dimension, flop_scales, "FLOP"},
    {FlopRate::dimension, flop_rate_scales, "TFLOP/s"},
    {Energy::dimension, energy_scales, "J"},
    {Power::dimension, power_scales, "W"},
    {Temperature::dimension, temperature_scales, "K"},
    {Money::dimension, money_scales, "$"},
    {Length::dimension, length_scales, "m"},
    {Energy::dimension - Bytes::dimension, per_byte_scales, "pJ/bit"},
    {Energy::dimension - Flops::dimension, per_flop_scales, "pJ/FLOP"},
    {Temperature::dimension - Power::dimension, resistance_scales, "K/W"},
    {Money::dimension - Energy::dimension, tariff_scales, "$/kWh"},
    {Money::dimension - Time::dimension, rent_scales, "$/h"},
};

std::string non_finite(double value) {
  if (std::isnan(value)) return "n/a";
  return value < 0.0 ? "-inf" : "inf";
}

/// At most `significant` digits, trailing zeros dropped, no separators.
std::string plain(double value, int significant) {
  if (value == 0.0) return "0";
  const double magnitude = std::abs(value);
  if (magnitude >= 1e15 || magnitude < 1e-4) return fmt::format("{:.{}e}", value, significant - 1);
  const int digits = static_cast<int>(std::floor(std::log10(magnitude))) + 1;
  std::string text = fmt::format("{:.{}f}", value, std::max(0, significant - digits));
  if (text.find('.') != std::string::npos) {
    text.resize(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

/// `value` to three significant digits, as a double.
double rounded(double value) {
  if (value == 0.0) return value;
  const std::string text = fmt::format("{:.2e}", value);
  double out = value;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

/// "3.2 B^2 s^-1": base units with exponents, for what has no customary unit.
std::string with_exponents(double si, Dimension d) {
  std::string out = plain(si, 3);
  const auto add = [&out](int exponent, std::string_view unit) {
    if (exponent == 0) return;
    out += fmt::format(" {}", unit);
    if (exponent != 1) out += fmt::format("^{}", exponent);
  };
  add(d.money, "$");
  add(d.bytes, "B");
  add(d.flops, "FLOP");
  add(d.energy, "J");
  add(d.temperature, "K");
  add(d.length, "m");
  add(d.time, "s");
  return out;
}

}  // namespace

std::string format_number(double value, int significant) {
  if (!std::isfinite(value)) return non_finite(value);
  std::string text = plain(value, std::max(1, significant));
  if (text.find('e') != std::string::npos) return text;
  const std::size_t first = text[0] == '-' ? 1 : 0;
  std::size_t at = std::min(text.find('.'), text.size());
  while (at > first + 3) {
    at -= 3;
    text.insert(at, 1, ' ');
  }
  return text;
}

std::string format_quantity(double si, Dimension dimension) {
  if (dimension == Dimension{}) return format_number(si);
  const auto* family = std::find_if(std::begin(families), std::end(families),
                                    [&](const Family& f) { return f.dimension == dimension; });
  if (!std::isfinite(si) || family == std::end(families)) {
    return std::isfinite(si) ? with_exponents(si, dimension) : non_finite(si);
  }
  if (si == 0.0) return fmt::format("0 {}", family->zero);
  const double magnitude = std::abs(rounded(si));
  const Scale* scale = family->scales.data();
  for (const Scale& s : family->scales) {
    if (magnitude >= s.from) scale = &s;
  }
  const std::string number = plain(si / scale->factor, 3);
  return number + ' ' + std::string(scale->unit);
}

}  // namespace sn
