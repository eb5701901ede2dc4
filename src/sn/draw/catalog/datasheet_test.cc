// sn/draw/catalog/datasheet_test.cc

#include "sn/draw/catalog/datasheet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/base/document/document.h"

namespace sn::draw {
namespace {

constexpr catalog::EmbeddedFile files[] = {
    {"sources.yaml",
     "vendor: {title: Vendor datasheet, date: \"2024-03\", grade: official}\n"
     "rival: {title: Somebody else, date: \"2025-01\", grade: third party}\n"
     "assumption: {title: assumed here, date: \"2026-01\", grade: assumption}\n"},
    {"links/wire.yaml",
     "title: A wire\n"
     "note: read twice\n"
     "bandwidth: {value: 900 GB/s, source: vendor, confidence: high,\n"
     "            also: [{value: 800 GB/s, source: rival, confidence: low, note: measured}]}\n"
     "efficiency: {value: 0.82, source: assumption, confidence: low, note: a guess}\n"
     "endpoint_latency: {value: 150 ns, source: vendor, confidence: medium}\n"},
    {"links/broken.yaml", "bandwidth: 3 apples\n"},
    {"models/tiny.yaml",
     "title: Tiny\n"
     "config: {model_type: llama, hidden_size: 64, num_hidden_layers: 2, vocab_size: 100,\n"
     "         num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 128,\n"
     "         max_position_embeddings: 4096, tie_word_embeddings: false,\n"
     "         torch_dtype: bfloat16}\n"
     "published:\n"
     "  parameters: {value: 1000000, source: vendor, confidence: high}\n"
     "traits:\n"
     "  mtp_acceptance: {value: 0, source: assumption, confidence: low, note: none}\n"
     "  expert_imbalance: {value: 1, source: assumption, confidence: low, note: none}\n"},
};

catalog::Catalog catalog() {
  Result<catalog::Catalog> out = catalog::Catalog::open(files);
  EXPECT_TRUE(out.has_value());
  return *std::move(out);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string line_with(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == std::string::npos) return {};
  const std::size_t start = text.rfind('\n', at) + 1;
  return text.substr(start, text.find('\n', at) - start);
}

TEST(Datasheet, ShowsSourcesThatDisagreeOnConsecutiveLines) {
  const catalog::Catalog c = catalog();
  const auto sheet = api::read_datasheet(c, *catalog::find_kind("link"), "wire");
  ASSERT_TRUE(sheet.has_value()) << render(sheet.error());
  ASSERT_EQ(sheet->lines.size(), 5u);  // bandwidth, efficiency, latency, reach, protocol
  ASSERT_EQ(sheet->lines[0].figures.size(), 2u);
  const std::string text = datasheet_text(*sheet, {});
  const std::size_t used = text.find("900 GB/s");
  const std::size_t other = text.find("or 800 GB/s");
  ASSERT_NE(used, std::string::npos);
  ASSERT_NE(other, std::string::npos);
  EXPECT_EQ(std::count(text.begin() + static_cast<long>(used),
                       text.begin() + static_cast<long>(other), '\n'),
            1);
  for (const char* part : {"vendor", "2024-03", "high"}) {
    EXPECT_TRUE(has(line_with(text, "900 GB/s"), part)) << part;
  }
  EXPECT_TRUE(has(line_with(text, "or 800 GB/s"), "rival"));
  EXPECT_TRUE(has(line_with(text, "or 800 GB/s"), "measured"));
  EXPECT_TRUE(has(text, "read twice"));
}

TEST(Datasheet, StarsAssumptionsAndExplainsThemAtTheFoot) {
  const catalog::Catalog c = catalog();
  const auto sheet = api::read_datasheet(c, *catalog::find_kind("link"), "wire");
  ASSERT_TRUE(sheet.has_value());
  const std::string text = datasheet_text(*sheet, {});
  EXPECT_TRUE(has(line_with(text, "0.82"), "*"));
  EXPECT_FALSE(has(line_with(text, "150 ns"), "*"));
  EXPECT_TRUE(has(text, "* efficiency: a guess"));
  const auto json = parse_document("x.json", datasheet_json(*sheet));
  ASSERT_TRUE(json.has_value());
  const Node& line = json->find("values")->items()[1];
  EXPECT_EQ(line.find("figures")->items()[0].find("assumed")->text(), "true");
  const Node& bandwidth = json->find("values")->items()[0];
  EXPECT_EQ(bandwidth.find("unit")->text(), "B/s");
  EXPECT_EQ(bandwidth.find("figures")->items()[1].find("value")->text(), "8e+11");
}

TEST(Datasheet, ModelsAreCounted) {
  const catalog::Catalog c = catalog();
  const auto sheet = api::read_datasheet(c, *catalog::find_kind("model"), "tiny");
  ASSERT_TRUE(sheet.has_value()) << render(sheet.error());
  ASSERT_TRUE(sheet->model.has_value());
  // Two layers of attention (q, o: 64 x 64; k, v: 64 x 32) and SwiGLU (3 x 64 x 128).
  EXPECT_EQ(sheet->model->count.dense_ffn, 2.0 * 3.0 * 64.0 * 128.0);
  EXPECT_EQ(sheet->model->published, 1e6);
  const std::string text = datasheet_text(*sheet, {});
  // 2 layers x (K and V) x 2 heads of 16 x 2 bytes = 256 bytes per token.
  EXPECT_TRUE(has(line_with(text, "  bf16"), "256")) << text;
  EXPECT_TRUE(has(text, "GFLOP/token"));
}

TEST(Datasheet, MistakesAreReported) {
  const catalog::Catalog c = catalog();
  EXPECT_FALSE(api::read_datasheet(c, *catalog::find_kind("link"), "broken").has_value());
  const auto unknown = api::read_datasheet(c, *catalog::find_kind("link"), "wier");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_TRUE(has(unknown.error().front().hint, "wire"));
}

TEST(Listing, NamesAndTitles) {
  const catalog::Catalog c = catalog();
  const api::CatalogListing links = api::list_kind(c, *catalog::find_kind("links"));
  const std::string one = listing_text({links}, {});
  EXPECT_TRUE(has(one, "wire    A wire"));
  const std::string all =
      listing_text({links, api::list_kind(c, *catalog::find_kind("chips"))}, {});
  EXPECT_TRUE(has(line_with(all, "links"), "wire, broken"));
  EXPECT_TRUE(has(line_with(all, "chips"), "(none)"));
  EXPECT_TRUE(parse_document("x.json", listing_json({links})).has_value());
}

TEST(Datasheet, EveryShippedEntryHasAPage) {
  const Result<catalog::Catalog> shipped = catalog::Catalog::embedded();
  ASSERT_TRUE(shipped.has_value());
  for (const catalog::CatalogKind& kind : catalog::catalog_kinds()) {
    for (const std::string& name : shipped->names(kind)) {
      SCOPED_TRACE(std::string(kind.folder) + "/" + name);
      const auto sheet = api::read_datasheet(*shipped, kind, name);
      ASSERT_TRUE(sheet.has_value()) << render(sheet.error());
      EXPECT_TRUE(!sheet->lines.empty() || sheet->workload.has_value());
      EXPECT_FALSE(datasheet_text(*sheet, {}).empty());
    }
  }
}

}  // namespace
}  // namespace sn::draw
