// sn/base/files/files_test.cc
//
// Plain, gzip and zstd files made by the libraries themselves; every byte cut off, every limit.

#include "sn/base/files/files.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/resource.h>
#include <zlib.h>
#include <zstd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace sn {
namespace {

constexpr std::size_t plenty = 64u << 20;

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
  EXPECT_FALSE(ZSTD_isError(size));
  out.resize(size);
  return out;
}

std::string lines(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "{\"time\": " + std::to_string(i * 977 % 1009) + "}\n";
  return out;
}

Error refused(const Result<std::string>& got) {
  EXPECT_FALSE(got.has_value());
  return got ? Error{} : got.error().front();
}

/// A file in the test's own folder, gone with the object.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& content)
      : path_(std::filesystem::path(testing::TempDir()) / ("sn_files_test_" + name)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(Inflate, PlainTextStays) {
  EXPECT_EQ(inflate("abc", "x", 3).value(), "abc");
  EXPECT_EQ(inflate("", "x", 0).value(), "");
  EXPECT_EQ(inflate("\x1f", "x", 1).value(), "\x1f");
}

TEST(Inflate, GzipAndZstdOfSeveralChunks) {
  const std::string text = lines(50'000);  // over one megabyte: several rounds of the buffer
  EXPECT_EQ(inflate(gzip(text), "x", plenty).value(), text);
  EXPECT_EQ(inflate(zstd(text), "x", plenty).value(), text);
}

TEST(Inflate, EmptyStreams) {
  EXPECT_EQ(inflate(gzip(""), "x", 0).value(), "");
  EXPECT_EQ(inflate(zstd(""), "x", 0).value(), "");
}

TEST(Inflate, ExactlyOneBuffer) {
  const std::string text(256u << 10, 'a');
  EXPECT_EQ(inflate(gzip(text), "x", text.size()).value(), text);
  EXPECT_EQ(inflate(zstd(text), "x", text.size()).value(), text);
}

TEST(Inflate, MembersAndFramesInARow) {
  EXPECT_EQ(inflate(gzip("one ") + gzip("") + gzip("two"), "x", plenty).value(), "one two");
  EXPECT_EQ(inflate(zstd("one ") + zstd("") + zstd("two"), "x", plenty).value(), "one two");
}

TEST(Inflate, EveryTruncationIsAnError) {
  const std::string text = lines(20);
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    for (std::size_t size = 4; size < whole.size(); ++size) {
      const auto got = inflate(whole.substr(0, size), "cut.gz", plenty);
      ASSERT_FALSE(got.has_value()) << size;
      EXPECT_EQ(got.error().front().code, ErrorCode::data) << size;
      EXPECT_EQ(got.error().front().where.file, "cut.gz");
    }
  }
  EXPECT_EQ(refused(inflate(gzip(text).substr(0, 40), "x", plenty)).message.substr(0, 31),
            "the gzip data is truncated: it ");
}

TEST(Inflate, TruncationOfASecondMember) {
  const std::string second = gzip("two");
  for (std::size_t size = 1; size < second.size(); ++size) {
    EXPECT_FALSE(inflate(gzip("one") + second.substr(0, size), "x", plenty).has_value()) << size;
  }
}

TEST(Inflate, RubbishAfterTheEndIsAnError) {
  EXPECT_EQ(refused(inflate(gzip("a") + "rubbish", "x", plenty)).code, ErrorCode::data);
  EXPECT_EQ(refused(inflate(zstd("a") + "rubbish", "x", plenty)).code, ErrorCode::data);
}

TEST(Inflate, CorruptData) {
  const std::string text = lines(200);
  std::string bad = gzip(text);
  bad[bad.size() - 6] ^= 1;  // the checksum
  const Error e = refused(inflate(bad, "x", plenty));
  EXPECT_EQ(e.code, ErrorCode::data);
  EXPECT_NE(e.message.find("the gzip data is corrupt"), std::string::npos) << e.message;
  std::string frame = zstd(text);
  frame[4] = static_cast<char>(0xff);
  EXPECT_EQ(refused(inflate(frame, "x", plenty)).code, ErrorCode::data);
}

TEST(Inflate, LimitOfTheDecompressedSize) {
  const std::string text = lines(100);
  for (const std::string& raw : {gzip(text), zstd(text), text}) {
    EXPECT_EQ(inflate(raw, "x", text.size()).value(), text);
    EXPECT_EQ(refused(inflate(raw, "x", text.size() - 1)).code, ErrorCode::limit);
  }
  EXPECT_EQ(refused(inflate(gzip("one") + gzip("two"), "x", 5)).code, ErrorCode::limit);
}

TEST(Inflate, BombsStopAtTheLimit) {
  const std::string zeros(32u << 20, '\0');  // a thousand times larger than its gzip
  EXPECT_EQ(refused(inflate(gzip(zeros), "x", 1u << 20)).code, ErrorCode::limit);
  EXPECT_EQ(refused(inflate(zstd(zeros), "x", 1u << 20)).code, ErrorCode::limit);
}

TEST(ReadFile, ByContentNotByName) {
  const TemporaryFile plain("a.gz", "plain text");
  const TemporaryFile packed("b.txt", gzip("packed text"));
  EXPECT_EQ(read_file(plain.path()).value(), "plain text");
  EXPECT_EQ(read_file(packed.path()).value(), "packed text");
}

TEST(ReadFile, MissingAndFolder) {
  const Error missing = refused(read_file("/no/such/file.yaml"));
  EXPECT_EQ(missing.code, ErrorCode::io);
  EXPECT_EQ(missing.message, "cannot read '/no/such/file.yaml'");
  EXPECT_EQ(missing.hint, "No such file or directory");
  EXPECT_EQ(missing.where.file, "/no/such/file.yaml");
  const Error folder = refused(read_file(testing::TempDir()));
  EXPECT_EQ(folder.code, ErrorCode::io);
  EXPECT_EQ(folder.hint, "Is a directory");
  EXPECT_EQ(refused(read_file("")).code, ErrorCode::io);
  EXPECT_EQ(refused(read_file("/dev/zero")).code, ErrorCode::io);
  const TemporaryFile file("c", "x");
  EXPECT_EQ(refused(read_file(file.path() + "/d")).code, ErrorCode::io);
}

TEST(FileLoader, OpensTheDiskInPiecesAndAgain) {
  const std::string text(1'000'000, 'a');
  for (const std::string& raw : {text, gzip(text), zstd(text)}) {
    const TemporaryFile file("pieces", raw);
    const Result<TextOpener> open = FileLoader::disk().open(file.path());
    ASSERT_TRUE(open.has_value());
    for (int time = 0; time < 2; ++time) {
      const auto reader = (*open)();
      ASSERT_TRUE(reader.has_value());
      std::size_t size = 0;
      for (auto piece = (*reader)->next(); !piece->empty(); piece = (*reader)->next()) {
        EXPECT_LE(piece->size(), 256u << 10);
        size += piece->size();
      }
      EXPECT_EQ(size, text.size());
    }
  }
  EXPECT_EQ(FileLoader::disk().open("/no/such/file").error().front().code, ErrorCode::io);
}

TEST(SalvageFile, KeepsWhatCameBeforeTheCut) {
  const std::string text = lines(50000);
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    const TemporaryFile cut("e", whole.substr(0, whole.size() / 2));
    const Salvage got = salvage_file(cut.path());
    ASSERT_TRUE(got.stopped_by.has_value());
    EXPECT_EQ(got.stopped_by->code, ErrorCode::data);
    // zstd gives out whole blocks: of a short text perhaps none.
    if (whole.starts_with("\x1f\x8b")) {
      EXPECT_GT(got.text.size(), text.size() / 10);
    }
    EXPECT_EQ(got.text, text.substr(0, got.text.size()));
    const TemporaryFile all("f", whole);
    EXPECT_EQ(salvage_file(all.path()).text, text);
    EXPECT_FALSE(salvage_file(all.path()).stopped_by.has_value());
  }
  EXPECT_EQ(salvage_file("/no/such/file").stopped_by->code, ErrorCode::io);
}

