// sn/llm/model/model_test.cc
//
// Parameters, cache bytes and FLOPs of catalog models, by hand from their config.json.

#include "sn/llm/model/model.h"

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

TEST(GptOss120B, ParametersByPart) {
  const ModelSpec m = shipped_model("gpt-oss-120b").spec;
  const ParameterCount p = count_parameters(m);
  // q 2880 x 4096, k and v 2880 x 512 each, o 4096 x 2880, biases of all four, 64 sinks.
  const double attention =
      2.0 * 2880.0 * 4096.0 + 2.0 * 2880.0 * 512.0 + 4096.0 + 1024.0 + 2880.0 + 64.0;
  EXPECT_EQ(p.attention, 36.0 * attention);
  // gate and up 2880 x 5760, down 2880 x 2880, and their biases.
  const double expert = 3.0 * 2880.0 * 2880.0 + 5760.0 + 2880.0;
  EXPECT_EQ(p.experts, 36.0 * 128.0 * expert);
  EXPECT_EQ(p.router, 36.0 * 128.0 * 2881.0);
  // The model card: MLP 114.71, attention 0.96, embedding and unembedding 1.16, total 116.83 and
  // active 5.13, all in 1e9.
  expect_share(p.experts + p.router, 114.71e9, 0.001);
  expect_share(p.attention, 0.96e9, 0.01);
  expect_share(p.embedding + p.lm_head, 1.16e9, 0.01);
  expect_share(p.total(), 116.83e9, 0.001);
  expect_share(active_parameters(m), 5.13e9, 0.005);
  EXPECT_EQ(m.windowed_layers, 18);
  EXPECT_EQ(m.window, 128);
  EXPECT_TRUE(m.stored.listed && m.stored.wide_attention && m.stored.mxfp4);
}

TEST(Llama4Maverick, ParametersByPart) {
  const ModelSpec m = shipped_model("llama-4-maverick").spec;
  const ParameterCount p = count_parameters(m);
  const double expert = 3.0 * 5120.0 * 8192.0;
  EXPECT_EQ(p.experts, 24.0 * 128.0 * expert);  // every second of 48 layers
  EXPECT_EQ(p.shared_experts, 24.0 * expert);
  EXPECT_EQ(p.dense_ffn, 24.0 * 3.0 * 5120.0 * 16384.0);
  EXPECT_EQ(p.attention, 48.0 * (2.0 * 5120.0 * 5120.0 + 2.0 * 5120.0 * 1024.0));
  expect_share(p.total(), 400e9, 0.01);
  expect_share(active_parameters(m) + p.embedding, 17e9, 0.015);
  EXPECT_EQ(m.windowed_layers, 36);  // every fourth layer has no rotary positions and reads all
  EXPECT_EQ(m.window, 8192);
}

TEST(DeepSeekV32, TheIndexerComesOnTop) {
  const ModelSpec m = shipped_model("deepseek-v3.2").spec;
  // q 1536 x 64 x 128, k 7168 x 128 with a LayerNorm of 128, weights 7168 x 64: 13,959,424.
  const double indexer = 12'582'912.0 + 917'504.0 + 256.0 + 458'752.0;
  EXPECT_EQ(indexer_parameters(m), indexer);
  const ModelSpec v3 = shipped_model("deepseek-v3").spec;
  EXPECT_EQ(count_parameters(m).total(), count_parameters(v3).total() + 61.0 * indexer);
  EXPECT_EQ(kv_bytes_per_token(m, DataType::bf16).si(), 61.0 * (576.0 * 2.0 + 132.0));
  // sglang#11309: 656 B of cache and 132 B of indexer a layer, 48,071 B with the rounding of pages.
  EXPECT_EQ(kv_bytes_per_token(m, DataType::fp8).si(), 61.0 * (656.0 + 132.0));
  // Beyond 2048 keys a token costs the indexer alone: 2 x 64 x 128 per key and layer.
  EXPECT_EQ((flops_per_token(m, 102'048.0) - flops_per_token(m, 2048.0)).si(),
            61.0 * 2.0 * 64.0 * 128.0 * 100'000.0);
}

TEST(Glm45, ParametersAsTheReportCountsThem) {
  const ModelSpec m = shipped_model("glm-4.5").spec;
  const ParameterCount p = count_parameters(m);
  // With MTP, without embedding and head.
  expect_share(p.total() + p.mtp - p.embedding - p.lm_head, 355e9, 0.01);
  expect_share(active_parameters(m) - p.lm_head, 32e9, 0.015);
}

TEST(OtherModels, CountAsPublished) {
  const auto check = [](std::string_view name, double total, double active, double with_embedding) {
    SCOPED_TRACE(name);
    const ModelSpec m = shipped_model(name).spec;
    const ParameterCount p = count_parameters(m);
    expect_share(p.total(), total, 0.01);
    expect_share(active_parameters(m) + with_embedding * p.embedding, active, 0.017);
  };
  check("llama-3.1-8b", 8.03e9, 8.03e9, 1.0);
  check("llama-3.1-405b", 405.9e9, 405.9e9, 1.0);
  check("qwen3-32b", 32.8e9, 32.8e9, 1.0);
  check("mixtral-8x22b", 141e9, 39e9, 0.0);
  check("qwen3-30b-a3b", 30.5e9, 3.3e9, 1.0);  // 3.353, published as 3.3: 1.6 %
  check("qwen3-coder-480b", 480e9, 35e9, 0.0);
  check("kimi-k2", 1.026e12, 32e9, 0.0);  // the report says 1.04e12
  check("sn-1t", 1.0e12, 50.5e9, 0.0);
  check("sn-2.8t", 2.8e12, 93e9, 0.0);
}

TEST(KvCache, WindowedLayersKeepTheWindow) {
  const ModelSpec m = shipped_model("gpt-oss-120b").spec;
  // 36 layers x 2 x 8 x 64 x 2 bytes, half of them at most 128 tokens deep.
  EXPECT_EQ(kv_bytes_per_token(m, DataType::bf16).si(), 73'728.0);
  EXPECT_EQ(kv_bytes_of_sequence(m, DataType::bf16, 100.0).si(), 7'372'800.0);
  EXPECT_EQ(kv_bytes_of_sequence(m, DataType::bf16, 10'128.0).si(),
            18.0 * 2048.0 * (10'128.0 + 128.0));
  // The same for attention: 64 heads of 64, 4 FLOPs per element and key.
  EXPECT_EQ((flops_per_token(m, 10'128.0) - flops_per_token(m, 128.0)).si(),
            18.0 * 64.0 * 64.0 * 4.0 * 10'000.0);
  const ModelSpec llama = shipped_model("llama-3.1-70b").spec;
  EXPECT_EQ(kv_tokens_held(llama, 12'345.0), 12'345.0);
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
