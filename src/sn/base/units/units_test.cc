// sn/base/units/units_test.cc
//
// Units from and to text: factors by hand, every refusal with its message and hint, round trips.

#include "sn/base/units/units.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace sn {
namespace {

using namespace literals;

constexpr Dimension time = Time::dimension;
constexpr Dimension bandwidth = Bandwidth::dimension;
constexpr Dimension plain = {};
constexpr Dimension per_byte = Energy::dimension - Bytes::dimension;

double value(std::string_view text, Dimension expected) {
  const auto got = parse_quantity(text, expected);
  EXPECT_TRUE(got.has_value()) << text << ": " << (got ? "" : got.error().message);
  return got.value_or(std::nan(""));
}

Error error(std::string_view text, Dimension expected) {
  const auto got = parse_quantity(text, expected);
  EXPECT_FALSE(got.has_value()) << text << " was read as " << got.value_or(0.0);
  return got ? Error{} : got.error();
}

TEST(ParseQuantity, AgreesWithTheLiterals) {
  EXPECT_EQ(value("50 ms", time), (50_ms).si());
  EXPECT_EQ(value("150ns", time), (150_ns).si());
  EXPECT_EQ(value("900 GB/s", bandwidth), (900_GB_per_s).si());
  EXPECT_EQ(value("2.5 kW", Power::dimension), (2.5_kW).si());
  EXPECT_EQ(value("2250 TFLOP/s", FlopRate::dimension), (2250_TFLOP_per_s).si());
  EXPECT_EQ(value("40 MiB", Bytes::dimension), (40_MiB).si());
}

TEST(ParseQuantity, BitsAreEighthsOfBytes) {
  EXPECT_EQ(value("14.4 Tbit/s", bandwidth), 1.8e12);
  EXPECT_EQ(value("8 bit", Bytes::dimension), 1.0);
  EXPECT_EQ(value("400 Gbit/s", bandwidth), 50e9);
  // 3 pJ/bit = 24 pJ/B
  EXPECT_DOUBLE_EQ(value("3 pJ/bit", per_byte), 24e-12);
}

TEST(ParseQuantity, CompoundUnits) {
  EXPECT_DOUBLE_EQ(value("3.6 GB/h", bandwidth), 1e6);
  EXPECT_EQ(value("2.25 PFLOP/s", FlopRate::dimension), 2.25e15);
  EXPECT_EQ(value("0.02 K/W", Temperature::dimension - Power::dimension), 0.02);
  EXPECT_DOUBLE_EQ(value("0.36 $/kWh", Money::dimension - Energy::dimension), 1e-7);
  EXPECT_EQ(value("39 req/s", Rate::dimension), 39.0);
  EXPECT_EQ(value("39 requests/s", Rate::dimension), 39.0);
  EXPECT_EQ(value("39 /s", Rate::dimension), 39.0);
  EXPECT_EQ(value("39/s", Rate::dimension), 39.0);
  EXPECT_EQ(value("12 tok/s", Rate::dimension), 12.0);
  EXPECT_EQ(value("12 tokens/s", Rate::dimension), 12.0);
  EXPECT_EQ(value("1.98 GHz", Rate::dimension), 1.98e9);
  EXPECT_EQ(value("3 GB/s/W", Bandwidth::dimension - Power::dimension), 3e9);
}

TEST(ParseQuantity, EveryUnitOfTheTable) {
  struct Row {
    const char* text;
    Dimension dimension;
    double si;
  };
  const Row rows[] = {
      {"1 ps", time, 1e-12},
      {"1 ns", time, 1e-9},
      {"1 us", time, 1e-6},
      {"1 ms", time, 1e-3},
      {"1 s", time, 1},
      {"1 min", time, 60},
      {"1 h", time, 3600},
      {"1 d", time, 86400},
      {"1 Hz", Rate::dimension, 1},
      {"1 kHz", Rate::dimension, 1e3},
      {"1 MHz", Rate::dimension, 1e6},
      {"1 B", Bytes::dimension, 1},
      {"1 kB", Bytes::dimension, 1e3},
      {"1 MB", Bytes::dimension, 1e6},
      {"1 GB", Bytes::dimension, 1e9},
      {"1 TB", Bytes::dimension, 1e12},
      {"1 PB", Bytes::dimension, 1e15},
      {"1 KiB", Bytes::dimension, 1024},
      {"1 MiB", Bytes::dimension, 1024.0 * 1024},
      {"1 GiB", Bytes::dimension, std::pow(2, 30)},
      {"1 TiB", Bytes::dimension, std::pow(2, 40)},
      {"1 PiB", Bytes::dimension, std::pow(2, 50)},
      {"8 bit", Bytes::dimension, 1},
      {"8 kbit", Bytes::dimension, 1e3},
      {"8 Mbit", Bytes::dimension, 1e6},
      {"8 Gbit", Bytes::dimension, 1e9},
      {"8 Tbit", Bytes::dimension, 1e12},
      {"8 Pbit", Bytes::dimension, 1e15},
      {"1 FLOP", Flops::dimension, 1},
      {"1 kFLOP", Flops::dimension, 1e3},
      {"1 MFLOP", Flops::dimension, 1e6},
      {"1 GFLOP", Flops::dimension, 1e9},
      {"1 TFLOP", Flops::dimension, 1e12},
      {"1 PFLOP", Flops::dimension, 1e15},
      {"1 EFLOP", Flops::dimension, 1e18},
      {"1 pJ", Energy::dimension, 1e-12},
      {"1 J", Energy::dimension, 1},
      {"1 kJ", Energy::dimension, 1e3},
      {"1 MJ", Energy::dimension, 1e6},
      {"1 kWh", Energy::dimension, 3.6e6},
      {"1 mW", Power::dimension, 1e-3},
      {"1 W", Power::dimension, 1},
      {"1 kW", Power::dimension, 1e3},
      {"1 MW", Power::dimension, 1e6},
      {"1 K", Temperature::dimension, 1},
      {"1 $", Money::dimension, 1},
      {"1 USD", Money::dimension, 1},
      {"1 mm", Length::dimension, 1e-3},
      {"1 cm", Length::dimension, 1e-2},
      {"1 m", Length::dimension, 1},
      {"1 km", Length::dimension, 1e3},
  };
  for (const Row& row : rows) EXPECT_DOUBLE_EQ(value(row.text, row.dimension), row.si) << row.text;
}

TEST(ParseQuantity, PlainNumbersAndPercent) {
  EXPECT_EQ(value("0.93", plain), 0.93);
  EXPECT_DOUBLE_EQ(value("93 %", plain), 0.93);
  EXPECT_DOUBLE_EQ(value("93%", plain), 0.93);
  EXPECT_EQ(value("-1e-3", plain), -1e-3);
  EXPECT_EQ(value("+2.", plain), 2.0);
  EXPECT_EQ(value(".5", plain), 0.5);
}

TEST(ParseQuantity, AnEIsAnExponentOnlyBeforeDigits) {
  EXPECT_EQ(value("5e3 B", Bytes::dimension), 5e3);
  EXPECT_EQ(value("5EB", Bytes::dimension), 5e18);
  EXPECT_EQ(value("5E+3B", Bytes::dimension), 5e3);
}

TEST(ParseQuantity, BareNumberIsRefused) {
  const Error e = error("50", time);
  EXPECT_EQ(e.code, ErrorCode::unit);
  EXPECT_EQ(e.message, "needs a unit of time; '50' has none");
  EXPECT_EQ(e.hint, "write 50 ms or 50 us");
}

TEST(ParseQuantity, WrongDimension) {
  const Error e = error("50 GB", time);
  EXPECT_EQ(e.code, ErrorCode::unit);
  EXPECT_EQ(e.message, "needs a unit of time; 'GB' in '50 GB' is a unit of size");
  EXPECT_EQ(e.hint, "write 50 ms or 50 us");
  EXPECT_EQ(error("3 ms", plain).message, "needs a plain number; 'ms' in '3 ms' is a unit of time");
  EXPECT_EQ(error("9 B/s/s", time).message,
            "needs a unit of time; 'B/s/s' in '9 B/s/s' is a compound unit");
}

TEST(ParseQuantity, WrongCaseAndNearMissesAreExplained) {
  struct Row {
    const char* text;
    const char* hint;
  };
  const Row rows[] = {
      {"5 gb/s", "'gb/s' is not a unit; write GB/s (bytes) or Gbit/s (bits)"},
      {"5 Gb/s", "'Gb/s' is not a unit; write GB/s (bytes) or Gbit/s (bits)"},
      {"5 Gbps", "'Gbps' is not a unit; write GB/s (bytes) or Gbit/s (bits)"},
      {"5 GBps", "'GBps' is not a unit; write GB/s"},
      {"5 KB/s", "'KB/s' is not a unit; write kB/s"},
      {"5 gib/s", "'gib/s' is not a unit; write GiB/s"},
      {"5 gbit/s", "'gbit/s' is not a unit; write Gbit/s"},
      {"5 TFLOPS", "'TFLOPS' is not a unit; write TFLOP/s"},
      {"5 tflop/s", "'tflop/s' is not a unit; write TFLOP/s"},
      {"5 TFLOPs/s", "'TFLOPs/s' is not a unit; write TFLOP/s"},
      {"5 TOPS", "'TOPS' is not a unit; write TFLOP/s"},
      {"5 sec", "'sec' is not a unit; write s"},
      {"5 \u00b5s", "'\u00b5s' is not a unit; write us"},
      {"5 Ms", "'Ms' is not a unit; write ms"},
      {"5 mw", "'mw' is not a unit; write mW or MW"},
      {"45 C", "'C' is not a unit; write K (kelvin: degrees Celsius plus 273.15)"},
      {"5 requets/s", "'requets/s' is not a unit; write request/s"},
      {"5 rps", "'rps' is not a unit; write req/s"},
      {"5 parsecs", "write 5 ms or 5 us"},
      {"5 GB/", "write 5 ms or 5 us"},
      {"5 /", "write 5 ms or 5 us"},
  };
  for (const Row& row : rows) {
    const Error e = error(row.text, time);
    EXPECT_EQ(e.code, ErrorCode::unit) << row.text;
    EXPECT_EQ(e.hint, row.hint) << row.text;
  }
  EXPECT_EQ(error("5 gb/s", bandwidth).message, "has an unknown unit 'gb/s'");
}

TEST(ParseQuantity, NotANumber) {
  for (const char* text : {"", "fast", "nan", "inf s", "-inf s", "- 5 s", "--5 s", ".", "e5 s"}) {
    const Error e = error(text, time);
    EXPECT_EQ(e.code, ErrorCode::syntax) << text;
    EXPECT_EQ(e.hint, "write 50 ms or 50 us") << text;
  }
  EXPECT_EQ(error("fast", time).message, "needs a number with a unit of time; found 'fast'");
  EXPECT_EQ(error("fast", plain).message, "needs a plain number; found 'fast'");
}

TEST(ParseQuantity, TrailingRubbishAndForeignNumbers) {
  for (const char* text : {"0x10 s", "5 s x", "5 s s", "5 ms;", "1.5.2 s", "5 s/", "5 s//s"}) {
    error(text, time);
  }
  for (const char* text : {"1 312 s", "1,312 s", "1_312 s", "1.5.2 s", "1,5 s"}) {
    const Error e = error(text, time);
    EXPECT_EQ(e.code, ErrorCode::syntax) << text;
    EXPECT_EQ(e.hint, "write a number without blanks, commas or underscores in it") << text;
  }
}

TEST(ParseQuantity, BeyondTheRangeOfNumbers) {
  EXPECT_EQ(error("1e999 s", time).code, ErrorCode::range);
  EXPECT_EQ(error("1e-999 s", time).code, ErrorCode::range);
  EXPECT_EQ(error("1e308 d", time).code, ErrorCode::range);  // overflows with the unit only
}

TEST(ParseQuantity, LimitOfLength) {
  // "1", zeros, " s": 64 characters are read, 65 are not.
  EXPECT_EQ(value("1." + std::string(60, '0') + " s", time), 1.0);
  const Error e = error("1." + std::string(61, '0') + " s", time);
  EXPECT_EQ(e.code, ErrorCode::limit);
  EXPECT_EQ(error(std::string(1'000'000, '9'), time).code, ErrorCode::limit);
}

TEST(FormatQuantity, ThreeDigitsAndTheCustomaryPrefix) {
  EXPECT_EQ(format(1.2345_ms), "1.23 ms");
  EXPECT_EQ(format(900_GB_per_s), "900 GB/s");
  EXPECT_EQ(format(FlopRate::from_si(2.25e15)), "2.25 PFLOP/s");
  EXPECT_EQ(format(1_GB_per_s), "1 GB/s");
  EXPECT_EQ(format(8_TB_per_s), "8 TB/s");
  EXPECT_EQ(format(Bytes::from_si(1312.0)), "1.31 kB");
  EXPECT_EQ(format(2_kW), "2 kW");
  EXPECT_EQ(format(Time::from_si(90.0)), "90 s");
  EXPECT_EQ(format(Time::from_si(150.0)), "2.5 min");
  EXPECT_EQ(format(Time::from_si(9000.0)), "2.5 h");
  EXPECT_EQ(format(Time::from_si(1e-14)), "0.01 ps");
  EXPECT_EQ(format(Rate::from_si(39.25)), "39.2 /s");
  EXPECT_EQ(format(Rate::from_si(1.98e9)), "1.98 GHz");
  EXPECT_EQ(format(Money::from_si(2.5e6)), "2.5 M$");
  EXPECT_EQ(format_quantity(24e-12, per_byte), "3 pJ/bit");
  EXPECT_EQ(format(-1.2345_ms), "-1.23 ms");
  EXPECT_EQ(format_quantity(0.93, plain), "0.93");
}

TEST(FormatQuantity, RoundsBeforeItChoosesThePrefix) {
  EXPECT_EQ(format(Bandwidth::from_si(999.4e9)), "999 GB/s");
  EXPECT_EQ(format(Bandwidth::from_si(999.6e9)), "1 TB/s");
  EXPECT_EQ(format(Time::from_si(0.9996)), "1 s");
}

TEST(FormatQuantity, ZeroNonFiniteAndUnnamed) {
  EXPECT_EQ(format(0_s), "0 s");
  EXPECT_EQ(format(0_GB_per_s), "0 GB/s");
  EXPECT_EQ(format(Time::from_si(std::numeric_limits<double>::infinity())), "inf");
  EXPECT_EQ(format(Time::from_si(std::nan(""))), "n/a");
  EXPECT_EQ(format_quantity(3.0, Bytes::dimension + Bytes::dimension - time), "3 B^2 s^-1");
  EXPECT_EQ(format(Time::from_si(5e-324)), "4.94e-312 ps");
}

TEST(FormatNumber, DigitsAndGroups) {
  EXPECT_EQ(format_number(1312.0), "1 312");
  EXPECT_EQ(format_number(0.0123), "0.0123");
  EXPECT_EQ(format_number(1234567.8), "1 234 568");
  EXPECT_EQ(format_number(-1312.0), "-1 312");
  EXPECT_EQ(format_number(999.6), "1 000");
  EXPECT_EQ(format_number(123.0), "123");
  EXPECT_EQ(format_number(2.0), "2");
  EXPECT_EQ(format_number(2.5), "2.5");
  EXPECT_EQ(format_number(0.0), "0");
  EXPECT_EQ(format_number(-0.0), "0");
  EXPECT_EQ(format_number(1.23456, 5), "1.2346");
  EXPECT_EQ(format_number(1.5e-5), "1.50e-05");
  EXPECT_EQ(format_number(1e16), "1.00e+16");
  EXPECT_EQ(format_number(std::nan("")), "n/a");
}

TEST(DimensionName, InWords) {
  EXPECT_EQ(dimension_name(time), "a unit of time");
  EXPECT_EQ(dimension_name(bandwidth), "a unit of bandwidth");
  EXPECT_EQ(dimension_name(plain), "a plain number");
}

RC_GTEST_PROP(UnitsProperty, WhatIsPrintedReadsBack, ()) {
  const Dimension dimension = *rc::gen::element(
      Time::dimension, Rate::dimension, Bytes::dimension, Bandwidth::dimension, Flops::dimension,
      FlopRate::dimension, Energy::dimension, Power::dimension, Temperature::dimension,
      Money::dimension, Length::dimension, per_byte, Money::dimension - Time::dimension);
  const int exponent = *rc::gen::inRange(-15, 15);
  const int mantissa = *rc::gen::inRange(1000, 10000);
  const double si = mantissa * 1e-3 * std::pow(10.0, exponent);
  const auto back = parse_quantity(format_quantity(si, dimension), dimension);
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::abs(*back - si) <= 0.005001 * si);  // half of the third digit of 1.00
}

RC_GTEST_PROP(UnitsProperty, AnyTextIsReadOrRefusedWithAReason, (const std::string& text)) {
  const auto got = parse_quantity(text, time);
  const bool fine = got ? std::isfinite(*got) : !got.error().message.empty();
  RC_ASSERT(fine);
}

}  // namespace
}  // namespace sn
