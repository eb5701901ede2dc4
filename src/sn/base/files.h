// sn/base/files.h
//
// Whole files into memory, plain, gzip or zstd, with a limit on the decompressed size.
//
// The format is recognised by magic bytes, not by name. A truncated or corrupt stream is an error,
// never a shorter text. Several gzip members or zstd frames in a row are one text; memory grows
// with what is produced, never with what a header claims.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "sn/base/result.h"

namespace sn {

/// How the layers above get at files: the CLI passes the disk, tests and fuzzers pass memory.
using FileLoader = std::function<Result<std::string>(const std::string& path)>;

/// Reads and decompresses `path`, a regular file or a pipe. Errors: `io` (missing, a folder, not
/// readable), `limit` (the raw or the decompressed size), `data` (truncated, corrupt).
[[nodiscard]] Result<std::string> read_file(const std::string& path,
                                            std::size_t limit_bytes = 4ull << 30);

/// A text as far as it could be had, and what stopped it.
struct Salvage {
  std::string text;
  std::optional<Error> stopped_by;
};

/// As `read_file`, but keeps what was decompressed before a truncated or corrupt place: for data of
/// which every line stands for itself.
[[nodiscard]] Salvage salvage_file(const std::string& path, std::size_t limit_bytes = 4ull << 30);

/// Decompresses `raw` when it starts with a gzip or zstd magic number, else returns it as it is.
[[nodiscard]] Result<std::string> inflate(std::string raw, const std::string& name,
                                          std::size_t limit_bytes);

}  // namespace sn
