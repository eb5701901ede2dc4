// sn/kernel/data_type_test.cc
//
// Names and sizes of number formats.

#include "sn/kernel/data_type.h"

#include <gtest/gtest.h>

namespace sn::kernel {
namespace {

TEST(DataType, NamesReadBackAsTheirTypes) {
  for (const DataType type : {DataType::bf16, DataType::fp8, DataType::fp4, DataType::int8}) {
    EXPECT_EQ(parse_data_type(to_string(type)), type);
  }
  EXPECT_EQ(parse_data_type("fp8"), DataType::fp8);
}

TEST(DataType, OtherNamesAreRefused) {
  for (const char* name : {"", "fp16", "FP8", "fp8 ", "nvfp4", "bf16,fp8"}) {
    EXPECT_FALSE(parse_data_type(name).has_value()) << name;
  }
}

TEST(DataType, SizesCountTheScalesOfMicroscaling) {
  EXPECT_EQ(bytes_per_element(DataType::bf16).si(), 2.0);
  EXPECT_EQ(bytes_per_element(DataType::fp8).si(), 1.0);
  EXPECT_EQ(bytes_per_element(DataType::int8).si(), 1.0);
  // 32 elements of 4 bits and one scale of 8 bits: 17 bytes.
  EXPECT_EQ(bytes_per_element(DataType::fp4).si() * 32.0, 17.0);
}

}  // namespace
}  // namespace sn::kernel
