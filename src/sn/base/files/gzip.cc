// sn/base/files/gzip.cc
//
// zlib's deflate with a gzip header (see gzip.h).

#include "sn/base/files/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "sn/base/result.h"

namespace sn {

std::string gzipped(std::string_view text) {
  constexpr int gzip_header = 15 + 16;  // the largest window, and gzip rather than zlib around it
  z_stream stream{};
  const int begun =
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_header, 8, Z_DEFAULT_STRATEGY);
  SN_ASSERT(begun == Z_OK);
  std::string out;
  std::string block(1u << 16, '\0');
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    if (stream.avail_in == 0 && !text.empty()) {
      const std::size_t piece = std::min(text.size(), most);
      // zlib reads its input alone, and does not say so in its type.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
      stream.avail_in = static_cast<uInt>(piece);
      text.remove_prefix(piece);
    }
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    state = deflate(&stream, text.empty() ? Z_FINISH : Z_NO_FLUSH);
    SN_ASSERT(state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR);
    out.append(block.data(), block.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace sn
