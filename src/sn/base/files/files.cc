// sn/base/files/files.cc
//
// Whole texts out of readers; see the header.

#include "sn/base/files/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace sn {

namespace {

Error too_large(const std::string& name, std::string_view what, std::size_t limit) {
  return Error{.code = ErrorCode::limit,
               .message = fmt::format("{} is larger than {} bytes", what, limit),
               .where = {.file = name},
               .hint = {}};
}

/// All that `reader` gives, never more than `limit` bytes of it, and what stopped it.
Salvage drain(TextReader& reader, const std::string& name, std::string_view what,
              std::size_t limit) {
  Salvage out;
  while (true) {
    const Result<std::string_view> piece = reader.next();
    if (!piece) {
      out.stopped_by = piece.error().front();
      return out;
    }
    if (piece->empty()) return out;
    if (piece->size() > limit - out.text.size()) {
      out.stopped_by = too_large(name, what, limit);
      return out;
    }
    out.text.append(*piece);
  }
}

Salvage stopped(Errors errors) { return {.text = {}, .stopped_by = std::move(errors.front())}; }

Result<std::string> whole(Salvage salvage) {
  if (salvage.stopped_by) return fail(*std::move(salvage.stopped_by));
  return std::move(salvage.text);
}

Result<std::string> read_raw(const std::string& path, std::size_t limit_bytes) {
  const Result<std::unique_ptr<TextReader>> bytes = read_bytes(path);
  if (!bytes) return fail(bytes.error());
  return whole(drain(**bytes, path, "the file", limit_bytes));
}

Salvage decompress(std::string raw, const std::string& name, std::size_t limit_bytes) {
  if (!is_compressed(raw)) {
    if (raw.size() <= limit_bytes) return {.text = std::move(raw), .stopped_by = std::nullopt};
    return stopped({too_large(name, "the text", limit_bytes)});
  }
  const auto text = decompressed(read_bytes(raw, nullptr), name);
  if (!text) return stopped(text.error());
  return drain(**text, name, "the decompressed text", limit_bytes);
}

/// Opens a text that is in memory.
TextOpener opener_of(std::string text) {
  return [held = std::make_shared<const std::string>(std::move(
              text))]() -> Result<std::unique_ptr<TextReader>> { return read_bytes(*held, held); };
}

/// Writes all of `text` and closes. The error number, 0 when all is well.
int write_and_close(int descriptor, std::string_view text, bool settle) {
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // Some file systems find only here that the disk is full.
  if (error == 0 && settle && ::fsync(descriptor) != 0 && errno != EINVAL) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  return error;
}

/// As `write_file`, of a path without links; returns the error number.
int write_beside(const std::string& path, std::string_view text) {
  struct stat old = {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    return descriptor < 0 ? errno : write_and_close(descriptor, text, false);
  }
  const std::string fresh = path + ".part-" + std::to_string(::getpid());
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return errno;
  int error = 0;
  if (exists && ::fchmod(descriptor, old.st_mode & 07777) != 0) error = errno;
  const int written = write_and_close(descriptor, text, true);
  if (error == 0) error = written;
  if (error == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(fresh.c_str());
  return error;
}

}  // namespace

std::optional<Error> write_file(const std::string& path, std::string_view text) {
  std::error_code none;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, none);
  const bool device =
      std::filesystem::exists(path, none) && !std::filesystem::is_regular_file(path, none);
  const int error = write_beside(device || target.empty() ? path : target.string(), text);
  if (error == 0) return std::nullopt;
  return Error{.code = ErrorCode::io,
               .message = fmt::format("cannot write '{}'", shown(path, 200)),
               .where = {.file = path},
               .hint = std::generic_category().message(error)};
}

Result<std::string> inflate(std::string raw, const std::string& name, std::size_t limit_bytes) {
  return whole(decompress(std::move(raw), name, limit_bytes));
}

Result<std::string> read_file(const std::string& path, std::size_t limit_bytes) {
  Result<std::string> raw = read_raw(path, limit_bytes);
  if (!raw) return raw;
  return inflate(*std::move(raw), path, limit_bytes);
}

Salvage salvage_file(const std::string& path, std::size_t limit_bytes) {
  Result<std::string> raw = read_raw(path, limit_bytes);
  if (!raw) return stopped(raw.error());
  return decompress(*std::move(raw), path, limit_bytes);
}

Result<std::string> FileLoader::operator()(const std::string& path, std::size_t limit_bytes) const {
  if (on_disk_) return read_file(path, limit_bytes);
  Result<std::string> text = load_(path);
  if (text && text->size() > limit_bytes) return fail(too_large(path, "the text", limit_bytes));
  return text;
}

Result<TextOpener> FileLoader::open(const std::string& path) const {
  std::error_code ignored;
  if (on_disk_ && std::filesystem::is_regular_file(path, ignored)) {
    return [path]() -> Result<std::unique_ptr<TextReader>> {
      Result<std::unique_ptr<TextReader>> bytes = read_bytes(path);
      if (!bytes) return bytes;
      return decompressed(*std::move(bytes), path);
    };
  }
  Result<std::string> text = load_(path);
  if (!text) return fail(text.error());
  return opener_of(*std::move(text));
}

FileLoader FileLoader::disk() {
  FileLoader out([](const std::string& path) { return read_file(path); });
  out.on_disk_ = true;
  return out;
}

}  // namespace sn
