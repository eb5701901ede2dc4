// sn/base/units/unit_table.cc
//
// The table of units and the guesses for what is not in it; see the header.

#include "sn/base/units/unit_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sn/base/result.h"
#include "sn/base/text/text.h"

namespace sn {

namespace {

constexpr Dimension time = Time::dimension;
constexpr Dimension rate = Rate::dimension;
constexpr Dimension bytes = Bytes::dimension;
constexpr Dimension flops = Flops::dimension;
constexpr Dimension energy = Energy::dimension;
constexpr Dimension power = Power::dimension;
constexpr Dimension temperature = Temperature::dimension;
constexpr Dimension money = Money::dimension;
constexpr Dimension length = Length::dimension;
constexpr Dimension count = {};

constexpr Unit units[] = {
    {"ps", 1e-12, time},      {"ns", 1e-9, time},        {"us", 1e-6, time},
    {"ms", 1e-3, time},       {"s", 1.0, time},          {"min", 60.0, time},
    {"h", 3600.0, time},      {"d", 86400.0, time},      {"Hz", 1.0, rate},
    {"kHz", 1e3, rate},       {"MHz", 1e6, rate},        {"GHz", 1e9, rate},
    {"B", 1.0, bytes},        {"kB", 1e3, bytes},        {"MB", 1e6, bytes},
    {"GB", 1e9, bytes},       {"TB", 1e12, bytes},       {"PB", 1e15, bytes},
    {"EB", 1e18, bytes},      {"KiB", 0x1p10, bytes},    {"MiB", 0x1p20, bytes},
    {"GiB", 0x1p30, bytes},   {"TiB", 0x1p40, bytes},    {"PiB", 0x1p50, bytes},
    {"bit", 1.0 / 8, bytes},  {"kbit", 1e3 / 8, bytes},  {"Mbit", 1e6 / 8, bytes},
    {"Gbit", 1e9 / 8, bytes}, {"Tbit", 1e12 / 8, bytes}, {"Pbit", 1e15 / 8, bytes},
    {"FLOP", 1.0, flops},     {"kFLOP", 1e3, flops},     {"MFLOP", 1e6, flops},
    {"GFLOP", 1e9, flops},    {"TFLOP", 1e12, flops},    {"PFLOP", 1e15, flops},
    {"EFLOP", 1e18, flops},   {"fJ", 1e-15, energy},     {"pJ", 1e-12, energy},
    {"nJ", 1e-9, energy},     {"uJ", 1e-6, energy},      {"mJ", 1e-3, energy},
    {"J", 1.0, energy},       {"kJ", 1e3, energy},       {"MJ", 1e6, energy},
    {"GJ", 1e9, energy},      {"Wh", 3.6e3, energy},     {"kWh", 3.6e6, energy},
    {"MWh", 3.6e9, energy},   {"uW", 1e-6, power},       {"mW", 1e-3, power},
    {"W", 1.0, power},        {"kW", 1e3, power},        {"MW", 1e6, power},
    {"GW", 1e9, power},       {"K", 1.0, temperature},   {"$", 1.0, money},
    {"k$", 1e3, money},       {"M$", 1e6, money},        {"USD", 1.0, money},
    {"nm", 1e-9, length},     {"um", 1e-6, length},      {"mm", 1e-3, length},
    {"cm", 1e-2, length},     {"m", 1.0, length},        {"km", 1e3, length},
    {"%", 1e-2, count},       {"req", 1.0, count},       {"request", 1.0, count},
    {"requests", 1.0, count}, {"tok", 1.0, count},       {"token", 1.0, count},
    {"tokens", 1.0, count},
};

/// Words that are no units here, in lower case, and the unit to write.
constexpr std::pair<std::string_view, std::string_view> words[] = {
    {"sec", "s"},          {"secs", "s"},     {"second", "s"},        {"seconds", "s"},
    {"msec", "ms"},        {"millis", "ms"},  {"milliseconds", "ms"}, {"usec", "us"},
    {"\u00b5s", "us"},     {"\u03bcs", "us"}, {"microseconds", "us"}, {"nsec", "ns"},
    {"nanoseconds", "ns"}, {"minute", "min"}, {"minutes", "min"},     {"mins", "min"},
    {"hr", "h"},           {"hrs", "h"},      {"hour", "h"},          {"hours", "h"},
    {"day", "d"},          {"days", "d"},     {"byte", "B"},          {"bytes", "B"},
    {"bits", "bit"},       {"watt", "W"},     {"watts", "W"},         {"joule", "J"},
    {"joules", "J"},       {"kelvin", "K"},   {"dollar", "$"},        {"dollars", "$"},
    {"usd", "$"},          {"percent", "%"},  {"pct", "%"},           {"rps", "req/s"},
    {"qps", "req/s"},      {"tps", "tok/s"},  {"reqs", "req"},        {"toks", "tok"},
    {"meter", "m"},        {"metre", "m"},    {"meters", "m"},        {"metres", "m"},
};

constexpr std::string_view celsius[] = {"c", "\u00b0c", "degc", "celsius"};

/// One guess for one part of a unit, with a remark to tell it from the other guesses.
struct Guess {
  std::string unit;
  std::string remark;
};

bool ends_with_cut(std::string& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text.resize(text.size() - end.size());
  return true;
}

/// "g" -> "G", "k" -> "k", "ki" -> "Ki", "" -> ""; nothing when it is not a prefix.
std::optional<std::string> prefix(std::string_view low) {
  const bool binary = low.size() == 2 && low[1] == 'i';
  if (low.size() > (binary ? 2u : 1u)) return std::nullopt;
  if (low.empty()) return std::string{};
  if (std::string_view("kmgtpe").find(low[0]) == std::string_view::npos) return std::nullopt;
  std::string out(low);
  if (binary || low[0] != 'k') out[0] = static_cast<char>(low[0] - 'a' + 'A');
  return out;
}

/// "gb", "Gb", "KB", "gbps", "GBps": the classic confusions of bits and bytes.
std::vector<Guess> guess_bytes(std::string_view part) {
  std::string low = lower(part);
  const bool per_second = ends_with_cut(low, "ps");
  const std::size_t last = low.size();
  if (!ends_with_cut(low, "b")) return {};
  const auto before = prefix(low);
  if (!before) return {};
  const std::string after = per_second ? "/s" : "";
  const bool surely_bytes = part[last - 1] == 'B' || before->ends_with('i');
  if (surely_bytes) return {{*before + "B" + after, ""}};
  return {{*before + "B" + after, " (bytes)"}, {*before + "bit" + after, " (bits)"}};
}

/// "TFLOPS", "Tflop", "TOPS": rates are written with "/s".
std::vector<Guess> guess_flops(std::string_view part) {
  std::string low = lower(part);
  const bool per_second = ends_with_cut(low, "s");
  if (!ends_with_cut(low, "flop") && !ends_with_cut(low, "op")) return {};
  const auto before = prefix(low);
  if (!before) return {};
  return {{*before + "FLOP" + (per_second ? "/s" : ""), ""}};
}

std::vector<Guess> guesses(std::string_view part) {
  const std::string low = lower(part);
  for (const auto& [word, unit] : words) {
    if (low == word) return {{std::string(unit), ""}};
  }
  if (std::find(std::begin(celsius), std::end(celsius), low) != std::end(celsius)) {
    return {{"K", " (kelvin: degrees Celsius plus 273.15)"}};
  }
  if (auto found = guess_bytes(part); !found.empty()) return found;
  if (auto found = guess_flops(part); !found.empty()) return found;
  std::vector<Guess> same_letters;
  std::vector<std::string> long_symbols;
  for (const Unit& unit : units) {
    if (lower(unit.symbol) == low) same_letters.push_back({std::string(unit.symbol), ""});
    if (unit.symbol.size() >= 3) long_symbols.emplace_back(unit.symbol);
  }
  if (!same_letters.empty() || part.size() < 3) return same_letters;
  const std::string near = nearest(part, long_symbols);
  return near.empty() ? std::vector<Guess>{} : std::vector<Guess>{{near, ""}};
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t slash = text.find('/', begin);
    parts.push_back(text.substr(begin, slash - begin));
    if (slash == std::string_view::npos) return parts;
    begin = slash + 1;
  }
}

}  // namespace

