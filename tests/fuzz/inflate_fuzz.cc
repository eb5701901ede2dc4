// tests/fuzz/inflate_fuzz.cc
//
// libFuzzer target: any bytes as a gzip, zstd or plain text. Whole or piece by piece, the text is
// the same or both refuse it, and nothing grows beyond the limit.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sn/base/files/files.h"

namespace {

constexpr std::size_t limit = 1u << 16;

/// The text of `raw` piece by piece, until the limit; nothing where it is refused.
std::optional<std::string> in_pieces(std::string_view raw) {
  const auto reader = sn::decompressed(sn::read_bytes(raw, nullptr), "fuzz");
  if (!reader) return std::nullopt;
  std::string text;
  while (text.size() <= limit) {
    const auto piece = (*reader)->next();
    if (!piece) {
      SN_ASSERT(!(*reader)->next().has_value());  // what failed once goes on failing
      return std::nullopt;
    }
    if (piece->empty()) break;
    text.append(*piece);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string raw(reinterpret_cast<const char*>(data), size);
  const sn::Result<std::string> whole = sn::inflate(raw, "fuzz", limit);
  const std::optional<std::string> pieces = in_pieces(raw);
  if (whole) {
    SN_ASSERT(whole->size() <= limit);
    SN_ASSERT(pieces == *whole);
    if (!sn::is_compressed(raw)) SN_ASSERT(*whole == raw);
    return 0;
  }
  SN_ASSERT(!whole.error().empty() && !sn::render(whole.error()).empty());
  SN_ASSERT(!pieces || pieces->size() > limit);
  return 0;
}
