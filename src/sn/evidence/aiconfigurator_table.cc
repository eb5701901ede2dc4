// sn/evidence/aiconfigurator_table.cc
//
// The numbers of one row, from columns or constants, with their limits.

#include "sn/evidence/aiconfigurator_table.h"

#include <fmt/format.h>

#include <charconv>

namespace sn::evidence {

bool AicTable::dimensions(KernelCase& out, Faults& faults) {
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    double value = 0.0;
    if (numbers_[i].index) {
      const std::optional<double> read = reader_.number(*numbers_[i].index, faults);
      if (!read) return false;
      if (*read < 0.0 || *read > 1e12) {
        faults.add(reader_.error(*numbers_[i].index, fmt::format("{} is {:g}, expected 0 to 1e12",
                                                                 numbers_[i].name, *read)));
        return false;
      }
      value = *read;
    } else {
      const std::string& c = numbers_[i].constant;
      static_cast<void>(std::from_chars(c.data(), c.data() + c.size(), value));
    }
    out.at[i] = value;
  }
  return true;
}

}  // namespace sn::evidence
