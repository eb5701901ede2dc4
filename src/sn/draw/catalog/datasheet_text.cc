// sn/draw/catalog/datasheet_text.cc
//
// Datasheets and lists of the catalog as text (see datasheet.h).

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "sn/base/text/utf8.h"
#include "sn/base/units/units.h"
#include "sn/draw/catalog/datasheet.h"
#include "sn/draw/catalog/workload_text.h"

namespace sn::draw {

namespace {

constexpr std::size_t note_width = 64;
constexpr std::size_t page_width = 110;

std::vector<std::string> lines_of(const std::string& text, std::size_t width) {
  std::vector<std::string> out;
  const std::string broken = wrapped(text, 0, width);
  for (std::size_t at = 0; at <= broken.size();) {
    const std::size_t end = std::min(broken.find('\n', at), broken.size());
    out.push_back(broken.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// A row with its note broken over the rows below.
void add_row(Table& table, const std::vector<std::string>& cells, const std::string& note) {
  const std::vector<std::string> parts = lines_of(note, note_width);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::string> row = i == 0 ? cells : std::vector<std::string>(cells.size());
    row.push_back(parts[i]);
    table.row(std::move(row));
  }
}

std::string values(const api::Datasheet& sheet, const TextStyle& style) {
  if (sheet.lines.empty()) return {};
  Table table({{"value of", Align::left},
               {"", Align::left},
               {"value", Align::right},
               {"source", Align::left},
               {"date", Align::left},
               {"confidence", Align::left},
               {"note", Align::left}});
  for (const api::DatasheetLine& line : sheet.lines) {
    if (line.figures.empty()) {
      table.row({line.path, "", "none"});
      continue;
    }
    for (std::size_t i = 0; i < line.figures.size(); ++i) {
      const api::Figure& f = line.figures[i];
      const bool named = !f.provenance.source.id.empty();
      const bool star = f.provenance.assumed();
      const std::string note = star && i == 0 ? std::string() : f.provenance.note;
      add_row(table,
              {i == 0 ? line.path : "", star ? "*" : "", (i == 0 ? "" : "or ") + f.text,
               f.provenance.source.id, f.provenance.source.date,
               named ? std::string(to_string(f.provenance.confidence)) : ""},
              note);
    }
  }
  return "\n" + table.str(style);
}

std::string assumptions(const api::Datasheet& sheet, const TextStyle& style) {
  std::string out;
  for (const api::DatasheetLine& line : sheet.lines) {
    if (!line.assumed()) continue;
    const catalog::Provenance& p = line.figures.front().provenance;
    const std::string why = p.note.empty() ? p.source.title : p.note;
    out += "  " + wrapped("* " + line.path + ": " + why, 4, page_width) + "\n";
  }
  if (out.empty()) return {};
  return "\n" + heading(" * assumptions, with nothing published behind them", style) + "\n" + out;
}

std::string sources(const api::Datasheet& sheet, const TextStyle& style) {
  std::map<std::string, catalog::SourceInfo> used;
  for (const api::DatasheetLine& line : sheet.lines) {
    for (const api::Figure& f : line.figures) {
      const catalog::SourceInfo& s = f.provenance.source;
      if (!s.id.empty()) used.emplace(s.id, s);
    }
  }
  if (used.empty()) return {};
  Table table({{"source", Align::left},
               {"grade", Align::left},
               {"date", Align::left},
               {"title", Align::left}});
  for (const auto& [id, s] : used) {
    table.row({id, std::string(to_string(s.grade)), s.date, s.title});
  }
  return "\n" + table.str(style);
}

std::string parts(const api::Datasheet& sheet) {
  std::string out;
  for (const api::DatasheetPart& part : sheet.parts) {
    std::string text = part.path.empty() ? std::string() : part.path;
    if (!part.name.empty()) text += ": " + part.name;
    if (!part.note.empty()) text += (text.empty() ? "" : "; ") + part.note;
    out += " " + wrapped(text, 1, page_width) + "\n";
  }
  return out;
}

std::string billions(double parameters) { return fixed(parameters / 1e9, 3); }

std::string architecture(const llm::ModelSpec& m) {
  const llm::Attention& a = m.attention;
  std::string out = fmt::format(
      "  {} layers ({} dense, {} with experts), hidden {}, vocabulary {}, context {} tokens, "
      "native weights {}\n",
      m.layers, m.dense_layers, m.moe_layers(), m.hidden, m.vocab, m.max_context,
      kernel::to_string(m.native_weights));
  if (a.kind == llm::AttentionKind::mla) {
    out += fmt::format("  attention: MLA, {} heads, latent {} + {} rotary, queries by rank {}\n",
                       a.heads, a.kv_lora, a.rope_dim, a.q_lora);
  } else {
    out +=
        fmt::format("  attention: {} heads of {}, {} KV heads\n", a.heads, a.head_dim, a.kv_heads);
  }
  if (m.is_moe()) {
    out += fmt::format("  experts: {} routed of width {}, {} chosen per token, shared width {}\n",
                       m.experts, m.expert_inter, m.top_k, m.shared_inter);
  }
  if (m.dense_layers > 0) out += fmt::format("  dense feed-forward width {}\n", m.dense_inter);
  if (m.windowed_layers > 0) {
    out += fmt::format("  {} layers attend to the last {} tokens\n", m.windowed_layers, m.window);
  }
  if (m.is_sparse()) {
    out += fmt::format("  sparse attention: {} keys, chosen by an indexer of {} heads of {}\n",
                       m.sparse_top_k, m.index_heads, m.index_dim);
  }
  if (m.mtp_layers > 0) out += fmt::format("  {} MTP layer\n", m.mtp_layers);
  return out;
}

std::string parameters(const api::ModelFacts& f, const TextStyle& style) {
  Table table({{"parameters, billions", Align::left},
               {"computed", Align::right},
               {"share %", Align::right},
               {"published", Align::right},
               {"difference %", Align::right}});
  const double total = f.count.total();
  const auto part = [&](const char* name, double value) {
    if (value > 0.0) table.row({name, billions(value), fixed(100.0 * value / total, 2)});
  };
  part("embedding", f.count.embedding);
  part("attention", f.count.attention);
  part("dense feed-forward", f.count.dense_ffn);
  part("routed experts", f.count.experts);
  part("shared experts", f.count.shared_experts);
  part("router", f.count.router);
  part("norms", f.count.norms);
  part("output head", f.count.lm_head);
  table.rule();
  const auto sum = [&](const char* name, double value, double published, bool share) {
    table.row({name, billions(value), share ? fixed(100.0 * value / total, 2) : "",
               published > 0.0 ? billions(published) : "-",
               published > 0.0 ? fixed(100.0 * (value / published - 1.0), 2) : "-"});
  };
  sum("total", total, f.published, true);
  sum("active per token", f.active, f.published_active, true);
  if (f.count.mtp > 0.0) table.row({"MTP, not in the total", billions(f.count.mtp)});
  return "\n" + table.str(style);
}

std::string per_token(const llm::ModelSpec& m, const TextStyle& style) {
  Table kv({{"KV cache", Align::left},
            {"bytes/token", Align::right},
            {"GB at full context", Align::right}});
  for (const kernel::DataType type : {kernel::DataType::bf16, kernel::DataType::fp8,
                                      kernel::DataType::int8, kernel::DataType::fp4}) {
    const double bytes = llm::kv_bytes_per_token(m, type).si();
    kv.row({std::string(kernel::to_string(type)), format_number(bytes, 12),
            significant(bytes * llm::kv_tokens_held(m, static_cast<double>(m.max_context)) / 1e9)});
  }
  Table flops({{"context", Align::right}, {"GFLOP/token", Align::right}});
  for (const double context : {0.0, 1024.0, 8192.0, 32768.0, 131072.0}) {
    if (context > static_cast<double>(m.max_context)) break;
    flops.row(
        {format_number(context, 9), significant(llm::flops_per_token(m, context).si() / 1e9)});
  }
  return "\n" + kv.str(style) + "\n" + flops.str(style);
}

}  // namespace

std::string datasheet_text(const api::Datasheet& sheet, const TextStyle& style) {
  const std::string place =
      sheet.folder.empty() ? std::string() : "   (" + sheet.folder + "/" + sheet.name + ")";
  std::string out =
      heading(sheet.name + (sheet.title.empty() ? "" : "   " + sheet.title) + place, style) + "\n" +
      parts(sheet);
  if (sheet.model) {
    out += "\n" + architecture(sheet.model->spec) + parameters(*sheet.model, style) +
           per_token(sheet.model->spec, style);
  }
  if (sheet.workload) out += "\n" + workload_statistics(*sheet.workload, style);
  out += values(sheet, style) + assumptions(sheet, style) + sources(sheet, style);
  if (sheet.folder.empty()) return out + "\n next   supernode catalog models\n";
  return out + "\n next   supernode catalog show " + sheet.folder + "/" + sheet.name + " --json\n";
}

std::string listing_text(const std::vector<api::CatalogListing>& kinds, const TextStyle& style) {
  const bool one = kinds.size() == 1;
  std::string out = heading(one ? kinds.front().folder + ": " + kinds.front().description
                                : "What the catalog knows, by kind",
                            style) +
                    "\n\n";
  if (one) {
    Table table({{"name", Align::left}, {"title", Align::left}});
    for (const auto& [name, title] : kinds.front().entries) table.row({name, title});
    out += table.str(style);
    const bool empty = kinds.front().entries.empty();
    const std::string name = empty ? "NAME" : kinds.front().entries.front().first;
    return out + "\n next   supernode catalog show " + kinds.front().folder + "/" + name + "\n";
  }
  Table table({{"kind", Align::left}, {"names", Align::left}, {"what", Align::left}});
  for (const api::CatalogListing& kind : kinds) {
    std::string names;
    for (const auto& [name, title] : kind.entries) names += (names.empty() ? "" : ", ") + name;
    const std::vector<std::string> rows = lines_of(names.empty() ? "(none)" : names, note_width);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      table.row({i == 0 ? kind.folder : "", rows[i], i == 0 ? kind.description : ""});
    }
  }
  return out + table.str(style) + "\n next   supernode catalog KIND, supernode catalog show NAME\n";
}

}  // namespace sn::draw
