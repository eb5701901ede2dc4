// sn/api/catalog/datasheet.cc
//
// From a catalog entry to a datasheet (see datasheet.h).
//
// The same `describe` that fills the structs of the models lists the lines here, so that no value
// can be used and not shown.

#include "sn/api/catalog/datasheet.h"

#include <utility>

#include "sn/base/units/units.h"
#include "sn/collective/params.h"
#include "sn/evidence/kernels/published_figures.h"
#include "sn/evidence/serving/benchmark.h"
#include "sn/facility/cost.h"
#include "sn/facility/faults.h"
#include "sn/facility/medium.h"
#include "sn/facility/plant.h"
#include "sn/kernel/params.h"
#include "sn/llm/framework.h"
#include "sn/llm/uncertainty.h"
#include "sn/planner/export/tool_table.h"
#include "sn/serving/load/workload_file.h"

namespace sn::api {

/// What a model entry says besides its architecture.
struct PublishedModel {
  std::string checkpoint;  // its name on Hugging Face
  double parameters = 0.0;
  double active = 0.0;
  llm::ModelTraits traits;
};

template <class V>
void describe(V& v, PublishedModel& p) {
  v.text("checkpoint", p.checkpoint, catalog::Need::optional);
  v.ratio("published.parameters", p.parameters, 1e6, 1e15, catalog::Need::optional);
  v.ratio("published.active_parameters", p.active, 1e6, 1e15, catalog::Need::optional);
  v.group("traits", p.traits);
}

namespace {

/// A visitor of `describe` that lists what it visits: numbers as `ParamReader` recorded them, names
/// and flags from the tree.
class LineCollector {
 public:
  LineCollector(const Node& tree, const catalog::SourceBook& sources, const catalog::Params& params,
                std::vector<DatasheetLine>& lines)
      : tree_(tree), sources_(sources), params_(params), lines_(lines) {}

  template <Dimension D>
  void quantity(std::string_view, Quantity<D>&, Quantity<D>, Quantity<D>,
                catalog::Need = catalog::Need::required) {
    number();
  }
  void ratio(std::string_view, double&, double, double, catalog::Need = catalog::Need::required) {
    number();
  }
  void count(std::string_view, std::int64_t&, std::int64_t, std::int64_t,
             catalog::Need = catalog::Need::required) {
    number();
  }
  void flag(std::string_view path, bool& value) { leaf(path, value ? "yes" : "no"); }
  void text(std::string_view path, std::string& value, catalog::Need = catalog::Need::required) {
    leaf(path, value);
  }
  template <class Group>
  void group(std::string_view path, Group& out) {
    const std::string saved = scope_;
    scope_ = join(path);
    describe(*this, out);
    scope_ = saved;
  }

 private:
  [[nodiscard]] std::string join(std::string_view path) const {
    return scope_.empty() ? std::string(path) : scope_ + "." + std::string(path);
  }

  void number() {
    SN_ASSERT(next_ < params_.size());
    const catalog::Param& p = params_[next_++];
    DatasheetLine line{.path = p.path, .dimension = p.dimension, .figures = {}};
    if (p.present) {
      line.figures.push_back({text_of(p, p.value), p.value, p.provenance});
      for (const catalog::Alternative& a : p.alternatives) {
        line.figures.push_back({text_of(p, a.value), a.value, a.provenance});
      }
    }
    lines_.push_back(std::move(line));
  }

  [[nodiscard]] static std::string text_of(const catalog::Param& p, double value) {
    return p.discrete ? format_number(value, 15) : format_quantity(value, p.dimension);
  }

  void leaf(std::string_view path, std::string value) {
    DatasheetLine line{.path = join(path), .dimension = {}, .figures = {}};
    if (const Node* node = tree_.find(line.path)) {
      line.figures.push_back({std::move(value), std::nullopt, provenance_of(*node)});
    }
    lines_.push_back(std::move(line));
  }

