// sn/base/files.cc
//
// Files into memory and streaming decompression with zlib and libzstd; see the header.

#include "sn/base/files.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace sn {

namespace {

constexpr std::size_t chunk = 256u << 10;
constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";

Error problem(ErrorCode code, const std::string& name, std::string message, std::string hint = {}) {
  return Error{.code = code,
               .message = std::move(message),
               .where = {.file = name},
               .hint = std::move(hint)};
}

Error too_large(const std::string& name, std::string_view what, std::size_t limit) {
  return problem(ErrorCode::limit, name, fmt::format("{} is larger than {} bytes", what, limit));
}

Error truncated(const std::string& name, std::string_view format, std::size_t produced) {
  return problem(ErrorCode::data, name,
                 fmt::format("the {} data is truncated: it ends after {} bytes of text, before its "
                             "end mark",
                             format, produced),
                 "copy or download the file again");
}

Error corrupt(const std::string& name, std::string_view format, std::size_t produced,
              std::string_view why) {
  return problem(
      ErrorCode::data, name,
      fmt::format("the {} data is corrupt after {} bytes of text: {}", format, produced, why),
      "copy or download the file again");
}

/// Text so far, never more than `limit` bytes of it.
class Output {
 public:
  explicit Output(std::size_t limit) : limit_(limit) {}

  /// Takes what a decompressor wrote; false when that is too much.
  [[nodiscard]] bool take(const char* data, std::size_t size) {
    if (size > limit_ - text_.size()) return false;
    text_.append(data, size);
    return true;
  }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::size_t limit_;
  std::string text_;
};

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

/// Decompressors append to `out` what they can and return what stopped them.
using Stop = std::optional<Error>;

Stop gunzip(const std::string& raw, const std::string& name, Output& out) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
    return problem(ErrorCode::io, name, "cannot set up gzip decompression");
  }
  const std::unique_ptr<z_stream, EndInflate> guard(&stream);
  std::vector<char> buffer(chunk);
  std::size_t used = 0;
  bool in_member = true;
  while (in_member || used < raw.size()) {
    if (!in_member && inflateReset(&stream) != Z_OK) break;
    in_member = true;
    const std::size_t offered = std::min(raw.size() - used, chunk);
    // zlib does not write to its input, but its interface predates const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data() + used));
    stream.avail_in = static_cast<uInt>(offered);
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int rc = ::inflate(&stream, Z_NO_FLUSH);
    used += offered - stream.avail_in;
    const std::size_t produced = buffer.size() - stream.avail_out;
    if (!out.take(buffer.data(), produced)) {
      return too_large(name, "the decompressed text", out.limit());
    }
    if (rc == Z_STREAM_END) {
      in_member = false;
    } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
      return corrupt(name, "gzip", out.size(), stream.msg ? stream.msg : zError(rc));
    } else if (used == raw.size() && produced < buffer.size()) {
      return truncated(name, "gzip", out.size());
    }
  }
  return std::nullopt;
}

struct FreeDStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

Stop unzstd(const std::string& raw, const std::string& name, Output& out) {
  const std::unique_ptr<ZSTD_DStream, FreeDStream> stream(ZSTD_createDStream());
  if (!stream) return problem(ErrorCode::io, name, "cannot set up zstd decompression");
  std::vector<char> buffer(chunk);
  ZSTD_inBuffer in{raw.data(), raw.size(), 0};
  bool frame_done = true;
  while (true) {
    ZSTD_outBuffer piece{buffer.data(), buffer.size(), 0};
    const std::size_t rc = ZSTD_decompressStream(stream.get(), &piece, &in);
    if (ZSTD_isError(rc)) {
      return corrupt(name, "zstd", out.size(), ZSTD_getErrorName(rc));
    }
    if (!out.take(buffer.data(), piece.pos)) {
      return too_large(name, "the decompressed text", out.limit());
    }
    frame_done = rc == 0;
    const bool drained = piece.pos < piece.size;
    if (in.pos == in.size && (frame_done || drained)) break;
  }
  if (!frame_done) return truncated(name, "zstd", out.size());
  return std::nullopt;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Error cannot_read(const std::string& path, int code) {
  const std::string reason = std::generic_category().message(code);
  return problem(ErrorCode::io, path, fmt::format("cannot read '{}'", shown(path, 200)), reason);
}

Result<std::string> read_raw(const std::string& path, std::size_t limit) {
  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) return fail(cannot_read(path, errno));
  Output out(limit);
  std::vector<char> buffer(chunk);
  while (true) {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (!out.take(buffer.data(), got)) return fail(too_large(path, "the file", limit));
    if (got < buffer.size()) break;
  }
  if (std::ferror(file.get()) != 0) return fail(cannot_read(path, errno));
  return std::move(out).text();
}

Result<std::string> read_regular(const std::string& path, std::size_t limit_bytes) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  using std::filesystem::file_type;
  if (status.type() == file_type::not_found) return fail(cannot_read(path, ENOENT));
  if (status.type() == file_type::none) return fail(cannot_read(path, error.value()));
  if (status.type() == file_type::directory) return fail(cannot_read(path, EISDIR));
  if (status.type() != file_type::regular && status.type() != file_type::fifo) {
    return fail(problem(ErrorCode::io, path,
                        fmt::format("'{}' is neither a file nor a pipe", shown(path, 200))));
  }
  return read_raw(path, limit_bytes);
}

Salvage decompress(std::string raw, const std::string& name, std::size_t limit_bytes) {
  Output out(limit_bytes);
  Stop stop;
  if (raw.starts_with(gzip_magic)) {
    stop = gunzip(raw, name, out);
  } else if (raw.starts_with(zstd_magic)) {
    stop = unzstd(raw, name, out);
  } else if (raw.size() > limit_bytes) {
    stop = too_large(name, "the text", limit_bytes);
  } else {
    return {.text = std::move(raw), .stopped_by = std::nullopt};
  }
  return {.text = std::move(out).text(), .stopped_by = std::move(stop)};
}

}  // namespace

Result<std::string> inflate(std::string raw, const std::string& name, std::size_t limit_bytes) {
  Salvage whole = decompress(std::move(raw), name, limit_bytes);
  if (whole.stopped_by) return fail(*std::move(whole.stopped_by));
  return std::move(whole.text);
}

Result<std::string> read_file(const std::string& path, std::size_t limit_bytes) {
  Result<std::string> raw = read_regular(path, limit_bytes);
  if (!raw) return raw;
  return inflate(*std::move(raw), path, limit_bytes);
}

Salvage salvage_file(const std::string& path, std::size_t limit_bytes) {
  Result<std::string> raw = read_regular(path, limit_bytes);
  if (!raw) return {.text = {}, .stopped_by = std::move(raw.error().front())};
  return decompress(*std::move(raw), path, limit_bytes);
}

}  // namespace sn
