// sn/base/files/files.h
//
// Whole files into memory, plain, gzip or zstd, with a limit on the decompressed size; and out of
// it.
//
// The format is recognised by magic bytes, not by name. A truncated or corrupt stream is an error,
// never a shorter text. Several gzip members or zstd frames in a row are one text; memory grows
// with what is produced, never with what a header claims.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sn/base/files/text_reader.h"
#include "sn/base/result.h"

namespace sn {

/// How the layers above get at files: the CLI passes the disk, tests and fuzzers pass memory.
class FileLoader {
 public:
  using Load = std::function<Result<std::string>(const std::string& path)>;

  /// Whole texts, as `load` gives them.
  template <class Callable>
    requires(std::is_convertible_v<Callable, Load> && !std::is_same_v<Callable, FileLoader>)
  FileLoader(Callable load) : load_(std::move(load)) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] static FileLoader disk();

  /// Errors beside those of the file: `limit`, where the text is larger than `limit_bytes`.
  [[nodiscard]] Result<std::string> operator()(const std::string& path,
                                               std::size_t limit_bytes) const;
  /// The text of `path`, to be read as often as its opener is called: a file on the disk in pieces,
  /// anything else (a pipe) out of memory.
  [[nodiscard]] Result<TextOpener> open(const std::string& path) const;
  /// Whether paths are those of this machine's disk, so that a folder may be listed too.
  [[nodiscard]] bool on_disk() const { return on_disk_; }

 private:
  Load load_;
  bool on_disk_ = false;
};

/// Reads and decompresses `path`, a regular file or a pipe. Errors: `io` (missing, a folder, not
/// readable), `limit` (the raw or the decompressed size), `data` (truncated, corrupt).
[[nodiscard]] Result<std::string> read_file(const std::string& path,
                                            std::size_t limit_bytes = 1ull << 30);

/// A text as far as it could be had, and what stopped it.
struct Salvage {
  std::string text;
  std::optional<Error> stopped_by;
};

/// As `read_file`, but keeps what was decompressed before a truncated or corrupt place: for data of
/// which every line stands for itself.
[[nodiscard]] Salvage salvage_file(const std::string& path, std::size_t limit_bytes = 1ull << 30);

/// Writes `text` to `path`: beside it first, and renamed once it is whole, so that what stood there
/// is there until then. A device or a pipe is written as it is. Nothing when all went well, else an
/// `io` error whose hint is the machine's reason ("No space left on device").
[[nodiscard]] std::optional<Error> write_file(const std::string& path, std::string_view text);

/// Decompresses `raw` when it starts with a gzip or zstd magic number, else returns it as it is.
[[nodiscard]] Result<std::string> inflate(std::string raw, const std::string& name,
                                          std::size_t limit_bytes);

}  // namespace sn