  [[nodiscard]] catalog::Provenance provenance_of(const Node& node) const {
    catalog::Provenance out;
    out.confidence = catalog::Confidence::high;
    out.source.grade = catalog::Grade::official;
    if (!node.is_map()) return out;  // a name of the catalog's own: nothing to prove
    if (const Node* id = node.find("source")) {
      const catalog::SourceInfo* info = sources_.find(id->text());
      if (info != nullptr) out.source = *info;
    }
    if (const Node* note = node.find("note")) out.note = note->text();
    const Node* confidence = node.find("confidence");
    const std::string level = confidence == nullptr ? "high" : confidence->text();
    if (level == "medium") out.confidence = catalog::Confidence::medium;
    if (level == "low") out.confidence = catalog::Confidence::low;
    return out;
  }

  const Node& tree_;
  const catalog::SourceBook& sources_;
  const catalog::Params& params_;
  std::vector<DatasheetLine>& lines_;
  std::string scope_;
  std::size_t next_ = 0;
};

/// `out` as the entry finds it: empty, but for one that has its names from the entry.
template <class T>
T add_lines(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet, Errors& errors,
            T out = {}) {
  catalog::Params params;
  catalog::read_entry(catalog, tree, "", out, params, errors);
  if (!errors.empty()) return out;
  LineCollector collector(tree, catalog.sources(), params, sheet.lines);
  describe(collector, out);
  return out;
}

std::string text_at(const Node& node, std::string_view key) {
  const Node* member = node.find(key);
  return member == nullptr ? std::string() : member->text();
}

/// Names and remarks of the entry and of the parts within it.
void add_parts(const Node& node, const std::string& path, Datasheet& sheet) {
  const std::string name = path.empty() ? std::string() : text_at(node, "name");
  const std::string note = text_at(node, "note");
  if (!name.empty() || !note.empty()) sheet.parts.push_back({path, name, note});
  for (const Node::Member& m : node.members()) {
    const bool leaf = !m.value.is_map() || m.value.find("value") != nullptr;
    if (leaf || m.key == "config") continue;
    add_parts(m.value, path.empty() ? m.key : path + "." + m.key, sheet);
  }
}

void add_model(const catalog::Catalog& catalog, Node tree, Datasheet& sheet, Errors& errors) {
  const Node* config = tree.find("config");
  if (config == nullptr) {
    errors.push_back({.code = ErrorCode::missing,
                      .message = "model '" + sheet.name + "' has no 'config'",
                      .where = tree.where(),
                      .hint = {}});
    return;
  }
  ModelFacts facts;
  facts.spec = take(llm::read_model(*config, sheet.name), errors);
  tree.erase("config");
  const auto published = add_lines<PublishedModel>(catalog, tree, sheet, errors);
  if (!errors.empty()) return;
  facts.count = llm::count_parameters(facts.spec);
  facts.active = llm::active_parameters(facts.spec);
  facts.published = published.parameters;
  facts.published_active = published.active;
  sheet.model = std::move(facts);
}

/// A line an argument: the program that takes it as the value, its meaning as the note.
void add_tool(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet, Errors& errors) {
  const planner::ToolTable table = take(planner::read_tool(tree, sheet.name), errors);
  catalog::Provenance from;
  from.confidence = catalog::Confidence::high;
  if (const catalog::SourceInfo* info = catalog.sources().find(text_at(tree, "source"))) {
    from.source = *info;
  }
  for (const planner::ToolProgram& program : table.programs) {
    for (const planner::ToolArgument& argument : program.arguments) {
      from.note = argument.meaning;
      sheet.lines.push_back({.path = argument.name,
                             .dimension = {},
                             .figures = {{program.name, std::nullopt, from}}});
    }
  }
}

/// A line a product; its conditions are the note of the entry.
void add_published(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet,
                   Errors& errors) {
  const evidence::PublishedProducts p = take(evidence::read_published(tree, sheet.name), errors);
  catalog::Provenance from;
  from.confidence = catalog::Confidence::high;
  if (const catalog::SourceInfo* info = catalog.sources().find(p.source)) from.source = *info;
  from.note = p.citation;
  for (const evidence::PublishedProduct& x : p.products) {
    sheet.lines.push_back({.path = x.shape(),
                           .dimension = FlopRate::dimension,
                           .figures = {{format(x.rate), x.rate.si(), from}}});
  }
}

/// What was published of a supernode and what it was serving: `validate serving` predicts the rest.
void add_case(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet, Errors&) {
  catalog::Provenance from;
  from.confidence = catalog::Confidence::high;
  if (const catalog::SourceInfo* info = catalog.sources().find(text_at(tree, "source"))) {
    from.source = *info;
  }
  for (const std::string_view group : {"published", "load"}) {
    const Node* node = tree.find(group);
    if (node == nullptr) continue;
    for (const Node::Member& m : node->members()) {
      from.note = group == "published" ? text_at(tree, "note") : std::string();
      const std::string unit = m.key == "per_gpu" ? " tokens/s" : "";
      sheet.lines.push_back({.path = std::string(group) + "." + m.key,
                             .dimension = {},
                             .figures = {{m.value.text() + unit, std::nullopt, from}}});
    }
  }
}

catalog::Provenance provenance_of(const catalog::Catalog& catalog, const Node& node) {
  catalog::Provenance from;
  if (const catalog::SourceInfo* info = catalog.sources().find(text_at(node, "source"))) {
    from.source = *info;
  }
  const std::string sure = text_at(node, "confidence");
  from.confidence = sure == "high"     ? catalog::Confidence::high
                    : sure == "medium" ? catalog::Confidence::medium
                                       : catalog::Confidence::low;
  from.note = text_at(node, "note");
  return from;
}

/// What a benchmark asks for and how it is deployed; `validate serving` plays it.
void add_benchmark(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet,
                   Errors& errors) {
  const Result<evidence::Benchmark> known = evidence::read_benchmark(tree, catalog.sources());
  if (!known) {
    errors.insert(errors.end(), known.error().begin(), known.error().end());
    return;
  }
  const auto line = [&](std::string path, std::string text, const Node& node) {
    sheet.lines.push_back({.path = std::move(path),
                           .dimension = {},
                           .figures = {{text, std::nullopt, provenance_of(catalog, node)}}});
  };
  for (const std::string_view key : {"input", "output", "spread"}) {
    const Node& node = *tree.find(key);
    line(std::string(key), text_at(node, "value") + (key == "spread" ? "" : " tokens"), node);
  }
  for (const Node& node : tree.find("deployments")->items()) {
    std::string text;
    for (const Node::Member& m : node.members()) {
      if (m.value.is_map() || m.key == "chips" || m.key == "scenarios" || m.key == "source" ||
          m.key == "confidence" || m.key == "note") {
        continue;
      }
      text += (text.empty() ? "" : ", ") + m.key + " " + m.value.text();
    }
    std::string path;
    for (const std::string_view key : {"chips", "scenarios"}) {
      for (const Node& item : node.find(key)->items()) {
        path += (path.empty() ? "" : " ") + item.text();
      }
    }
    line(path, text, node);
  }
}

/// How the lines of each kind are read. A new kind is one line.
struct KindReader {
  std::string_view kind;
  void (*add)(const catalog::Catalog&, const Node&, Datasheet&, Errors&);
};

template <class T>
void add_described(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet,
                   Errors& errors) {
  static_cast<void>(add_lines<T>(catalog, tree, sheet, errors));
}

void add_prices(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet,
                Errors& errors) {
  static_cast<void>(add_lines(catalog, tree, sheet, errors, facility::names_of(tree)));
}

void add_workload(const catalog::Catalog&, const Node& tree, Datasheet& sheet, Errors& errors) {
  serving::Workload w = take(serving::read_workload(tree, sheet.name), errors);
  if (errors.empty()) sheet.workload = std::move(w);
}

/// What is claimed, by whom; `supernode claims` runs it.
void add_claim(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet, Errors&) {
  catalog::Provenance from;
  from.confidence = catalog::Confidence::high;
  if (const catalog::SourceInfo* info = catalog.sources().find(text_at(tree, "source"))) {
    from.source = *info;
  }
  from.note = text_at(tree, "citation");
  std::string said;
  for (const char* key : {"about", "low", "high", "unit"}) {
    const Node* at = tree.find(std::string("claimed.") + key);
    if (at != nullptr) said += (said.empty() ? "" : " ") + std::string(at->text());
  }
  sheet.lines.push_back({.path = "claimed", .dimension = {}, .figures = {{said, 0.0, from}}});
}

/// How many figures of which runs; `supernode validate peers` lays ours beside them.
void add_peer(const catalog::Catalog& catalog, const Node& tree, Datasheet& sheet, Errors&) {
  catalog::Provenance from;
  from.confidence = catalog::Confidence::high;
  if (const catalog::SourceInfo* info = catalog.sources().find(text_at(tree, "source"))) {
    from.source = *info;
  }
  from.note = text_at(tree, "citation");
  const Node* runs = tree.find("runs");
  for (const Node& run : runs == nullptr ? std::vector<Node>{} : runs->items()) {
    const Node* figures = run.find("figures");
    const auto n = figures == nullptr ? 0 : figures->items().size();
    sheet.lines.push_back({.path = text_at(run, "run"),
                           .dimension = {},
                           .figures = {{std::to_string(n) + " figures", 0.0, from}}});
  }
}

constexpr KindReader readers[] = {
    {"chip", add_described<hw::Chip>},
    {"link", add_described<hw::Link>},
    {"switch", add_described<hw::Switch>},
    {"nic", add_described<hw::Nic>},
    {"memory", add_described<hw::Memory>},
    {"mover", add_described<hw::Mover>},
    {"medium", add_described<facility::Medium>},
    {"module", add_described<facility::Module>},
    {"plant", add_described<facility::Plant>},
    {"failure", add_described<facility::Failures>},
    {"price", add_prices},
    {"site", add_described<facility::Site>},
    {"rack", add_described<hw::Rack>},
    {"scale-out", add_described<hw::ScaleOut>},
    {"dcn", add_described<hw::Dcn>},
    {"model", [](const catalog::Catalog& c, const Node& t, Datasheet& s,
                 Errors& e) { add_model(c, t, s, e); }},
    {"kernels", add_described<kernel::KernelParams>},
    {"kernel_software", add_described<kernel::SoftwareParams>},
    {"uncertainty", add_described<llm::Uncertainty>},
    {"collectives", add_described<collective::CollectiveParams>},
    {"framework", add_described<llm::Framework>},
    {"traits", add_described<llm::ModelTraits>},
    {"workload", add_workload},
    {"published", add_published},
    {"tool", add_tool},
    {"case", add_case},
    {"benchmark", add_benchmark},
    {"claim", add_claim},
    {"peer", add_peer},
};

}  // namespace

Result<Datasheet> read_datasheet(const catalog::Catalog& catalog, const catalog::CatalogKind& kind,
                                 std::string_view name) {
  const Result<Node> tree = catalog.entry(kind, name);
  if (!tree) return fail(tree.error());
  Datasheet sheet{.kind = std::string(kind.name),
                  .folder = std::string(kind.folder),
                  .name = std::string(name),
                  .title = text_at(*tree, "title"),
                  .parts = {},
                  .lines = {},
                  .model = {},
                  .workload = {}};
  Errors errors;
  add_parts(*tree, "", sheet);
  for (const KindReader& reader : readers) {
    if (reader.kind == kind.name) reader.add(catalog, *tree, sheet, errors);
  }
  if (!errors.empty()) return fail(std::move(errors));
  return sheet;
}

Result<Datasheet> read_model_datasheet(const Node& config, std::string name) {
  const Node* inner = config.find("config");
  Result<llm::ModelSpec> spec = llm::read_model(inner == nullptr ? config : *inner, name);
  if (!spec) return fail(spec.error());
  ModelFacts facts;
  facts.spec = *std::move(spec);
  facts.count = llm::count_parameters(facts.spec);
  facts.active = llm::active_parameters(facts.spec);
  return Datasheet{.kind = "model",
                   .folder = {},
                   .name = std::move(name),
                   .title = text_at(config, "title"),
                   .parts = {},
                   .lines = {},
                   .model = std::move(facts),
                   .workload = {}};
}

CatalogListing list_kind(const catalog::Catalog& catalog, const catalog::CatalogKind& kind) {
  CatalogListing out{.kind = std::string(kind.name),
                     .folder = std::string(kind.folder),
                     .description = std::string(kind.description),
                     .entries = {}};
  for (const std::string& name : catalog.names(kind)) {
    const Result<Node> tree = catalog.entry(kind, name);
    out.entries.emplace_back(name, tree ? text_at(*tree, "title") : std::string());
  }
  return out;
}

}  // namespace sn::api
