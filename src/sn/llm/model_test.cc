// sn/llm/model_test.cc
//
// Parameters, cache bytes and FLOPs of the four catalog models, by hand from their config.json.

#include "sn/llm/model.h"

#include <gtest/gtest.h>

#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using kernel::DataType;

void expect_share(double actual, double published, double share) {
  EXPECT_NEAR(actual, published, published * share);
}

TEST(DeepSeekV3, ParametersByPart) {
  const ModelSpec m = shipped_model("deepseek-v3").spec;
  const ParameterCount p = count_parameters(m);
  EXPECT_EQ(p.embedding, 129280.0 * 7168.0);
  EXPECT_EQ(p.lm_head, 129280.0 * 7168.0);
  // q_a 7168 x 1536, its norm, q_b 1536 x 128 heads x 192; kv_a 7168 x 576, norm of the 512 latent
  // elements; kv_b 512 x 128 x (128 + 128); o 128 x 128 x 7168: 187,107,328 a layer.
  const double attention =
      11'010'048.0 + 1536.0 + 37'748'736.0 + 4'128'768.0 + 512.0 + 16'777'216.0 + 117'440'512.0;
  EXPECT_EQ(attention, 187'107'328.0);
  EXPECT_EQ(attention_parameters(m), attention);
  EXPECT_EQ(p.attention, 61.0 * attention);
  EXPECT_EQ(p.dense_ffn, 3.0 * 3.0 * 7168.0 * 18432.0);
  const double expert = 3.0 * 7168.0 * 2048.0;  // 44,040,192
  EXPECT_EQ(p.experts, 58.0 * 256.0 * expert);
  EXPECT_EQ(p.shared_experts, 58.0 * expert);
  EXPECT_EQ(p.router, 58.0 * 256.0 * 7168.0);
  EXPECT_EQ(p.norms, (2.0 * 61.0 + 1.0) * 7168.0);
  // The checkpoint holds 671,026,419,200: these and 58 x 256 routing biases.
  EXPECT_EQ(p.total(), 671'026'419'200.0 - 58.0 * 256.0);
  expect_share(p.total(), 671e9, 0.01);
  // MTP: one more expert layer, 14336 x 7168, norms of both inputs and of the output: 11.6e9. The
  // published 14e9 count copies of embedding and head too.
  EXPECT_EQ(p.mtp,
            attention + 257.0 * expert + 256.0 * 7168.0 + 2.0 * 7168.0 * 7168.0 + 5.0 * 7168.0);
  expect_share(p.mtp + p.embedding + p.lm_head, 14e9, 0.05);
}

TEST(DeepSeekV3, ActiveParameters) {
  // 11.4135 attention + 1.1891 dense + 8 of 256 experts 20.4346 + shared 2.5543 + router 0.1064
  // + norms 0.0009 + head 0.9267 = 36.6256e9; with the embedding 37.55. Published: 37, rounded.
  const double active = active_parameters(shipped_model("deepseek-v3").spec);
  EXPECT_NEAR(active, 36.6256e9, 1e5);
  expect_share(active, 37e9, 0.015);
}

TEST(Qwen3, ParametersByPart) {
  const ModelSpec m = shipped_model("qwen3-235b-a22b").spec;
  const ParameterCount p = count_parameters(m);
  // q and o 4096 x 8192 each, k and v 4096 x 512 each, two norms of 128: 71,303,424 a layer.
  const double attention = 2.0 * 4096.0 * 8192.0 + 2.0 * 4096.0 * 512.0 + 256.0;
  EXPECT_EQ(p.attention, 94.0 * attention);
  EXPECT_EQ(p.experts, 94.0 * 128.0 * 3.0 * 4096.0 * 1536.0);
  EXPECT_EQ(p.router, 94.0 * 128.0 * 4096.0);
  EXPECT_EQ(p.embedding + p.lm_head, 2.0 * 151936.0 * 4096.0);
  EXPECT_EQ(p.dense_ffn + p.shared_experts + p.mtp, 0.0);
  EXPECT_EQ(p.total(), 235'093'634'560.0);  // as the checkpoint
  expect_share(p.total(), 235.1e9, 0.01);
  // 6.7025 attention + 8 of 128 experts 14.1935 + 0.0493 router + 0.6223 head + norms = 21.568e9;
  // with the embedding 22.19. Published: 22, rounded.
  EXPECT_NEAR(active_parameters(m), 21.5684e9, 1e5);
  expect_share(active_parameters(m) + p.embedding, 22e9, 0.01);
}

TEST(Llama70B, ParametersByPart) {
  const ModelSpec m = shipped_model("llama-3.1-70b").spec;
  const ParameterCount p = count_parameters(m);
  EXPECT_EQ(p.attention, 80.0 * (2.0 * 8192.0 * 8192.0 + 2.0 * 8192.0 * 1024.0));
  EXPECT_EQ(p.dense_ffn, 80.0 * 3.0 * 8192.0 * 28672.0);
  EXPECT_EQ(p.embedding, 128256.0 * 8192.0);
  EXPECT_EQ(p.total(), 70'553'706'496.0);  // as the checkpoint
  expect_share(p.total(), 70.55e9, 0.01);
  // A dense model: every parameter but the embedding.
  EXPECT_EQ(active_parameters(m), p.total() - p.embedding);
}

TEST(Sn10T, ParametersByPart) {
  const ModelSpec m = shipped_model("sn-10t").spec;
  const ParameterCount p = count_parameters(m);
  // 12288 x 2048 + 2048 + 2048 x 128 x 192 + 12288 x 576 + 512 + 512 x 128 x 256 + 16384 x 12288
  const double attention =
      25'165'824.0 + 2048.0 + 50'331'648.0 + 7'077'888.0 + 512.0 + 16'777'216.0 + 201'326'592.0;
  EXPECT_EQ(p.attention, 132.0 * attention);
  const double expert = 3.0 * 12288.0 * 4096.0;  // 150,994,944
  EXPECT_EQ(p.experts, 128.0 * 512.0 * expert);
  EXPECT_EQ(p.shared_experts, 128.0 * 2.0 * expert);
  EXPECT_EQ(p.dense_ffn, 4.0 * 3.0 * 12288.0 * 36864.0);
  EXPECT_EQ(p.total(), 9'984'220'256'256.0);
  expect_share(p.total(), 10e12, 0.01);
}

TEST(KvCache, BytesPerTokenAreExact) {
  const auto bytes = [](std::string_view name, DataType type, bool mtp = false) {
    return kv_bytes_per_token(shipped_model(name).spec, type, mtp).si();
  };
  EXPECT_EQ(bytes("deepseek-v3", DataType::bf16), 70'272.0);  // 61 x (512 + 64) x 2
  EXPECT_EQ(bytes("deepseek-v3", DataType::fp8), 35'136.0);
  EXPECT_EQ(bytes("deepseek-v3", DataType::bf16, true), 71'424.0);  // 62 layers
  EXPECT_EQ(bytes("llama-3.1-70b", DataType::bf16), 327'680.0);     // 80 x 2 x 8 x 128 x 2
  EXPECT_EQ(bytes("qwen3-235b-a22b", DataType::bf16), 192'512.0);   // 94 x 2 x 4 x 128 x 2
  EXPECT_EQ(bytes("sn-10t", DataType::bf16), 152'064.0);            // 132 x 576 x 2
  EXPECT_EQ(bytes("sn-10t", DataType::fp8), 76'032.0);
}

TEST(FlopsPerToken, TwoPerActiveParameterAndFourPerHeadElementOfContext) {
  // Llama-70B: 2 x 69,503,033,344 + 80 layers x 64 heads x 128 x 4 x 4096 keys = 149.744e9.
  const ModelSpec llama = shipped_model("llama-3.1-70b").spec;
  EXPECT_EQ(flops_per_token(llama, 0.0).si(), 2.0 * 69'503'033'344.0);
  EXPECT_EQ(flops_per_token(llama, 4096.0).si(),
            2.0 * 69'503'033'344.0 + 80.0 * 64.0 * 128.0 * 4.0 * 4096.0);
  // MLA unabsorbed: scores over 192, values over 128 elements: 2 x 320 per head and key.
  const ModelSpec deepseek = shipped_model("deepseek-v3").spec;
  EXPECT_EQ((flops_per_token(deepseek, 1000.0) - flops_per_token(deepseek, 0.0)).si(),
            61.0 * 128.0 * 640.0 * 1000.0);
}

}  // namespace
}  // namespace sn::llm
