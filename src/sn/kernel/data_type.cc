// sn/kernel/data_type.cc
//
// Names and sizes of number formats (see data_type.h).

#include "sn/kernel/data_type.h"

namespace sn::kernel {

std::string_view to_string(DataType type) {
  switch (type) {
    case DataType::bf16:
      return "bf16";
    case DataType::fp8:
      return "fp8";
    case DataType::fp4:
      return "fp4";
    case DataType::int8:
      return "int8";
    case DataType::int4:
      return "int4";
  }
  return "bf16";
}

std::optional<DataType> parse_data_type(std::string_view text) {
  for (const DataType t :
       {DataType::bf16, DataType::fp8, DataType::fp4, DataType::int8, DataType::int4}) {
    if (to_string(t) == text) return t;
  }
  return std::nullopt;
}

Bytes bytes_per_element(DataType type) {
  switch (type) {
    case DataType::bf16:
      return Bytes::from_si(2.0);
    case DataType::fp8:
      return Bytes::from_si(1.0);
    case DataType::int8:
      return Bytes::from_si(1.0);
    case DataType::fp4:
      return Bytes::from_si(0.5 + 1.0 / 32.0);
    case DataType::int4:
      return Bytes::from_si(0.5 + 2.0 / 128.0);
  }
  return Bytes::from_si(2.0);
}

}  // namespace sn::kernel
