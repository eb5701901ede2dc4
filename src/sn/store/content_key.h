// sn/store/content_key.h
//
// The name of a content: SHA-256 (FIPS 180-4), as 64 hexadecimal digits. The same bytes have the
// same name on every machine; that two contents share one has never been seen.

#pragma once

#include <string>
#include <string_view>

namespace sn::store {

[[nodiscard]] std::string content_key(std::string_view content);

}  // namespace sn::store
