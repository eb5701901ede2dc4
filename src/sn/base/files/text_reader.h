// sn/base/files/text_reader.h
//
// A text piece by piece, plain, gzip or zstd, in the memory of a few buffers.
//
// The format is recognised by magic bytes, not by name. A truncated or corrupt stream is an error
// after the last good piece, never a shorter text. Several gzip members or zstd frames in a row
// are one text.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sn/base/result.h"

namespace sn {

class TextReader {
 public:
  virtual ~TextReader() = default;
  /// The next piece, valid until the next call; empty at the end. What failed once goes on failing.
  [[nodiscard]] virtual Result<std::string_view> next() = 0;
};

/// Begins a text anew, as often as it is called.
using TextOpener = std::function<Result<std::unique_ptr<TextReader>>()>;

/// The bytes of a file, as they are. Errors: `io` (missing, a folder, not readable).
[[nodiscard]] Result<std::unique_ptr<TextReader>> read_bytes(const std::string& path);
/// The bytes of `text`, in one piece; it must outlive the reader, or be what `owner` keeps alive.
[[nodiscard]] std::unique_ptr<TextReader> read_bytes(std::string_view text,
                                                     std::shared_ptr<const void> owner);

/// The text that `bytes` hold, decompressed where they start with a magic number. Errors of the
/// text name `name`: `data` (truncated, corrupt).
[[nodiscard]] Result<std::unique_ptr<TextReader>> decompressed(std::unique_ptr<TextReader> bytes,
                                                               const std::string& name);

/// Whether `bytes` start as gzip or zstd data do.
[[nodiscard]] bool is_compressed(std::string_view bytes);

}  // namespace sn
