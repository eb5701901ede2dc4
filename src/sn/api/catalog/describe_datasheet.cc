// sn/api/catalog/describe_datasheet.cc
//
// What datasheets and lists of the catalog hold, field by field.

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "sn/api/catalog/datasheet.h"

namespace sn::api {

namespace {

/// The unit of raw numbers, for dimensions that the catalog has.
std::string_view base_unit(Dimension d) {
  struct Name {
    Dimension dimension;
    std::string_view unit;
  };
  constexpr std::array names = {
      Name{Time::dimension, "s"},        Name{Rate::dimension, "/s"},
      Name{Bytes::dimension, "B"},       Name{Bandwidth::dimension, "B/s"},
      Name{Flops::dimension, "FLOP"},    Name{FlopRate::dimension, "FLOP/s"},
      Name{Energy::dimension, "J"},      Name{Power::dimension, "W"},
      Name{Temperature::dimension, "K"}, Name{Money::dimension, "$"},
      Name{Length::dimension, "m"},
  };
  for (const Name& name : names) {
    if (name.dimension == d) return name.unit;
  }
  return "";
}

void describe_source(ReportVisitor& v, const catalog::SourceInfo& source) {
  using catalog::Grade;
  static constexpr Grade grades[] = {Grade::official,   Grade::measured, Grade::third_party,
                                     Grade::estimate,   Grade::memory,   Grade::family_default,
                                     Grade::assumption, Grade::scenario};
  if (!v.maybe("source", "", !source.id.empty())) return;
  v.begin_object("source", "");
  v.type("Source", "Who said so.");
  v.text("id", "", source.id);
  v.text("title", "", source.title);
  v.text("date", "", source.date);
  v.choice("grade", "", source.grade, grades);
  v.end_object();
}

void describe_parameters(ReportVisitor& v, const ModelFacts& f) {
  v.begin_object("parameters", "by part of the model");
  v.number("embedding", "", f.count.embedding);
  v.number("attention", "", f.count.attention);
  v.number("dense_feed_forward", "", f.count.dense_ffn);
  v.number("routed_experts", "", f.count.experts);
  v.number("shared_experts", "", f.count.shared_experts);
  v.number("router", "", f.count.router);
  v.number("norms", "", f.count.norms);
  v.number("output_head", "", f.count.lm_head);
  v.number("mtp", "", f.count.mtp);
  v.number("total", "", f.count.total());
  v.number("active", "", f.active);
  v.number("published_total", "0 when nothing is published", f.published);
  v.number("published_active", "0 when nothing is published", f.published_active);
  v.end_object();
}

void describe_costs(ReportVisitor& v, const llm::ModelSpec& m) {
  v.begin_object("kv_bytes_per_token", "by format of the KV cache");
  for (const kernel::DataType type : {kernel::DataType::bf16, kernel::DataType::fp8,
                                      kernel::DataType::int8, kernel::DataType::fp4}) {
    const bool any = m.layers > 0;  // a walk over types has no model
    v.number(kernel::to_string(type), "", any ? llm::kv_bytes_per_token(m, type).si() : 0.0);
  }
  v.end_object();
  std::vector<double> contexts = {0.0, 1024.0, 8192.0, 32768.0, 131072.0};
  std::erase_if(contexts, [&](double c) { return c > static_cast<double>(m.max_context); });
  v.list("flops_per_token", "by context", contexts, [&](ReportVisitor& list, double context) {
    const bool any = m.layers > 0;
    list.begin_object({}, {});
    list.type("FlopsPerToken", "Of one token at one context.");
    list.number("context_tokens", "", context);
    list.number("flops", "", any ? llm::flops_per_token(m, context).si() : 0.0);
    list.end_object();
  });
}

}  // namespace

void describe(ReportVisitor& v, const Figure& f) {
  using catalog::Confidence;
  static constexpr Confidence all[] = {Confidence::high, Confidence::medium, Confidence::low};
  const catalog::Provenance& p = f.provenance;
  v.type("Figure", "One source's word on a value.");
  v.text("text", "with unit, three significant digits", f.text);
  v.optional("value", "in the unit of the line; null for names and flags", f.number);
  describe_source(v, p.source);
  v.choice("confidence", "", p.confidence, all);
  v.flag("assumed", "", p.assumed());
  v.text("note", "", p.note);
}

void describe(ReportVisitor& v, const DatasheetLine& line) {
  v.type("CatalogValue", "A value of an entry.");
  v.text("path", "", line.path);
  v.text("unit", "of raw numbers; empty: a plain number", base_unit(line.dimension));
  v.list("figures", "the value that is used first, then those of other sources; empty: absent",
         line.figures);
}

void describe(ReportVisitor& v, const DatasheetPart& part) {
  v.type("CatalogPart", "A part that is referred to by name, or a remark on one.");
  v.text("path", "empty: the entry", part.path);
  v.text("name", "", part.name);
  v.text("note", "", part.note);
}

void describe(ReportVisitor& v, const ModelFacts& f) {
  static constexpr std::string_view attentions[] = {"gqa", "mla"};
  const llm::ModelSpec& m = f.spec;
  v.type("ModelFacts", "What follows from a model's architecture.");
  v.text("family", "", m.family);
  v.count("layers", "", m.layers);
  v.count("dense_layers", "", m.dense_layers);
  v.count("moe_layers", "", m.is_moe() ? m.moe_layers() : std::int64_t{0});
  v.count("hidden", "", m.hidden);
  v.count("vocabulary", "", m.vocab);
  v.count("max_context_tokens", "", m.max_context);
  v.choice("attention", "", attentions[m.attention.kind == llm::AttentionKind::mla ? 1 : 0],
           attentions);
  v.count("heads", "", m.attention.heads);
  v.count("kv_heads", "", m.attention.kv_heads);
  v.count("experts", "", m.experts);
  v.count("experts_per_token", "", m.top_k);
  v.count("mtp_layers", "", m.mtp_layers);
  v.text("native_weights", "", kernel::to_string(m.native_weights));
  describe_parameters(v, f);
  describe_costs(v, m);
}

void describe(ReportVisitor& v, const Datasheet& sheet) {
  v.type("CatalogEntry", "One entry of the catalog.");
  v.document("supernode-catalog-entry");
  v.text("kind", "", sheet.kind);
  v.text("name", "", sheet.name);
  v.text("title", "", sheet.title);
  v.list("parts", "", sheet.parts);
  v.list("values", "", sheet.lines);
  v.optional("model", "", sheet.model);
  v.optional("workload", "", sheet.workload);
}

void describe(ReportVisitor& v, const CatalogListing& kind) {
  using Entry = std::pair<std::string, std::string>;
  v.type("CatalogKind", "The entries of one kind.");
  v.text("kind", "", kind.kind);
  v.text("folder", "", kind.folder);
  v.text("description", "", kind.description);
  v.list("entries", "", kind.entries, [](ReportVisitor& list, const Entry& entry) {
    list.begin_object({}, {});
    list.type("CatalogTitle", "An entry by name.");
    list.text("name", "", entry.first);
    list.text("title", "", entry.second);
    list.end_object();
  });
}

void describe(ReportVisitor& v, const CatalogListings& all) {
  v.type("Catalog", "Entries by kind.");
  v.document("supernode-catalog");
  v.list("kinds", "", all.kinds);
}

}  // namespace sn::api
