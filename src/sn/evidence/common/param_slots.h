// sn/evidence/common/param_slots.h
//
// The numbers of a described struct as a list: path, range, and a way to read and set each.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"

namespace sn::evidence {

struct ParamSlot {
  std::string path;
  Dimension dimension;
  double min = 0.0;
  double max = 0.0;
  std::function<double()> get;
  std::function<void(double)> set;
};

/// A visitor of `describe`; the struct must outlive the slots.
class SlotCollector {
 public:
  explicit SlotCollector(std::string prefix = {}) : prefix_(std::move(prefix)) {}

  template <Dimension D>
  void quantity(std::string_view path, Quantity<D>& out, Quantity<D> min, Quantity<D> max,
                catalog::Need = catalog::Need::required) {
    slots_.push_back({joined(path), D, min.si(), max.si(), [&out] { return out.si(); },
                      [&out](double v) { out = Quantity<D>::from_si(v); }});
  }
  void ratio(std::string_view path, double& out, double min, double max,
             catalog::Need = catalog::Need::required) {
    slots_.push_back(
        {joined(path), {}, min, max, [&out] { return out; }, [&out](double v) { out = v; }});
  }
  template <class Group>
  void group(std::string_view path, Group& out) {
    const std::string saved = prefix_;
    prefix_ = joined(path);
    describe(*this, out);
    prefix_ = saved;
  }
  [[nodiscard]] const std::vector<ParamSlot>& slots() const { return slots_; }

 private:
  [[nodiscard]] std::string joined(std::string_view path) const {
    return prefix_.empty() ? std::string(path) : prefix_ + "." + std::string(path);
  }

  std::string prefix_;
  std::vector<ParamSlot> slots_;
};

template <class T>
[[nodiscard]] std::vector<ParamSlot> slots_of(T& described, std::string prefix = {}) {
  SlotCollector collector(std::move(prefix));
  describe(collector, described);
  return collector.slots();
}

}  // namespace sn::evidence
