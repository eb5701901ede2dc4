// sn/facility/medium.h
//
// What ScaleUp runs over: reach, latency, energy, failures and price of a link's ends.
//
// A medium is laid over a rack's link (twin/scenario/directions_part.h): it changes numbers that
// the models read anyway, and adds no factor of its own.

#pragma once

#include <string>

#include "sn/facility/plant.h"

namespace sn::facility {

struct Medium {
  std::string name;
  Length reach;          // longest run at the full rate
  Time latency;          // one end adds
  EnergyPerByte energy;  // one end, per byte of the link's rate, whatever is sent
  Rate failures;         // of one end
  Money price;           // per Gbit/s and end; of copper, per link

  friend bool operator==(const Medium&, const Medium&) = default;
};

template <class V>
void describe(V& v, Medium& m) {
  v.quantity("reach", m.reach, Length::from_si(0.01), Length::from_si(1e5));
  v.quantity("latency", m.latency, Time{}, Time::from_si(1e-3));
  v.quantity("energy", m.energy, EnergyPerByte{}, EnergyPerByte::from_si(1e-9));
  v.quantity("failures", m.failures, Rate{}, Rate::from_si(1e-2));
  v.quantity("price", m.price, Money{}, Money::from_si(1e4));
}

}  // namespace sn::facility
