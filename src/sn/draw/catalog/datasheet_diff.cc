// sn/draw/catalog/datasheet_diff.cc
//
// Compares two datasheets line by line (see datasheet_diff.h).

#include "sn/draw/catalog/datasheet_diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/report/report_json.h"
#include "sn/base/units/units.h"

namespace sn::draw {

namespace {

/// A value of either entry under one path.
struct Value {
  std::string text;
  std::optional<double> number;
  bool assumed = false;
};

using Values = std::vector<std::pair<std::string, Value>>;

void add(Values& out, std::string path, double number) {
  out.emplace_back(std::move(path), Value{significant(number), number, false});
}

void add_model(Values& out, const api::ModelFacts& m) {
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

Values values_of(const api::Datasheet& sheet) {
  Values out;
  for (const api::DatasheetPart& part : sheet.parts) {
    if (!part.path.empty() && !part.name.empty())
      out.emplace_back(part.path, Value{part.name, {}, false});
  }
  if (sheet.model) add_model(out, *sheet.model);
  for (const api::DatasheetLine& line : sheet.lines) {
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

DatasheetDiff diff_of(const api::Datasheet& a, const api::Datasheet& b) {
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

std::string diff_text(const DatasheetDiff& d, const TextStyle& style) {
  std::string out = heading(fmt::format("{} and {}", d.a, d.b), style) + "\n " + d.a + ": " +
                    d.a_title + "\n " + d.b + ": " + d.b_title + "\n\n";
  const std::string equal = fmt::format("{} value{} alike", d.equal, d.equal == 1 ? "" : "s");
  if (d.lines.empty()) return out + " no difference; " + equal + "\n";
  Table table({{"value of", Align::left},
               {"", Align::left},
               {d.a, Align::right},
               {"", Align::left},
               {d.b, Align::right},
               {"times", Align::right}});
  bool assumed = false;
  for (const DiffLine& l : d.lines) {
    assumed = assumed || l.a_assumed || l.b_assumed;
    table.row({l.path, l.a_assumed ? "*" : "", l.a.empty() ? "none" : l.a, l.b_assumed ? "*" : "",
               l.b.empty() ? "none" : l.b, l.ratio ? significant(*l.ratio) : "-"});
  }
  out += table.str(style) + "\n " + equal + "; times: " + d.b + " over " + d.a + "\n";
  return assumed ? out + " * assumption; supernode catalog show NAME has the reason\n" : out;
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

std::string diff_json(const DatasheetDiff& d) { return report_json(d); }

}  // namespace sn::draw
