// sn/store/content_key_test.cc

#include "sn/store/content_key.h"

#include <gtest/gtest.h>

#include <set>

namespace sn::store {
namespace {

// The examples of FIPS 180-2, appendix B, and that of the empty text.
TEST(ContentKey, IsSha256) {
  EXPECT_EQ(content_key(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(content_key("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(content_key("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(content_key(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(ContentKey, EveryLengthAroundABlockHasItsOwn) {
  std::set<std::string> seen;
  for (std::size_t n = 0; n < 200; ++n) seen.insert(content_key(std::string(n, 'x')));
  EXPECT_EQ(seen.size(), 200u);
}

}  // namespace
}  // namespace sn::store
