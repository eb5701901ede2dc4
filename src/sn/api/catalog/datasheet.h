// sn/api/catalog/datasheet.h
//
// A catalog entry as a datasheet: every value with unit, source, date and confidence; values of
// disagreeing sources one after the other.
//
// For a model also what follows from its architecture: parameters by part beside the published
// count, KV bytes per token by precision, FLOPs per token by context; for a workload its
// statistics.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/llm/model/model.h"
#include "sn/serving/load/workload.h"

namespace sn::api {

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

/// The entries of a kind with their titles.
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

/// An entry by its name, as NAME or KIND/NAME. Errors: unknown, or the name of several entries.
struct EntryName {
  const catalog::CatalogKind* kind = nullptr;
  std::string name;
};
[[nodiscard]] Result<EntryName> find_entry(const catalog::Catalog& catalog,
                                           const std::string& text);

[[nodiscard]] Result<Datasheet> datasheet(const catalog::Catalog& catalog,
                                          const std::string& entry);

/// `text` is a model of the catalog, or the path of a config.json (or of a file like an entry).
[[nodiscard]] Result<Datasheet> model_datasheet(const catalog::Catalog& catalog,
                                                const std::string& text);

/// Two entries of one kind. Errors of both names together.
[[nodiscard]] Result<std::pair<Datasheet, Datasheet>> datasheets(const catalog::Catalog& catalog,
                                                                 const std::string& a,
                                                                 const std::string& b);

/// All kinds, or the one that is named.
[[nodiscard]] Result<std::vector<CatalogListing>> list_catalog(const catalog::Catalog& catalog,
                                                               const std::string& kind = {});

/// Entries with `word` in their name or title, whatever the case, by kind; and the shipped
/// scenarios, by name or text. Errors: nothing has it, with the nearest name.
[[nodiscard]] Result<std::vector<CatalogListing>> search_catalog(const catalog::Catalog& catalog,
                                                                 const std::string& word);

/// The shipped scenarios as a kind of their own.
[[nodiscard]] CatalogListing list_scenarios();

}  // namespace sn::api
