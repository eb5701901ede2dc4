// sn/base/document/document_tokens_test.cc
//
// A document out of its tokens is the document.

#include "sn/base/document/document_tokens.h"

#include <gtest/gtest.h>

namespace sn {
namespace {

void expect_same(const Node& a, const Node& b) {
  ASSERT_EQ(a.kind(), b.kind());
  EXPECT_EQ(a.text(), b.text());
  EXPECT_EQ(a.quoted(), b.quoted());
  EXPECT_EQ(a.where().file, b.where().file);
  EXPECT_EQ(a.where().line, b.where().line);
  EXPECT_EQ(a.where().column, b.where().column);
  EXPECT_EQ(a.where().excerpt, b.where().excerpt);
  ASSERT_EQ(a.items().size(), b.items().size());
  for (std::size_t i = 0; i < a.items().size(); ++i) expect_same(a.items()[i], b.items()[i]);
  ASSERT_EQ(a.members().size(), b.members().size());
  for (std::size_t i = 0; i < a.members().size(); ++i) {
    EXPECT_EQ(a.members()[i].key, b.members()[i].key);
    EXPECT_EQ(a.members()[i].where().line, b.members()[i].where().line);
    EXPECT_EQ(a.members()[i].where().column, b.members()[i].where().column);
    expect_same(a.members()[i].value, b.members()[i].value);
  }
}

TEST(DocumentTokens, KeepTreeAndPositions) {
  std::string text = "title: é\nempty:\nquoted: \"1\"\nlist: [1, {a: b}, []]\nnote: >-\n  two\n";
  text += "  lines\nmap:\n  long: " + std::string(300, 'x') + "\n  ? k\n  : {}\n";
  for (const std::string& t : {text, std::string("7\n"), std::string()}) {
    const Result<Node> parsed = parse_document("doc", t);
    ASSERT_TRUE(parsed) << render(parsed.error());
    const auto source = std::make_shared<const Source>(Source{"doc", t});
    expect_same(*parsed, from_tokens(to_tokens(*parsed), source));
  }
}

}  // namespace
}  // namespace sn
