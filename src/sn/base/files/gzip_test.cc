// sn/base/files/gzip_test.cc

#include "sn/base/files/gzip.h"

#include <gtest/gtest.h>

#include "sn/base/files/files.h"

namespace sn {
namespace {

TEST(Gzip, ReadsBackTheSame) {
  std::string large;
  for (int i = 0; i < 200'000; ++i) large += std::to_string(i * 7919 % 100'003) + ",";
  for (const std::string& text : {std::string(), std::string("one line\n"), large}) {
    const std::string packed = gzipped(text);
    EXPECT_EQ(inflate(packed, "x.gz", 1u << 24).value(), text);
    EXPECT_EQ(gzipped(text), packed);
  }
  EXPECT_LT(gzipped(large).size(), large.size());
}

}  // namespace
}  // namespace sn
