// sn/evidence/serving/rows/engine_versions_test.cc

#include "sn/evidence/serving/rows/engine_versions.h"

#include <gtest/gtest.h>

#include <string>

#include "sn/catalog/catalog.h"

namespace sn::evidence {
namespace {

struct Row {
  const char* engine;
  const char* version;
  const char* entry;
};

constexpr Row rows[] = {
    {"vllm", "", "vllm-0.11"},
    {"vllm", "0.11.0", "vllm-0.11"},
    {"vllm", "0.12.0", "vllm-0.11"},
    {"vllm", "0.13.0", "vllm"},
    {"vllm", "0.19.0", "vllm"},
    {"vllm", "1.0.0", "vllm"},
    {"vllm", "vllm/vllm-openai:v0.11.2", "vllm-0.11"},
    {"vllm", "vllm/vllm-openai:v0.15.1-cu130", "vllm"},
    {"vllm", "vllm/vllm-openai:nightly", "vllm-0.11"},
    {"sglang", "", "sglang-0.5.5"},
    {"sglang", "0.4.9", "sglang-0.5.5"},
    {"sglang", "0.5.5.post3", "sglang-0.5.5"},
    {"sglang", "0.5.7", "sglang"},
    {"sglang", "0.5.9", "sglang"},
    {"sglang", "lmsysorg/sglang:v0.5.6-cu129-amd64", "sglang-0.5.5"},
    {"sglang", "lmsysorg/sglang:v0.5.12-cu130", "sglang"},  // twelve, not one and two
    {"sglang", "lmsysorg/sglang:v0.5.12@sha256:0f1e2d", "sglang"},
    {"trtllm", "", "trtllm-1.1"},
    {"trtllm", "1.0.0", "trtllm-1.0"},
    {"trtllm", "1.0.0rc3", "trtllm-1.0"},
    {"trtllm", "1.1.0rc5", "trtllm-1.1"},
    {"trtllm", "1.2.0rc0", "trtllm"},
    {"trtllm", "1.3.0rc14", "trtllm"},
    {"trtllm", "nvcr.io/nvidia/tensorrt-llm/release:1.1.0rc2.post2", "trtllm-1.1"},
    {"trtllm", "0.8.1.post1", "trtllm"},  // Dynamo's own number
    {"trtllm", "nvcr.io/nvidia/ai-dynamo/tensorrtllm-runtime:0.8.1.post1", "trtllm"},
};

TEST(EngineVersions, FamiliesOfVersions) {
  for (const Row& r : rows) {
    EXPECT_EQ(engine_entry(r.engine, r.version), r.entry) << r.engine << " '" << r.version << "'";
  }
}

TEST(EngineVersions, EveryFamilyIsInTheCatalog) {
  const auto catalog = catalog::Catalog::embedded();
  ASSERT_TRUE(catalog.has_value());
  const catalog::CatalogKind* kind = catalog::find_kind("framework");
  ASSERT_NE(kind, nullptr);
  for (const Row& r : rows) {
    EXPECT_TRUE(catalog->resolve(*kind, Node::scalar(r.entry)).has_value()) << r.entry;
  }
}

}  // namespace
}  // namespace sn::evidence
