// sn/base/units/quantity.h
//
// Physical quantities as strong types: a double in SI-like base units, its dimension in the type.
//
//   base units: second, byte, FLOP, joule, kelvin, US dollar, metre
//   Bandwidth = Bytes / Time, FlopRate = Flops / Time, Power = Energy / Time, and so on.
//
// Adding unlike dimensions does not compile; a ratio of like dimensions is a plain double.
// Text always carries units; 1 byte = 8 bits; GB = 10^9 B, GiB = 2^30 B. A double holds bytes
// exactly up to 2^53 B = 9 PB, more than any machine described here.

#pragma once

#include <compare>
#include <cstdint>

namespace sn {

/// Exponents of the base units. A structural type, so that it can parameterise `Quantity`.
struct Dimension {
  int time = 0;
  int bytes = 0;
  int flops = 0;
  int energy = 0;
  int temperature = 0;
  int money = 0;
  int length = 0;

  friend constexpr bool operator==(const Dimension&, const Dimension&) = default;
};

constexpr Dimension operator+(Dimension a, Dimension b) {
  return {a.time + b.time,
          a.bytes + b.bytes,
          a.flops + b.flops,
          a.energy + b.energy,
          a.temperature + b.temperature,
          a.money + b.money,
          a.length + b.length};
}

constexpr Dimension operator-(Dimension a, Dimension b) {
  return {a.time - b.time,
          a.bytes - b.bytes,
          a.flops - b.flops,
          a.energy - b.energy,
          a.temperature - b.temperature,
          a.money - b.money,
          a.length - b.length};
}

/// A value of dimension `D` in base units. `si()` is the only way out, `from_si` the only way in.
template <Dimension D>
class Quantity {
 public:
  static constexpr Dimension dimension = D;

  constexpr Quantity() = default;
  [[nodiscard]] static constexpr Quantity from_si(double value) { return Quantity(value); }
  [[nodiscard]] constexpr double si() const { return value_; }

  constexpr Quantity& operator+=(Quantity o) {
    value_ += o.value_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity o) {
    value_ -= o.value_;
    return *this;
  }
  constexpr Quantity& operator*=(double f) {
    value_ *= f;
    return *this;
  }

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return a -= b; }
  friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.value_); }
  friend constexpr Quantity operator*(Quantity a, double f) { return a *= f; }
  friend constexpr Quantity operator*(double f, Quantity a) { return a *= f; }
  friend constexpr Quantity operator/(Quantity a, double f) { return Quantity(a.value_ / f); }
  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;

 private:
  explicit constexpr Quantity(double value) : value_(value) {}
  double value_ = 0.0;
};

template <Dimension A, Dimension B>
[[nodiscard]] constexpr auto operator*(Quantity<A> a, Quantity<B> b) {
  if constexpr (A + B == Dimension{}) {
    return a.si() * b.si();
  } else {
    return Quantity<A + B>::from_si(a.si() * b.si());
  }
}

template <Dimension A, Dimension B>
[[nodiscard]] constexpr auto operator/(Quantity<A> a, Quantity<B> b) {
  if constexpr (A == B) {
    return a.si() / b.si();
  } else {
    return Quantity<A - B>::from_si(a.si() / b.si());
  }
}

using Time = Quantity<Dimension{.time = 1}>;
using Rate = Quantity<Dimension{.time = -1}>;
using Bytes = Quantity<Dimension{.bytes = 1}>;
using Bandwidth = Quantity<Dimension{.time = -1, .bytes = 1}>;
using Flops = Quantity<Dimension{.flops = 1}>;
using FlopRate = Quantity<Dimension{.time = -1, .flops = 1}>;
using Energy = Quantity<Dimension{.energy = 1}>;
using Power = Quantity<Dimension{.time = -1, .energy = 1}>;
using Temperature = Quantity<Dimension{.temperature = 1}>;
using Money = Quantity<Dimension{.money = 1}>;
using Length = Quantity<Dimension{.length = 1}>;

namespace literals {

#define SN_LITERAL(suffix, Type, factor)                     \
  constexpr Type operator""_##suffix(long double v) {        \
    return Type::from_si(static_cast<double>(v) * (factor)); \
  }                                                          \
  constexpr Type operator""_##suffix(unsigned long long v) { \
    return Type::from_si(static_cast<double>(v) * (factor)); \
  }

SN_LITERAL(s, Time, 1.0)
SN_LITERAL(ms, Time, 1e-3)
SN_LITERAL(us, Time, 1e-6)
SN_LITERAL(ns, Time, 1e-9)
SN_LITERAL(B, Bytes, 1.0)
SN_LITERAL(kB, Bytes, 1e3)
SN_LITERAL(MB, Bytes, 1e6)
SN_LITERAL(GB, Bytes, 1e9)
SN_LITERAL(KiB, Bytes, 1024.0)
SN_LITERAL(MiB, Bytes, 1048576.0)
SN_LITERAL(GiB, Bytes, 1073741824.0)
SN_LITERAL(GB_per_s, Bandwidth, 1e9)
SN_LITERAL(TB_per_s, Bandwidth, 1e12)
SN_LITERAL(TFLOP, Flops, 1e12)
SN_LITERAL(TFLOP_per_s, FlopRate, 1e12)
SN_LITERAL(W, Power, 1.0)
SN_LITERAL(kW, Power, 1e3)

#undef SN_LITERAL

}  // namespace literals

}  // namespace sn