std::optional<Unit> find_unit(std::string_view symbol) {
  for (const Unit& unit : units) {
    if (unit.symbol == symbol) return unit;
  }
  return std::nullopt;
}

std::optional<Unit> find_compound(std::string_view text) {
  const std::vector<std::string_view> parts = split(text);
  Unit product{.symbol = text, .factor = 1.0, .dimension = {}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0 && parts[0].empty() && parts.size() > 1) continue;  // "/s"
    const auto unit = find_unit(parts[i]);
    if (!unit) return std::nullopt;
    product.factor = i == 0 ? unit->factor : product.factor / unit->factor;
    product.dimension = i == 0 ? unit->dimension : product.dimension - unit->dimension;
  }
  return product;
}

std::string unit_suggestion(std::string_view text) {
  std::vector<Guess> whole = {{"", ""}};
  const std::vector<std::string_view> parts = split(text);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool known = find_unit(parts[i]).has_value() || (i == 0 && parts[0].empty());
    const std::vector<Guess> here =
        known ? std::vector<Guess>{{std::string(parts[i]), ""}} : guesses(parts[i]);
    std::vector<Guess> longer;
    for (const Guess& left : whole) {
      for (const Guess& right : here) {
        // "TFLOPS/s" must not become "TFLOP/s/s".
        const bool doubled = left.unit.ends_with("/s") && right.unit == "s";
        longer.push_back({left.unit +
                              (i == 0    ? ""
                               : doubled ? ""
                                         : "/") +
                              (doubled ? "" : right.unit),
                          left.remark + right.remark});
      }
    }
    whole = longer;
    if (whole.size() > 4) whole.resize(4);
  }
  std::string out;
  for (const Guess& guess : whole) {
    if (!find_compound(guess.unit)) continue;
    out += (out.empty() ? "" : " or ") + guess.unit + guess.remark;
  }
  return out;
}

}  // namespace sn