TEST(ReadFile, LimitOfTheRawSize) {
  const TemporaryFile file("d", "12345");
  EXPECT_EQ(read_file(file.path(), 5).value(), "12345");
  EXPECT_EQ(refused(read_file(file.path(), 4)).code, ErrorCode::limit);
}

RC_GTEST_PROP(InflateProperty, AnyBytesAfterAMagicAreTextOrAnError, (const std::string& bytes)) {
  for (const std::string magic : {"\x1f\x8b\x08", "\x28\xb5\x2f\xfd", ""}) {
    const auto got = inflate(magic + bytes, "x", 1u << 20);
    RC_ASSERT(got.has_value() || !got.error().empty());
  }
}

RC_GTEST_PROP(InflateProperty, ThereAndBack, (const std::string& text)) {
  RC_ASSERT(inflate(gzip(text), "x", plenty).value() == text);
  RC_ASSERT(inflate(zstd(text), "x", plenty).value() == text);
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

/// Names in a folder that begin as `path` does.
std::size_t beside(const std::string& path) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(path))) {
    count += entry.path().string().starts_with(path) ? 1 : 0;
  }
  return count;
}

TEST(WriteFile, ReplacesAWholeFileAndKeepsItsModeAndLinks) {
  const TemporaryFile file("w", "old");
  std::filesystem::permissions(file.path(), std::filesystem::perms::owner_all);
  EXPECT_FALSE(write_file(file.path(), "new").has_value());
  EXPECT_EQ(read_file(file.path()).value(), "new");
  EXPECT_EQ(std::filesystem::status(file.path()).permissions(), std::filesystem::perms::owner_all);
  const std::string link = file.path() + "-link";
  std::filesystem::create_symlink(file.path(), link);
  EXPECT_FALSE(write_file(link, "through").has_value());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(read_file(file.path()).value(), "through");
  std::filesystem::remove(link);
  EXPECT_EQ(beside(file.path()), 1u);
}

TEST(WriteFile, AFullDiskIsToldWithItsReason) {
  const std::optional<Error> full = write_file("/dev/full", "text");
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->code, ErrorCode::io);
  EXPECT_EQ(full->hint, "No space left on device");
  EXPECT_TRUE(write_file("/no/such/folder/file", "x").has_value());
}

TEST(WriteFile, WhatCannotBeWrittenWholeLeavesTheOldFile) {
  const TemporaryFile file("w", "old");
  // As on a full disk: the process may write no file beyond 4 kB.
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 4096;
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::optional<Error> error = write_file(file.path(), std::string(100'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, ignored);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->hint, "File too large");
  EXPECT_EQ(read_file(file.path()).value(), "old");
  EXPECT_EQ(beside(file.path()), 1u);
}

TEST(FileLoader, TellsTheLimitOfAText) {
  const FileLoader memory = [](const std::string&) -> Result<std::string> { return "12345"; };
  EXPECT_TRUE(memory("x", 5).has_value());
  EXPECT_EQ(refused(memory("x", 4)).code, ErrorCode::limit);
  const TemporaryFile file("z", zstd(std::string(1 << 20, ' ')));
  const Error error = refused(FileLoader::disk()(file.path(), 1 << 10));
  EXPECT_EQ(error.message, "the decompressed text is larger than 1024 bytes");
}

}  // namespace
}  // namespace sn
