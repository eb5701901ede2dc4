// sn/draw/catalog/datasheet.h
//
// A catalog entry as a datasheet: every value with unit, source, date and confidence; values of
// disagreeing sources on consecutive lines; assumptions starred and explained at the foot.
//
// For a model also what follows from its architecture: parameters by part beside the published
// count, KV bytes per token by precision, FLOPs per token by context; for a workload its
// statistics.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/kit/text_table.h"
#include "sn/llm/model.h"
#include "sn/serving/load/workload.h"

namespace sn::draw {

/// One source's word on a value.
struct Figure {
  std::string text;              // with unit
  std::optional<double> number;  // base units; nothing for names and flags
  catalog::Provenance provenance;
};

/// One line: the value that is used first, then those of other sources. No figures: the entry has
/// none (an optional number that is absent).
struct DatasheetLine {
  std::string path;  // "hbm.bandwidth"
  Dimension dimension;
  std::vector<Figure> figures;

  [[nodiscard]] bool assumed() const {
    return !figures.empty() && figures.front().provenance.assumed();
  }
};

/// A part that the entry refers to by name, or a remark on one; `path` is empty for the entry.
struct DatasheetPart {
  std::string path;  // "chip"
  std::string name;  // "b200"
  std::string note;
};

struct ModelFacts {
  llm::ModelSpec spec;
  llm::ParameterCount count;
  double active = 0.0;
  double published = 0.0;  // parameters; 0 when nothing is published
  double published_active = 0.0;
};

struct Datasheet {
  std::string kind;
  std::string folder;
  std::string name;
  std::string title;
  std::vector<DatasheetPart> parts;
  std::vector<DatasheetLine> lines;
  std::optional<ModelFacts> model;
  std::optional<serving::Workload> workload;
};

/// Errors: an unknown name, or mistakes in the entry.
[[nodiscard]] Result<Datasheet> read_datasheet(const catalog::Catalog& catalog,
                                               const catalog::CatalogKind& kind,
                                               std::string_view name);

/// The datasheet of a model outside the catalog: a config.json, or an entry that holds one under
/// `config`. It has no folder and no lines. Errors: as `llm::read_model`.
[[nodiscard]] Result<Datasheet> read_model_datasheet(const Node& config, std::string name);

[[nodiscard]] std::string datasheet_text(const Datasheet& sheet, const TextStyle& style);

/// Schema: schema/catalog.schema.json.
[[nodiscard]] std::string datasheet_json(const Datasheet& sheet);

/// The entries of some kinds with their titles, as text and as JSON of the same schema.
struct CatalogListing {
  std::string kind;
  std::string folder;
  std::string description;
  std::vector<std::pair<std::string, std::string>> entries;  // name, title
};

struct CatalogListings {
  std::vector<CatalogListing> kinds;
};

void describe(ReportVisitor& v, const Figure& figure);
void describe(ReportVisitor& v, const DatasheetLine& line);
void describe(ReportVisitor& v, const DatasheetPart& part);
void describe(ReportVisitor& v, const ModelFacts& facts);
void describe(ReportVisitor& v, const Datasheet& sheet);
void describe(ReportVisitor& v, const CatalogListing& listing);
void describe(ReportVisitor& v, const CatalogListings& listings);

[[nodiscard]] CatalogListing list_kind(const catalog::Catalog& catalog,
                                       const catalog::CatalogKind& kind);
[[nodiscard]] std::string listing_text(const std::vector<CatalogListing>& kinds,
                                       const TextStyle& style);
[[nodiscard]] std::string listing_json(const std::vector<CatalogListing>& kinds);

}  // namespace sn::draw
