// sn/draw/catalog/datasheet_json.cc
//
// Datasheets and lists of the catalog as JSON (see datasheet.h).

#include <array>

#include "sn/base/json_writer.h"
#include "sn/draw/catalog/datasheet.h"
#include "sn/draw/catalog/workload_text.h"

namespace sn::draw {

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

void write_figure(JsonWriter& w, const api::Figure& f) {
  const catalog::Provenance& p = f.provenance;
  w.begin_object();
  w.member("text", f.text).key("value");
  if (f.number) {
    w.value(*f.number);
  } else {
    w.null();
  }
  w.key("source");
  if (p.source.id.empty()) {
    w.null();
  } else {
    w.begin_object();
    w.member("id", p.source.id).member("title", p.source.title);
    w.member("date", p.source.date).member("grade", to_string(p.source.grade));
    w.end_object();
  }
  w.member("confidence", to_string(p.confidence));
  w.member("assumed", p.assumed()).member("note", p.note);
  w.end_object();
}

void write_line(JsonWriter& w, const api::DatasheetLine& line) {
  w.begin_object();
  w.member("path", line.path).member("unit", base_unit(line.dimension));
  w.key("figures").begin_array();
  for (const api::Figure& f : line.figures) write_figure(w, f);
  w.end_array();
  w.end_object();
}

void write_model(JsonWriter& w, const api::ModelFacts& f) {
  const llm::ModelSpec& m = f.spec;
  w.begin_object();
  w.member("family", m.family).member("layers", m.layers).member("dense_layers", m.dense_layers);
  w.member("moe_layers", m.is_moe() ? m.moe_layers() : std::int64_t{0});
  w.member("hidden", m.hidden).member("vocabulary", m.vocab);
  w.member("max_context_tokens", m.max_context);
  w.member("attention", m.attention.kind == llm::AttentionKind::mla ? "mla" : "gqa");
  w.member("heads", m.attention.heads).member("kv_heads", m.attention.kv_heads);
  w.member("experts", m.experts).member("experts_per_token", m.top_k);
  w.member("mtp_layers", m.mtp_layers);
  w.member("native_weights", kernel::to_string(m.native_weights));
  w.key("parameters").begin_object();
  w.member("embedding", f.count.embedding).member("attention", f.count.attention);
  w.member("dense_feed_forward", f.count.dense_ffn).member("routed_experts", f.count.experts);
  w.member("shared_experts", f.count.shared_experts).member("router", f.count.router);
  w.member("norms", f.count.norms).member("output_head", f.count.lm_head);
  w.member("mtp", f.count.mtp).member("total", f.count.total()).member("active", f.active);
  w.member("published_total", f.published).member("published_active", f.published_active);
  w.end_object();
  w.key("kv_bytes_per_token").begin_object();
  for (const kernel::DataType type : {kernel::DataType::bf16, kernel::DataType::fp8,
                                      kernel::DataType::int8, kernel::DataType::fp4}) {
    w.member(kernel::to_string(type), llm::kv_bytes_per_token(m, type).si());
  }
  w.end_object();
  w.key("flops_per_token").begin_array();
  for (const double context : {0.0, 1024.0, 8192.0, 32768.0, 131072.0}) {
    if (context > static_cast<double>(m.max_context)) break;
    w.begin_object();
    w.member("context_tokens", context);
    w.member("flops", llm::flops_per_token(m, context).si());
    w.end_object();
  }
  w.end_array();
  w.end_object();
}

}  // namespace

std::string datasheet_json(const api::Datasheet& sheet) {
  JsonWriter w;
  w.begin_object();
  w.member("format", "supernode-catalog-entry").member("version", 1);
  w.member("kind", sheet.kind).member("name", sheet.name).member("title", sheet.title);
  w.key("parts").begin_array();
  for (const api::DatasheetPart& part : sheet.parts) {
    w.begin_object();
    w.member("path", part.path).member("name", part.name).member("note", part.note);
    w.end_object();
  }
  w.end_array();
  w.key("values").begin_array();
  for (const api::DatasheetLine& line : sheet.lines) write_line(w, line);
  w.end_array();
  w.key("model");
  if (sheet.model) {
    write_model(w, *sheet.model);
  } else {
    w.null();
  }
  w.key("workload");
  if (sheet.workload) {
    write_workload_json(w, *sheet.workload);
  } else {
    w.null();
  }
  w.end_object();
  return std::move(w).str();
}

std::string listing_json(const std::vector<api::CatalogListing>& kinds) {
  JsonWriter w;
  w.begin_object();
  w.member("format", "supernode-catalog").member("version", 1);
  w.key("kinds").begin_array();
  for (const api::CatalogListing& kind : kinds) {
    w.begin_object();
    w.member("kind", kind.kind).member("folder", kind.folder);
    w.member("description", kind.description);
    w.key("entries").begin_array();
    for (const auto& [name, title] : kind.entries) {
      w.begin_object();
      w.member("name", name).member("title", title);
      w.end_object();
    }
    w.end_array();
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).str();
}

}  // namespace sn::draw
