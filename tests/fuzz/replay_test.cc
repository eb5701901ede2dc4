// tests/fuzz/replay_test.cc
//
// Every seed of every fuzz target, once, without libFuzzer: what was found before is not found
// again. A target without seeds is a mistake.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// As libFuzzer declares the entry of a target; one name each.
#define SN_FUZZ_TARGET(name) extern "C" int replay_##name(const std::uint8_t*, std::size_t);
#include "fuzz_targets.inc"
#undef SN_FUZZ_TARGET

namespace {

struct Target {
  const char* name;
  int (*run)(const std::uint8_t*, std::size_t);
};

constexpr Target targets[] = {
#define SN_FUZZ_TARGET(name) {#name, replay_##name},
#include "fuzz_targets.inc"
#undef SN_FUZZ_TARGET
};

std::vector<std::filesystem::path> seeds_of(const std::string& target) {
  std::vector<std::filesystem::path> out;
  const std::filesystem::path folder = std::filesystem::path("tests/fuzz/corpus") / target;
  if (!std::filesystem::is_directory(folder)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, EverySeed) {
  const std::vector<std::filesystem::path> seeds = seeds_of(GetParam().name);
  EXPECT_FALSE(seeds.empty());
  for (const std::filesystem::path& seed : seeds) {
    std::fprintf(stderr, "%s\n", seed.c_str());  // the last one, where the program ends here
    const std::string bytes = bytes_of(seed);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    EXPECT_EQ(GetParam().run(data, bytes.size()), 0) << seed;
  }
}

TEST_P(Replay, NoBytesAtAll) { EXPECT_EQ(GetParam().run(nullptr, 0), 0); }

INSTANTIATE_TEST_SUITE_P(Targets, Replay, testing::ValuesIn(targets),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
