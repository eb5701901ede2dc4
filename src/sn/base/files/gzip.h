// sn/base/files/gzip.h
//
// Text as a gzip file (RFC 1952), for outputs whose name asks for it.

#pragma once

#include <string>
#include <string_view>

namespace sn {

/// One gzip member, without a time in its header: the same text gives the same bytes.
[[nodiscard]] std::string gzipped(std::string_view text);

}  // namespace sn
