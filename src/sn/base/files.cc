// sn/base/files.cc
//
// Whole texts out of readers; see the header.

#include "sn/base/files.h"

#include <fmt/format.h>

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

}  // namespace

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
