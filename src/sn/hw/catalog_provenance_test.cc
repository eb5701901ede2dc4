// sn/hw/catalog_provenance_test.cc
//
// Every leaf of every entry of every kind, read as a tree: it names a source that exists, with date
// and grade, and a confidence.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "sn/catalog/catalog.h"
#include "sn/hw/rack_test_util.h"

namespace sn::hw {
namespace {

using namespace catalog;  // NOLINT(google-build-using-namespace): what is tested

class LeafCheck {
 public:
  explicit LeafCheck(const SourceBook& book) : book_(book) {}

  void walk(const Node& node, const std::string& path) {
    if (node.is_map() && node.find("value") != nullptr) leaf(node, path);
    for (const Node::Member& m : node.members()) walk(m.value, path + "." + m.key);
    for (const Node& item : node.items()) walk(item, path + "[]");
  }

  [[nodiscard]] std::size_t leaves() const { return leaves_; }

 private:
  void leaf(const Node& node, const std::string& path) {
    SCOPED_TRACE(path);
    ++leaves_;
    EXPECT_FALSE(node.find("value")->text().empty());
    const Node* source = node.find("source");
    ASSERT_NE(source, nullptr) << "no source";
    const SourceInfo* info = book_.find(source->text());
    ASSERT_NE(info, nullptr) << "unknown source " << source->text();
    EXPECT_FALSE(info->date.empty());
    const Node* confidence = node.find("confidence");
    ASSERT_NE(confidence, nullptr) << "no confidence";
    constexpr std::array<std::string_view, 3> levels = {"high", "medium", "low"};
    EXPECT_NE(std::find(levels.begin(), levels.end(), confidence->text()), levels.end());
    const Grade grade = info->grade;
    const bool explained = grade == Grade::assumption || grade == Grade::memory ||
                           grade == Grade::family_default || grade == Grade::estimate;
    if (explained) {
      EXPECT_NE(node.find("note"), nullptr) << "needs a note";
    }
  }

  const SourceBook& book_;
  std::size_t leaves_ = 0;
};

TEST(ShippedCatalog, EveryLeafOfEveryEntryHasProvenance) {
  const Catalog catalog = shipped_catalog();
  LeafCheck check(catalog.sources());
  for (const CatalogKind& kind : catalog_kinds()) {
    const std::vector<std::string> names = catalog.names(kind);
    EXPECT_FALSE(names.empty()) << kind.name;
    for (const std::string& name : names) {
      const Result<Node> tree = catalog.entry(kind, name);
      ASSERT_TRUE(tree.has_value()) << render(tree.error());
      EXPECT_NE(tree->find("title"), nullptr) << name << " has no title";
      const std::size_t before = check.leaves();
      check.walk(*tree, std::string(kind.folder) + "/" + name);
      // What comes from one source as a whole names it once.
      if (kind.name == "workload" || kind.name == "tool" || kind.name == "published" ||
          kind.name == "case" || kind.name == "benchmark" || kind.name == "claim" ||
          kind.name == "peer") {
        EXPECT_NE(tree->find("source"), nullptr) << name;
        continue;
      }
      EXPECT_GT(check.leaves(), before) << name;
    }
  }
  EXPECT_GT(check.leaves(), 800u);
}

}  // namespace
}  // namespace sn::hw
