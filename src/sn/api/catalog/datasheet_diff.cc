// sn/api/catalog/datasheet_diff.cc
//
// Compares two datasheets line by line (see datasheet_diff.h).

#include "sn/api/catalog/datasheet_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sn/base/units/units.h"

namespace sn::api {

namespace {

/// A value of either entry under one path.
struct Value {
  std::string text;
  std::optional<double> number;
  bool assumed = false;
};

using Values = std::vector<std::pair<std::string, Value>>;

void add(Values& out, std::string path, double number) {
  out.emplace_back(std::move(path), Value{format_number(number), number, false});
}

void add_model(Values& out, const ModelFacts& m) {
  const llm::ModelSpec& s = m.spec;
  const auto count = [&](const char* path, std::int64_t n) {
    const auto v = static_cast<double>(n);
    out.emplace_back(path, Value{format_number(v, 12), v, false});
  };
  out.emplace_back("family", Value{s.family, {}, false});
  count("layers", s.layers);
  count("layers with experts", s.is_moe() ? s.moe_layers() : 0);
  count("hidden", s.hidden);
  count("vocabulary", s.vocab);
  count("context", s.max_context);
  out.emplace_back("attention",
                   Value{s.attention.kind == llm::AttentionKind::mla ? "MLA" : "GQA", {}, false});
  count("attention heads", s.attention.heads);
  count("KV heads", s.attention.kv_heads);
  count("experts", s.experts);
  count("experts per token", s.top_k);
  count("expert width", s.expert_inter);
  count("MTP layers", s.mtp_layers);
  out.emplace_back("native weights",
                   Value{std::string(kernel::to_string(s.native_weights)), {}, false});
  add(out, "parameters, billions", m.count.total() / 1e9);
  add(out, "active parameters, billions", m.active / 1e9);
  add(out, "KV bytes per token, bf16", llm::kv_bytes_per_token(s, kernel::DataType::bf16).si());
  for (const double context : {0.0, 8192.0, 131072.0}) {
    add(out, fmt::format("GFLOP per token at {:.0f}", context),
        llm::flops_per_token(s, context).si() / 1e9);
  }
}

Values values_of(const Datasheet& sheet) {
  Values out;
  for (const DatasheetPart& part : sheet.parts) {
    if (!part.path.empty() && !part.name.empty())
      out.emplace_back(part.path, Value{part.name, {}, false});
  }
  if (sheet.model) add_model(out, *sheet.model);
  for (const DatasheetLine& line : sheet.lines) {
    if (line.figures.empty()) continue;
    out.emplace_back(line.path,
                     Value{line.figures.front().text, line.figures.front().number, line.assumed()});
  }
  return out;
}

const Value* find(const Values& values, const std::string& path) {
  const auto at =
      std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == path; });
  return at == values.end() ? nullptr : &at->second;
}

DiffLine line_of(const std::string& path, const Value* a, const Value* b) {
  DiffLine line{.path = path};
  if (a != nullptr) line.a = a->text;
  if (b != nullptr) line.b = b->text;
  line.a_assumed = a != nullptr && a->assumed;
  line.b_assumed = b != nullptr && b->assumed;
  if (a != nullptr && b != nullptr && a->number && b->number && *a->number != 0.0) {
    line.ratio = *b->number / *a->number;
  }
  return line;
}

bool same(const Value& a, const Value& b) {
  return a.number && b.number ? *a.number == *b.number : a.text == b.text;
}

}  // namespace

DatasheetDiff diff_of(const Datasheet& a, const Datasheet& b) {
  SN_ASSERT(a.kind == b.kind);
  DatasheetDiff out{
      .kind = a.kind, .a = a.name, .b = b.name, .a_title = a.title, .b_title = b.title};
  const Values left = values_of(a);
  const Values right = values_of(b);
  for (const auto& [path, value] : left) {
    const Value* other = find(right, path);
    if (other != nullptr && same(value, *other)) {
      ++out.equal;
    } else {
      out.lines.push_back(line_of(path, &value, other));
    }
  }
  for (const auto& [path, value] : right) {
    if (find(left, path) == nullptr) out.lines.push_back(line_of(path, nullptr, &value));
  }
  return out;
}

void describe(ReportVisitor& v, const DiffLine& l) {
  v.type("DiffLine", "A value in which two entries differ.");
  v.text("path", "", l.path);
  v.optional("a", "with unit; null: the entry has none", !l.a.empty(), l.a);
  v.optional("b", "with unit; null: the entry has none", !l.b.empty(), l.b);
  v.optional("ratio", "b over a, where both are numbers and a is not 0", l.ratio);
  v.flag("a_assumed", "", l.a_assumed);
  v.flag("b_assumed", "", l.b_assumed);
}

void describe(ReportVisitor& v, const DatasheetDiff& d) {
  v.type("CatalogDiff", "Two entries of one kind.");
  v.document("supernode-catalog-diff");
  v.text("kind", "", d.kind);
  v.text("a", "", d.a);
  v.text("b", "", d.b);
  v.count("equal", "values that do not differ", d.equal);
  v.list("differences", "in the order of the entries", d.lines);
}

}  // namespace sn::api
