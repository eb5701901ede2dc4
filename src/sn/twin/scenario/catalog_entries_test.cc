// sn/twin/scenario/catalog_entries_test.cc
//
// The entries above the hardware: kernel families, communication libraries, serving software,
// traits and models. They stand here because their structs belong to several layers.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "sn/catalog/catalog_test_util.h"
#include "sn/collective/params.h"
#include "sn/hw/machine.h"
#include "sn/kernel/params.h"
#include "sn/llm/framework.h"
#include "sn/llm/model/model.h"

namespace sn::twin {

/// What a model entry says besides its architecture.
struct Published {
  double parameters = 0.0;
  double active = 0.0;
  llm::ModelTraits traits;
};

template <class V>
void describe(V& v, Published& p) {
  v.ratio("published.parameters", p.parameters, 1e6, 1e15);
  v.ratio("published.active_parameters", p.active, 1e6, 1e15);
  v.group("traits", p.traits);
}

namespace {

using catalog::Catalog;
using catalog::CatalogKind;
using catalog::Params;

Published read_published(const Catalog& catalog, const std::string& name, Params& params) {
  Published out;
  Errors errors;
  const Result<Node> tree = catalog.entry(catalog::kind_named("model"), name);
  if (!tree) {
    ADD_FAILURE() << render(tree.error());
    return out;
  }
  Node rest = *tree;
  rest.erase("config");
  rest.erase("checkpoint");
  catalog::read_entry(catalog, rest, "model", out, params, errors);
  EXPECT_TRUE(errors.empty()) << render(errors);
  catalog::expect_provenance(params);
  return out;
}

llm::ModelSpec read_spec(const Catalog& catalog, const std::string& name) {
  const Result<Node> tree = catalog.entry(catalog::kind_named("model"), name);
  EXPECT_TRUE(tree.has_value());
  const Node* config = tree ? tree->find("config") : nullptr;
  if (config == nullptr) {
    ADD_FAILURE() << name << " has no config";
    return {};
  }
  const Result<llm::ModelSpec> spec = llm::read_model(*config, name);
  EXPECT_TRUE(spec.has_value()) << render(spec.error());
  return spec ? *spec : llm::ModelSpec{};
}

TEST(ShippedEntries, AllRead) {
  catalog::expect_all_read<kernel::KernelParams>("kernels", 9);
  catalog::expect_all_read<collective::CollectiveParams>("collectives", 1);
  catalog::expect_all_read<llm::Framework>("framework", 1);
  catalog::expect_all_read<llm::ModelTraits>("traits", 1);
}

TEST(ShippedEntries, RoundTrip) {
  const Catalog catalog = catalog::shipped_catalog();
  Params params;
  const auto kernels =
      catalog::read_shipped<kernel::KernelParams>(catalog, "kernels", "blackwell", params);
  catalog::expect_round_trip(kernels, params);
  params.clear();
  const auto collectives = catalog::read_shipped<collective::CollectiveParams>(
      catalog, "collectives", "default", params);
  catalog::expect_round_trip(collectives, params);
  params.clear();
  const auto framework =
      catalog::read_shipped<llm::Framework>(catalog, "framework", "generic", params);
  catalog::expect_round_trip(framework, params);
}

TEST(ShippedEntries, KernelGenerationsAreFittedOrSayThatTheyAreNot) {
  const Catalog catalog = catalog::shipped_catalog();
  for (const std::string& name : catalog.names(catalog::kind_named("kernels"))) {
    Params params;
    static_cast<void>(
        catalog::read_shipped<kernel::KernelParams>(catalog, "kernels", name, params));
    for (const catalog::Param& p : params) {
      if (!p.present) continue;
      const std::string& source = p.provenance.source.id;
      const bool from_data = source == "kernel-fit" || source == "derived";
      EXPECT_TRUE(from_data || p.provenance.source.grade == catalog::Grade::family_default)
          << name << " " << p.path;
      EXPECT_FALSE(p.provenance.note.empty()) << name << " " << p.path;
    }
  }
}

TEST(ShippedEntries, EveryChipHasAGenerationOfKernels) {
  const Catalog catalog = catalog::shipped_catalog();
  for (const std::string& name : catalog.names(catalog::kind_named("chip"))) {
    SCOPED_TRACE(name);
    Params params;
    const auto chip = catalog::read_shipped<hw::Chip>(catalog, "chip", name, params);
    params.clear();
    const auto family =
        catalog::read_shipped<kernel::KernelParams>(catalog, "kernels", chip.kernels, params);
    EXPECT_GT(family.gemm.rate, 0.5);
    EXPECT_EQ(params.size(), 58u);
  }
}

TEST(ShippedEntries, CollectiveSharesAreNearWhatTheyWereTakenFrom) {
  const Catalog catalog = catalog::shipped_catalog();
  Params params;
  const auto c = catalog::read_shipped<collective::CollectiveParams>(catalog, "collectives",
                                                                     "default", params);
  // Ring all-reduce on H200 x8: 367 GB/s of busbw over the 396 GB/s the link sustains.
  params.clear();
  const auto hopper =
      catalog::read_shipped<collective::CollectiveParams>(catalog, "collectives", "hopper", params);
  EXPECT_NEAR(hopper.library.all_reduce.bulk, 367.0 / 396.0, 0.08);
  // In-switch: S (1 + 1/N) / t over the sustained link; busbw = 2 (N - 1)/N S/t.
  const auto share = [](double n, double busbw, double sustained) {
    return busbw / (2.0 * (n - 1.0) / n) * (1.0 + 1.0 / n) / sustained;
  };
  EXPECT_GT(c.in_switch.share, share(72.0, 850.0, 738.0));  // NVL72 0.59
  EXPECT_LT(c.in_switch.share, share(8.0, 840.0, 738.0));   // B200 x8 0.73
}

TEST(ShippedEntries, TraitsOfDenseModelsAreNeutral) {
  const Catalog catalog = catalog::shipped_catalog();
  Params params;
  const Published llama = read_published(catalog, "llama-3.1-70b", params);
  EXPECT_EQ(llama.traits.mtp_acceptance, 0.0);
  EXPECT_EQ(llama.traits.expert_imbalance, 1.0);
}

TEST(ShippedEntries, ModelsCountAsPublished) {
  const Catalog catalog = catalog::shipped_catalog();
  const auto names = catalog.names(catalog::kind_named("model"));
  EXPECT_GE(names.size(), 4u);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    Params params;
    const Published published = read_published(catalog, name, params);
    const llm::ModelSpec spec = read_spec(catalog, name);
    const llm::ParameterCount count = llm::count_parameters(spec);
    // Published in whole billions, for some (Llama 4) with an encoder of images.
    EXPECT_NEAR(count.total() / published.parameters, 1.0, 0.015);
    // The active ones are published with the embedding, without it, or without the head too.
    const double active = llm::active_parameters(spec);
    double difference = 1.0;
    for (const double a : {active, active + count.embedding, active - count.lm_head}) {
      difference = std::min(difference, std::abs(a / published.active - 1.0));
    }
    EXPECT_LT(difference, 0.025);
    EXPECT_EQ(spec.mtp_layers > 0, published.traits.mtp_acceptance > 0.0);
    catalog::expect_round_trip(published, params);
  }
}

TEST(ShippedEntries, TheTenTrillionModelByHand) {
  const Catalog catalog = catalog::shipped_catalog();
  Params params;
  const Published published = read_published(catalog, "sn-10t", params);
  for (const catalog::Param& p : params) {
    EXPECT_EQ(p.provenance.source.grade, catalog::Grade::assumption) << p.path;
  }
  const double h = 12288.0;
  const double expert = 3.0 * h * 4096.0;                 // 151 million
  const double experts = 128.0 * (512.0 + 2.0) * expert;  // 132 layers less 4 dense ones
  // MLA: queries down and up, latent down and up, output; norms are below a millionth.
  const double attention = 132.0 * (h * 2048.0 + 2048.0 * 128.0 * 192.0 + h * 576.0 +
                                    512.0 * 128.0 * 256.0 + 128.0 * 128.0 * h);
  const double dense = 4.0 * 3.0 * h * 36864.0;
  const double embeddings = 2.0 * 163840.0 * h;
  const double router = 128.0 * 512.0 * h;
  const double total = experts + attention + dense + embeddings + router;
  EXPECT_NEAR(total / published.parameters, 1.0, 0.01);
  const double active = 128.0 * 10.0 * expert + attention + dense + embeddings / 2.0 + router;
  EXPECT_NEAR(active / published.active, 1.0, 0.01);
  EXPECT_GT(active / total, 0.02);
  EXPECT_LT(active / total, 0.03);
  const llm::ModelSpec spec = read_spec(catalog, "sn-10t");
  EXPECT_EQ(spec.native_weights, kernel::DataType::fp4);
  EXPECT_NEAR(llm::count_parameters(spec).total() / total, 1.0, 1e-4);
}

TEST(ShippedEntries, NativePrecision) {
  const Catalog catalog = catalog::shipped_catalog();
  EXPECT_EQ(read_spec(catalog, "deepseek-v3").native_weights, kernel::DataType::fp8);
  EXPECT_EQ(read_spec(catalog, "qwen3-235b-a22b").native_weights, kernel::DataType::bf16);
}

TEST(ShippedEntries, KvBytesPerToken) {
  const Catalog catalog = catalog::shipped_catalog();
  const auto bytes = [&](const std::string& name) {
    return llm::kv_bytes_per_token(read_spec(catalog, name), kernel::DataType::bf16).si();
  };
  EXPECT_EQ(bytes("deepseek-v3"), 61.0 * 576.0 * 2.0);
  EXPECT_EQ(bytes("qwen3-235b-a22b"), 94.0 * 2.0 * 4.0 * 128.0 * 2.0);
  EXPECT_EQ(bytes("llama-3.1-70b"), 80.0 * 2.0 * 8.0 * 128.0 * 2.0);
  EXPECT_EQ(bytes("sn-10t"), 132.0 * 576.0 * 2.0);
}

}  // namespace
}  // namespace sn::twin
