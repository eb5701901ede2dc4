// sn/base/files/text_reader.cc
//
// Files in chunks, and streaming decompression with zlib and libzstd; see the header.

#include "sn/base/files/text_reader.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
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

Error cannot_read(const std::string& path, int code) {
  const std::string reason = std::generic_category().message(code);
  return problem(ErrorCode::io, path, fmt::format("cannot read '{}'", shown(path, 200)), reason);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

class FileBytes final : public TextReader {
 public:
  FileBytes(File file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<std::string_view> next() override {
    const std::size_t got = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    if (std::ferror(file_.get()) != 0) return fail(cannot_read(path_, errno));
    return std::string_view(buffer_.data(), got);
  }

 private:
  File file_;
  std::string path_;
  std::vector<char> buffer_ = std::vector<char>(chunk);
};

class StringBytes final : public TextReader {
 public:
  StringBytes(std::string_view text, std::shared_ptr<const void> owner)
      : rest_(text), owner_(std::move(owner)) {}

  Result<std::string_view> next() override { return std::exchange(rest_, {}); }

 private:
  std::string_view rest_;
  std::shared_ptr<const void> owner_;
};

/// Bytes of which the first piece was looked at already.
class Input {
 public:
  Input(std::unique_ptr<TextReader> bytes, std::string_view first)
      : bytes_(std::move(bytes)), piece_(first), ended_(first.empty()) {}

  /// What is left of the present piece.
  [[nodiscard]] std::string_view piece() const { return piece_; }
  void use(std::size_t count) { piece_.remove_prefix(count); }
  /// Nothing is left, and nothing comes.
  [[nodiscard]] bool ended() const { return ended_ && piece_.empty(); }
  /// Goes on to the next piece when the present one is used up; the error that prevents it.
  [[nodiscard]] std::optional<Errors> fill() {
    if (!piece_.empty() || ended_) return std::nullopt;
    const Result<std::string_view> more = bytes_->next();
    if (!more) return more.error();
    piece_ = *more;
    ended_ = piece_.empty();
    return std::nullopt;
  }

 private:
  std::unique_ptr<TextReader> bytes_;
  std::string_view piece_;
  bool ended_;
};

class Plain final : public TextReader {
 public:
  explicit Plain(Input input) : input_(std::move(input)) {}

  Result<std::string_view> next() override {
    if (auto stop = input_.fill()) return fail(*std::move(stop));
    const std::string_view piece = input_.piece();
    input_.use(piece.size());
    return piece;
  }

 private:
  Input input_;
};

/// A decompressor: gives what it produced, and then what stopped it.
class Inflater : public TextReader {
 public:
  Inflater(Input input, std::string name) : input_(std::move(input)), name_(std::move(name)) {}

  Result<std::string_view> next() final {
    while (!stop_) {
      if (auto stop = input_.fill()) {
        stop_ = std::move(stop);
        break;
      }
      if (input_.ended() && between()) return std::string_view();
      const std::size_t produced = step();
      produced_ += produced;
      if (produced > 0) return std::string_view(buffer_.data(), produced);
    }
    return fail(*stop_);
  }

 protected:
  /// Whether the last member or frame has ended, and all of it was given.
  [[nodiscard]] virtual bool between() const = 0;
  /// Takes of `input_`, fills `buffer_`, returns how far; sets `stop_` where it goes no further.
  virtual std::size_t step() = 0;

  Input input_;
  std::string name_;
  std::vector<char> buffer_ = std::vector<char>(chunk);
  std::size_t produced_ = 0;  // before the present step
  std::optional<Errors> stop_;
};

struct EndInflate {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};
using GzipStream = std::unique_ptr<z_stream, EndInflate>;

class Gunzip final : public Inflater {
 public:
  Gunzip(Input input, std::string name, GzipStream stream)
      : Inflater(std::move(input), std::move(name)), stream_(std::move(stream)) {}

 private:
  [[nodiscard]] bool between() const override { return !in_member_; }

  std::size_t step() override {
    if (!in_member_) inflateReset(stream_.get());
    in_member_ = true;
    const std::size_t offered = std::min(input_.piece().size(), chunk);
    // zlib does not write to its input, but its interface predates const.
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.piece().data()));
    stream_->avail_in = static_cast<uInt>(offered);
    stream_->next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_->avail_out = static_cast<uInt>(buffer_.size());
    const int rc = ::inflate(stream_.get(), Z_NO_FLUSH);
    input_.use(offered - stream_->avail_in);
    const std::size_t produced = buffer_.size() - stream_->avail_out;
    if (rc == Z_STREAM_END) {
      in_member_ = false;
    } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
      const char* why = stream_->msg != nullptr ? stream_->msg : zError(rc);
      stop_ = Errors{corrupt(name_, "gzip", produced_ + produced, why)};
    } else if (input_.ended() && produced < buffer_.size()) {
      stop_ = Errors{truncated(name_, "gzip", produced_ + produced)};
    }
    return produced;
  }

  GzipStream stream_;
  bool in_member_ = true;
};

