// sn/evidence/kernels/published_figures.cc
//
// Reads the figures of the catalog and compares them with the models.

#include "sn/evidence/kernels/published_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "sn/evidence/kernels/parameter_groups.h"
#include "sn/evidence/kernels/validate_kernels.h"
#include "sn/kernel/kernel_model.h"

namespace sn::evidence {

namespace {

kernel::Gemm operator_of(const PublishedProduct& p) {
  return {.m = p.m,
          .n = p.n,
          .k = p.k,
          .activation = p.type,
          .weight = p.type,
          .narrowed = true,
          .weight_cycle = p.n * p.k * bytes_per_element(p.type).si()};
}

std::optional<PublishedProduct> read_product(const Node& node, Errors& errors) {
  const std::size_t before = errors.size();
  MapReader reader(node, "product", errors);
  PublishedProduct p;
  const auto type = reader.choice("type", {"bf16", "fp8", "fp4", "int8"});
  constexpr Range sizes{1.0, 1e9};
  const auto m = reader.integer("m", sizes);
  const auto n = reader.integer("n", sizes);
  const auto k = reader.integer("k", sizes);
  const auto rate = reader.quantity("rate", FlopRate::from_si(1e9), FlopRate::from_si(1e18));
  reader.finish();
  if (errors.size() == before && !(type && m && n && k && rate)) {
    reader.report(ErrorCode::missing, "a product needs type, m, n, k and rate", nullptr);
  }
  if (errors.size() != before) return std::nullopt;
  p.type = *kernel::parse_data_type(*type);
  p.m = static_cast<double>(*m);
  p.n = static_cast<double>(*n);
  p.k = static_cast<double>(*k);
  p.rate = *rate;
  return p;
}

/// One table a data type.
class EntryJob {
 public:
  EntryJob(const PublishedProducts& entry, const KernelSet& kernels) : entry_(entry) {
    file_.file = "published/" + entry.name;
    file_.family = "GEMM, published";
    file_.chip = entry.chip;
    file_.framework = entry.library;
    file_.citation = entry.citation + "; " + entry.date;
    const auto chip = kernels.chips.find(entry.chip);
    if (chip == kernels.chips.end()) return;
    const auto generation = kernels.generations.find(chip->second.kernels);
    if (generation == kernels.generations.end()) return;
    generation_ = generation->first;
    model_.emplace(chip->second, generation->second);
  }

  FileReport run() {
    for (const kernel::DataType type : {kernel::DataType::bf16, kernel::DataType::fp8,
                                        kernel::DataType::fp4, kernel::DataType::int8}) {
      table(type);
    }
    file_.latency = file_.held_out = measured::metrics_of(errors_);
    std::stable_sort(file_.worst.begin(), file_.worst.end(),
                     [](const WorstCase& a, const WorstCase& b) {
                       return std::abs(std::log(a.predicted / a.measured)) >
                              std::abs(std::log(b.predicted / b.measured));
                     });
    return std::move(file_);
  }

 private:
  void table(kernel::DataType type) {
    TableReport t;
    t.group = to_string(type);
    t.target = kernel_target(file_.family);
    std::vector<double> errors;
    for (std::size_t i = 0; i < entry_.products.size(); ++i) {
      const PublishedProduct& p = entry_.products[i];
      if (p.type != type) continue;
      ++t.rows;
      if (!model_) continue;
      const double predicted = model_->gemm(operator_of(p)).time.si();
      errors.push_back(predicted / p.seconds() - 1.0);
      file_.worst.push_back({static_cast<int>(i) + 1, p.shape(), p.seconds(), predicted});
    }
    if (t.rows == 0) return;
    t.predicted = errors.size();
    if (model_) {
      const measured::Op op = operator_of(PublishedProduct{.type = type, .rate = {}});
      t.rests_on = parameter_groups(*kind_of(op), generation_);
    } else {
      t.skipped.push_back({"no kernel parameters for this chip", t.rows});
    }
    errors_.insert(errors_.end(), errors.begin(), errors.end());
    t.latency = t.held_out = measured::metrics_of(errors);
    file_.rows += t.rows;
    file_.predicted += t.predicted;
    for (const Skip& s : t.skipped) file_.skipped.push_back(s);
    file_.tables.push_back(std::move(t));
  }

  const PublishedProducts& entry_;
  std::string generation_;
  std::optional<kernel::KernelModel> model_;
  FileReport file_;
  std::vector<double> errors_;
};

}  // namespace

std::string PublishedProduct::shape() const {
  return fmt::format("{} m={:.0f} n={:.0f} k={:.0f}", to_string(type), m, n, k);
}

Result<PublishedProducts> read_published(const Node& document, std::string name) {
  Errors errors;
  PublishedProducts out;
  out.name = std::move(name);
  MapReader reader(document, "", errors);
  for (const std::string_view ignored : {"title", "note", "name"}) {
    static_cast<void>(reader.get(ignored));
  }
  const auto text = [&](std::string_view key, std::string& into) {
    if (reader.require(key) != nullptr) into = reader.text(key).value_or("");
  };
  text("source", out.source);
  text("citation", out.citation);
  text("date", out.date);
  text("chip", out.chip);
  text("library", out.library);
  const Node* products = reader.require("products");
  reader.finish();
  if (products != nullptr && !products->is_list()) {
    reader.report(ErrorCode::syntax, "'products' needs a list", products);
  } else if (products != nullptr) {
    for (const Node& item : products->items()) {
      if (const auto p = read_product(item, errors)) out.products.push_back(*p);
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

Validation validate_published(const catalog::Catalog& catalog, const KernelSet& kernels) {
  Validation v;
  const catalog::CatalogKind& kind = *catalog::find_kind("published");
  for (const std::string& name : catalog.names(kind)) {
    const Result<Node> tree = catalog.entry(kind, name);
    const Result<PublishedProducts> entry =
        tree ? read_published(*tree, name) : Result<PublishedProducts>(fail(tree.error()));
    if (!entry) {
      v.errors.insert(v.errors.end(), entry.error().begin(), entry.error().end());
      continue;
    }
    v.files.push_back(EntryJob(*entry, kernels).run());
  }
  summarise(v);
  return v;
}

}  // namespace sn::evidence
