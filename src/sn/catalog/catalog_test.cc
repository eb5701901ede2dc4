// sn/catalog/catalog_test.cc
//
// Finding, inheriting and overriding entries, on catalogs of a few lines.

#include "sn/catalog/catalog.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "sn/base/document/document_tokens.h"
#include "sn/catalog/catalog_data.h"
#include "sn/catalog/catalog_test_util.h"
#include "sn/catalog/catalog_tokens.h"

namespace sn::catalog {
namespace {

using namespace sn::literals;

constexpr std::string_view sources_yaml =
    "sheet: {title: A datasheet, date: \"2024\", grade: official}\n";

// Two NICs, one derived from the other, two that refer to each other, and a rack of toys.
constexpr std::array files = {
    EmbeddedFile{"links/wire.yaml",
                 "title: A wire\n"
                 "bandwidth: {value: 100 GB/s, source: sheet, confidence: high, note: raw, "
                 "also: [{value: 200 GB/s, source: sheet, confidence: low}]}\n"
                 "efficiency: 0.9\nendpoint_latency: 100 ns\n"},
    EmbeddedFile{"links/thread.yaml",
                 "bandwidth: {value: 10 GB/s, source: sheet, confidence: high}\n"
                 "efficiency: 0.8\nendpoint_latency: 200 ns\n"},
    EmbeddedFile{"nics/fast.yaml", "base: plain\ntitle: Fast\nbandwidth: 100 GB/s\n"},
    EmbeddedFile{"nics/loop-a.yaml", "base: loop-b\n"},
    EmbeddedFile{"nics/loop-b.yaml", "base: loop-a\n"},
    EmbeddedFile{"nics/plain.yaml",
                 "title: Plain\nbandwidth: {value: 50 GB/s, source: sheet, confidence: high, "
                 "note: old}\nefficiency: 0.9\nlatency: 2 us\n"},
    EmbeddedFile{"racks/toy.yaml",
                 "gpus: 8\nchip: {base: alpha, power: {tdp: 800 W}}\n"
                 "scale_up: {link: wire, switch: big, switches: 6}\n"
                 "nic: fast\nhost_link: thread\n"},
    EmbeddedFile{"racks/toy2.yaml", "base: toy\nchip: beta\n"},
    EmbeddedFile{"switches/big.yaml",
                 "title: Big\nports: 16\nport_bandwidth: 50 GB/s\nlatency: 150 ns\n"
                 "in_switch_reduction: true\n"},
    EmbeddedFile{"switches/small.yaml", "ports: 8\nport_bandwidth: 25 GB/s\nlatency: 90 ns\n"},
    EmbeddedFile{"chips/alpha.yaml",
                 "peak: {bf16: 1 PFLOP/s, fp4: 4 PFLOP/s}\npower: {tdp: 700 W, idle: 70 W}\n"},
    EmbeddedFile{"chips/beta.yaml", "peak: {bf16: 2 PFLOP/s}\npower: {tdp: 1 kW, idle: 70 W}\n"},
    EmbeddedFile{"sources.yaml", sources_yaml},
};

Catalog toys() {
  Result<Catalog> c = Catalog::open(files);
  EXPECT_TRUE(c.has_value());
  return c ? *std::move(c) : Catalog{};
}

Node reference(const std::string& text) {
  Result<Node> doc = parse_document("scenario.yaml", text);
  EXPECT_TRUE(doc.has_value()) << render(doc.error());
  return doc ? *std::move(doc) : Node{};
}

Node resolved(const std::string& kind, const std::string& text) {
  const Result<Node> out = toys().resolve(kind_named(kind), reference(text));
  EXPECT_TRUE(out.has_value()) << render(out.error());
  return out ? *out : Node{};
}

Error only_error(const std::string& kind, const std::string& text) {
  const Result<Node> out = toys().resolve(kind_named(kind), reference(text));
  EXPECT_FALSE(out.has_value());
  if (out.has_value() || out.error().empty()) return {};
  EXPECT_EQ(out.error().size(), 1u) << render(out.error());
  return out.error().front();
}

std::string text_at(const Node& tree, std::string_view path) {
  const Node* at = tree.find(path);
  return at == nullptr ? "(absent)" : at->text();
}

TEST(CatalogKinds, AreFoundByNameAndFolder) {
  ASSERT_NE(find_kind("rack"), nullptr);
  EXPECT_EQ(find_kind("rack"), find_kind("racks"));
  EXPECT_EQ(find_kind("traits"), find_kind("traits"));
  EXPECT_EQ(find_kind("scale-out"), find_kind("scale_out"));
  EXPECT_EQ(find_kind("chair"), nullptr);
}

TEST(Catalog, DocumentsThatAreBuiltInAreTheirTexts) {
  const auto built_in = embedded_catalog();
  ASSERT_EQ(built_in.size(), embedded_tokens().size());
  for (std::size_t i = 0; i < built_in.size(); ++i) {
    const Result<Node> parsed =
        parse_document("catalog/" + std::string(built_in[i].path), std::string(built_in[i].text));
    ASSERT_TRUE(parsed) << render(parsed.error());
    EXPECT_EQ(to_tokens(*parsed), embedded_tokens()[i]) << built_in[i].path;
  }
}

TEST(Catalog, ListsNamesOfAKind) {
  const std::vector<std::string> expected = {"fast", "loop-a", "loop-b", "plain"};
  EXPECT_EQ(toys().names(kind_named("nic")), expected);
  EXPECT_TRUE(toys().has(kind_named("nic"), "plain"));
  EXPECT_FALSE(toys().has(kind_named("nic"), "alpha"));
}

TEST(Catalog, ABaseIsInherited) {
  const Node fast = resolved("nic", "fast");
  EXPECT_EQ(text_at(fast, "name"), "fast");
  EXPECT_EQ(text_at(fast, "title"), "Fast");
  EXPECT_EQ(text_at(fast, "bandwidth"), "100 GB/s");
  EXPECT_EQ(text_at(fast, "latency"), "2 us");
  EXPECT_EQ(fast.find("base"), nullptr);
}

TEST(Catalog, AScenarioChangesInPlace) {
  const Node nic = resolved("nic", "{base: plain, latency: 3 us}");
  EXPECT_EQ(text_at(nic, "latency"), "3 us");
  EXPECT_EQ(text_at(nic, "bandwidth.value"), "50 GB/s");
  EXPECT_EQ(text_at(nic, "name"), "plain (modified)");
  EXPECT_EQ(text_at(resolved("nic", "{base: plain}"), "name"), "plain");
}

TEST(Catalog, ANewValueKeepsNothingOfTheOldOne) {
  const Node nic =
      resolved("nic", "{base: plain, bandwidth: {value: 25 GB/s, source: sheet, confidence: low}}");
  EXPECT_EQ(text_at(nic, "bandwidth.value"), "25 GB/s");
  EXPECT_EQ(text_at(nic, "bandwidth.note"), "(absent)");
}

TEST(Catalog, ARackTakesItsPartsIn) {
  const Node rack = resolved("rack", "toy");
  EXPECT_EQ(text_at(rack, "chip.name"), "alpha (modified)");
  EXPECT_EQ(text_at(rack, "chip.power.tdp"), "800 W");
  EXPECT_EQ(text_at(rack, "chip.power.idle"), "70 W");
  EXPECT_EQ(text_at(rack, "nic.bandwidth"), "100 GB/s");
  EXPECT_EQ(text_at(rack, "host_link.bandwidth.value"), "10 GB/s");
  EXPECT_EQ(text_at(rack, "scale_up.bandwidth.value"), "100 GB/s");
  EXPECT_EQ(text_at(rack, "scale_up.switch.latency"), "150 ns");
  EXPECT_EQ(text_at(rack, "scale_up.switch.name"), "big");
  EXPECT_EQ(text_at(rack, "scale_up.switches"), "6");
  EXPECT_EQ(rack.find("scale_up.link"), nullptr);
}

TEST(Catalog, AnotherChipLeavesNothingOfTheFirst) {
  // alpha computes in fp4, beta does not.
  for (const char* text : {"toy2", "{base: toy, chip: beta}", "{base: toy2, gpus: 4}"}) {
    const Node rack = resolved("rack", text);
    EXPECT_EQ(text_at(rack, "chip.peak.bf16"), "2 PFLOP/s") << text;
    EXPECT_EQ(rack.find("chip.peak.fp4"), nullptr) << text;
    EXPECT_EQ(text_at(rack, "chip.power.tdp"), "1 kW") << text;
  }
}

TEST(Catalog, APartIsChangedInPlaceWithoutNamingIt) {
  const Node rack = resolved("rack", "{base: toy, chip: {power: {idle: 80 W}}}");
  EXPECT_EQ(text_at(rack, "chip.power.idle"), "80 W");
  EXPECT_EQ(text_at(rack, "chip.power.tdp"), "800 W");
  EXPECT_EQ(text_at(rack, "chip.peak.fp4"), "4 PFLOP/s");
}

TEST(Catalog, AnotherLinkKeepsTheSwitch) {
  const Node rack = resolved("rack", "{base: toy, scale_up: {link: thread, domain: 4}}");
  EXPECT_EQ(text_at(rack, "scale_up.bandwidth.value"), "10 GB/s");
  EXPECT_EQ(rack.find("scale_up.bandwidth.also"), nullptr);
  EXPECT_EQ(text_at(rack, "scale_up.endpoint_latency"), "200 ns");
  EXPECT_EQ(text_at(rack, "scale_up.switch.latency"), "150 ns");
  EXPECT_EQ(text_at(rack, "scale_up.domain"), "4");
  EXPECT_EQ(rack.find("scale_up.switches"), nullptr);  // counted for the other link
}

TEST(Catalog, AnotherSwitchKeepsTheLink) {
  const Node rack = resolved("rack", "{base: toy, scale_up: {switch: small, domain: 8}}");
  EXPECT_EQ(text_at(rack, "scale_up.bandwidth.value"), "100 GB/s");
  EXPECT_EQ(text_at(rack, "scale_up.switch.name"), "small");
  EXPECT_EQ(text_at(rack, "scale_up.switch.ports"), "8");
  // Nothing of the first is left, nor the number of them.
  EXPECT_EQ(rack.find("scale_up.switch.in_switch_reduction"), nullptr);
  EXPECT_EQ(rack.find("scale_up.switch.title"), nullptr);
  EXPECT_EQ(rack.find("scale_up.switches"), nullptr);
}

TEST(Catalog, ASwitchIsChangedInPlace) {
  for (const char* text : {"{base: toy, scale_up: {switch: {latency: 80 ns}}}",
                           "{base: toy, scale_up: {switch: {base: big, latency: 80 ns}}}"}) {
    const Node rack = resolved("rack", text);
    EXPECT_EQ(text_at(rack, "scale_up.switch.latency"), "80 ns") << text;
    EXPECT_EQ(text_at(rack, "scale_up.switch.ports"), "16") << text;
    EXPECT_EQ(text_at(rack, "scale_up.bandwidth.value"), "100 GB/s") << text;
  }
  const Node both = resolved("rack", "{base: toy, scale_up: {link: thread, switch: small}}");
  EXPECT_EQ(text_at(both, "scale_up.bandwidth.value"), "10 GB/s");
  EXPECT_EQ(text_at(both, "scale_up.switch.name"), "small");
}

TEST(Catalog, ALinkIsChangedWhereItIsNamed) {
  const Node rack =
      resolved("rack", "{base: toy, scale_up: {link: {base: wire, efficiency: 0.5}}}");
  EXPECT_EQ(text_at(rack, "scale_up.efficiency"), "0.5");
  EXPECT_EQ(text_at(rack, "scale_up.bandwidth.value"), "100 GB/s");
}

TEST(Catalog, UnknownNamesAreAnsweredWithTheNearest) {
  const Error e = only_error("rack", "{base: toy, chip: alpa}");
  EXPECT_EQ(e.code, ErrorCode::unknown_name);
  EXPECT_NE(e.hint.find("'alpha'"), std::string::npos) << e.hint;
  EXPECT_EQ(e.where.file, "scenario.yaml");
  EXPECT_EQ(e.where.line, 1);
  EXPECT_EQ(e.where.column, 19);
  EXPECT_EQ(only_error("rack", "toi").code, ErrorCode::unknown_name);
}

TEST(Catalog, EveryUnknownPartIsReported) {
  const Result<Node> out =
      toys().resolve(kind_named("rack"), reference("{base: toy, chip: x1, nic: x2, "
                                                   "scale_up: {link: x3, switch: x4}}"));
  ASSERT_FALSE(out.has_value());
  EXPECT_EQ(out.error().size(), 4u) << render(out.error());
}

TEST(Catalog, LoopsOfBasesEnd) { EXPECT_EQ(only_error("nic", "loop-a").code, ErrorCode::limit); }

TEST(Catalog, EightBasesAreAllowedAndNineAreNot) {
  std::vector<std::string> text;
  std::vector<std::string> path;
  for (int i = 0; i <= 10; ++i) {
    path.push_back("nics/n" + std::to_string(i) + ".yaml");
    text.push_back(i == 0 ? "latency: 2 us\n" : "base: n" + std::to_string(i - 1) + "\n");
  }
  path.push_back("sources.yaml");
  text.emplace_back(sources_yaml);
  std::vector<EmbeddedFile> chain;
  for (std::size_t i = 0; i < path.size(); ++i) chain.push_back({path[i], text[i]});
  const Result<Catalog> catalog = Catalog::open(chain);
  ASSERT_TRUE(catalog.has_value());
  EXPECT_TRUE(catalog->entry(kind_named("nic"), "n8").has_value());
  EXPECT_TRUE(catalog->resolve(kind_named("nic"), reference("n8")).has_value());
  const Result<Node> nine = catalog->entry(kind_named("nic"), "n9");
  ASSERT_FALSE(nine.has_value());
  EXPECT_EQ(nine.error().front().code, ErrorCode::limit);
}

TEST(Catalog, AReferenceIsANameOrAMapWithABase) {
  EXPECT_EQ(only_error("nic", "{latency: 3 us}").code, ErrorCode::missing);
  EXPECT_EQ(only_error("nic", "[plain]").code, ErrorCode::missing);
  EXPECT_EQ(only_error("nic", "{base: [plain]}").code, ErrorCode::missing);
}

TEST(Catalog, SourcesAreChecked) {
  const std::array bad = {EmbeddedFile{
      "sources.yaml",
      "a: {title: A, date: \"2024\", grade: oficial}\nb: {title: B, grade: memory, dat: x}\n"}};
  const Result<Catalog> catalog = Catalog::open(bad);
  ASSERT_FALSE(catalog.has_value());
  EXPECT_EQ(catalog.error().size(), 2u) << render(catalog.error());
}

TEST(Catalog, AFaultyEntryIsAnsweredWithItsPlace) {
  const std::array bad = {EmbeddedFile{"chips/a.yaml", "peak: {bf16: [1\n"},
                          EmbeddedFile{"sources.yaml", sources_yaml}};
  const Result<Catalog> catalog = Catalog::open(bad);
  ASSERT_TRUE(catalog.has_value());
  const Result<Node> entry = catalog->entry(kind_named("chip"), "a");
  ASSERT_FALSE(entry.has_value());
  EXPECT_EQ(entry.error().front().where.file, "catalog/chips/a.yaml");
}

TEST(Catalog, AnOverlayReplacesLeavesAddsEntriesAndSources) {
  const std::array shipped = {
      EmbeddedFile{"chips/a.yaml", "title: A\nsms: {value: 1, source: s, note: old}\nkernels: k\n"},
      EmbeddedFile{"sources.yaml", sources_yaml}};
  const Result<Catalog> plain = Catalog::open(shipped);
  ASSERT_TRUE(plain.has_value());
  const Result<Catalog> catalog = plain->with(
      {{"chips/a.yaml", "over/chips/a.yaml", "sms: {value: 2, source: mine}\n"},
       {"chips/b.yaml", "over/chips/b.yaml", "{base: a, kernels: other}\n"},
       {"sources.yaml", "over/sources.yaml", "mine: {title: M, date: today, grade: measured}\n"}});
  ASSERT_TRUE(catalog.has_value()) << render(catalog.error());
  const CatalogKind& chip = kind_named("chip");
  EXPECT_EQ(catalog->names(chip), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(plain->names(chip), (std::vector<std::string>{"a"}));
  const Result<Node> a = catalog->entry(chip, "a");
  ASSERT_TRUE(a.has_value());
  EXPECT_EQ(a->find("sms.value")->text(), "2");
  EXPECT_EQ(a->find("sms.note"), nullptr);  // a leaf is replaced as a whole
  EXPECT_EQ(a->find("kernels")->text(), "k");
  const Result<Node> b = catalog->entry(chip, "b");
  ASSERT_TRUE(b.has_value());
  EXPECT_EQ(b->find("kernels")->text(), "other");
  EXPECT_EQ(b->find("sms.value")->text(), "2");
  EXPECT_NE(catalog->sources().find("mine"), nullptr);
}

TEST(Catalog, AnOverlayOutsideTheKindsIsAMistake) {
  const Catalog shipped = shipped_catalog();
  for (const char* path : {"a.yaml", "chip/a.yaml", "chips/x/a.yaml", "nothing/a.yaml"}) {
    const Result<Catalog> bad = shipped.with({{path, "over", "title: A\n"}});
    ASSERT_FALSE(bad.has_value()) << path;
    EXPECT_EQ(bad.error().front().where.file, "over");
  }
  EXPECT_FALSE(shipped.with({{"chips/a.yaml", "over", "a: [1\n"}}).has_value());
}

TEST(Catalog, AnOverlayThatIsNoMapIsAMistake) {
  const Catalog shipped = shipped_catalog();
  for (const char* path : {"frameworks/generic.yaml", "frameworks/new.yaml", "sources.yaml"}) {
    for (const char* text : {"", "# nothing\n", "[]\n", "- a\n", "text\n", "3\n"}) {
      const Result<Catalog> bad = shipped.with({{path, "over", text}});
      ASSERT_FALSE(bad.has_value()) << path << text;
      EXPECT_EQ(bad.error().front().code, ErrorCode::wrong_type);
      EXPECT_EQ(bad.error().front().where.file, "over");
    }
  }
}

TEST(Catalog, PartsOfAnyKindInAnOverlayAreAnsweredAndNotFatal) {
  const Catalog shipped = shipped_catalog();
  for (const char* key : {"chip", "nic", "host_link", "scale_up", "gpus", "power"}) {
    for (const char* value :
         {"", "[]", "{}", "[a]", "x", "{base: [a]}", "{switch: [], link: []}"}) {
      const std::string text = std::string(key) + ": " + value + "\n";
      for (const char* head : {"", "base: hgx-h200\n"}) {
        const Result<Catalog> over = shipped.with({{"racks/hgx-h100.yaml", "over", head + text}});
        ASSERT_TRUE(over.has_value()) << text;
        const Result<Node> rack = over->entry(kind_named("rack"), "hgx-h100");
        EXPECT_TRUE(rack.has_value() || !rack.error().empty());
      }
    }
  }
}

}  // namespace
}  // namespace sn::catalog