struct FreeDStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};
using ZstdStream = std::unique_ptr<ZSTD_DStream, FreeDStream>;

class Unzstd final : public Inflater {
 public:
  Unzstd(Input input, std::string name, ZstdStream stream)
      : Inflater(std::move(input), std::move(name)), stream_(std::move(stream)) {}

 private:
  [[nodiscard]] bool between() const override { return frame_done_; }

  std::size_t step() override {
    ZSTD_inBuffer in{input_.piece().data(), input_.piece().size(), 0};
    ZSTD_outBuffer piece{buffer_.data(), buffer_.size(), 0};
    const std::size_t rc = ZSTD_decompressStream(stream_.get(), &piece, &in);
    input_.use(in.pos);
    if (ZSTD_isError(rc) != 0) {
      stop_ = Errors{corrupt(name_, "zstd", produced_, ZSTD_getErrorName(rc))};
      return 0;
    }
    frame_done_ = rc == 0;
    if (!frame_done_ && input_.ended() && piece.pos < piece.size) {
      stop_ = Errors{truncated(name_, "zstd", produced_ + piece.pos)};
    }
    return piece.pos;
  }

  ZstdStream stream_;
  bool frame_done_ = true;
};

}  // namespace

Result<std::unique_ptr<TextReader>> read_bytes(const std::string& path) {
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
  errno = 0;
  File file(std::fopen(path.c_str(), "rb"));
  if (!file) return fail(cannot_read(path, errno));
  return std::make_unique<FileBytes>(std::move(file), path);
}

std::unique_ptr<TextReader> read_bytes(std::string_view text, std::shared_ptr<const void> owner) {
  return std::make_unique<StringBytes>(text, std::move(owner));
}

bool is_compressed(std::string_view bytes) {
  return bytes.starts_with(gzip_magic) || bytes.starts_with(zstd_magic);
}

Result<std::unique_ptr<TextReader>> decompressed(std::unique_ptr<TextReader> bytes,
                                                 const std::string& name) {
  const Result<std::string_view> first = bytes->next();
  if (!first) return fail(first.error());
  Input input(std::move(bytes), *first);
  if (first->starts_with(gzip_magic)) {
    GzipStream stream(new z_stream{});
    if (inflateInit2(stream.get(), 16 + MAX_WBITS) != Z_OK) {
      return fail(problem(ErrorCode::io, name, "cannot set up gzip decompression"));
    }
    return std::make_unique<Gunzip>(std::move(input), name, std::move(stream));
  }
  if (first->starts_with(zstd_magic)) {
    ZstdStream stream(ZSTD_createDStream());
    if (!stream) return fail(problem(ErrorCode::io, name, "cannot set up zstd decompression"));
    return std::make_unique<Unzstd>(std::move(input), name, std::move(stream));
  }
  return std::make_unique<Plain>(std::move(input));
}

}  // namespace sn
