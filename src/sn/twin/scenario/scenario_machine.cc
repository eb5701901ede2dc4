// sn/twin/scenario/scenario_machine.cc
//
// The machine side of a scenario: cluster, software, model, precision, conditions, kv.

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/text/text.h"
#include "sn/hw/rack_check.h"
#include "sn/twin/scenario/directions_part.h"
#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

namespace {

constexpr double racks_max = 4096.0;
constexpr double gpus_max = 4194304.0;  // 4096 racks of 1024

const catalog::CatalogKind& kind(std::string_view name) {
  const catalog::CatalogKind* k = catalog::find_kind(name);
  SN_ASSERT(k != nullptr);
  return *k;
}

/// The member `key` of `map` resolved as an entry of `kind_name`, or a default name when absent.
Node resolve_part(const catalog::Catalog& catalog, const Node* reference,
                  std::string_view kind_name, std::string_view fallback, Errors& errors) {
  const Node name = Node::scalar(std::string(fallback));
  return take(catalog.resolve(kind(kind_name), reference != nullptr ? *reference : name), errors);
}

std::string name_of(const Node& tree) {
  const Node* name = tree.find("name");
  return name == nullptr ? std::string() : name->text();
}

/// As many whole racks as `gpus` GPUs make; the rest is left over and said. Fewer than a rack's are
/// a part of one: the rest of it is not there for the plan, and counts in no figure per GPU.
void fill_racks(MapReader& r, std::int64_t gpus, const Node& at, Machine& machine,
                Errors& warnings) {
  const std::int64_t each = machine.cluster.rack.gpus;
  if (gpus > 0 && gpus < each) {
    machine.gpu_limit = gpus;
    return;
  }
  const std::int64_t racks = gpus / each;
  if (racks < 1 || static_cast<double>(racks) > racks_max) {
    return r.report(ErrorCode::range,
                    fmt::format("'cluster.gpus' is {}: {} racks of {} GPUs; expected 1 to {:.0f} "
                                "whole racks",
                                gpus, racks, each, racks_max),
                    &at, fmt::format("write at least {}, or take another rack", each));
  }
  machine.cluster.racks = racks;
  machine.cluster.left_over = gpus - racks * each;
  if (machine.cluster.left_over == 0) return;
  warnings.push_back({.code = ErrorCode::range,
                      .message = fmt::format("{} of {} GPUs are left over: {} whole racks of {}",
                                             machine.cluster.left_over, gpus, racks, each),
                      .where = at.where(),
                      .hint = fmt::format("a multiple of {} leaves none", each)});
}

/// The narrowest evidence that there is: of the chip's generation under this version of the engine,
/// under any version of it, or under all engines.
std::string uncertainty_entry(const catalog::Catalog& catalog, const std::string& family,
                              const std::string& framework) {
  const std::string engine = framework.substr(0, framework.find('-'));
  for (const std::string& name : {family + "-" + framework, family + "-" + engine, family}) {
    if (catalog.has(kind("uncertainty"), name)) return name;
  }
  return "default";
}

void read_cluster(MapReader& root, const catalog::Catalog& catalog, Machine& machine,
                  Errors& warnings, Errors& errors) {
  const Node* node = root.require("cluster");
  if (node == nullptr || !is_map(*node, "cluster", "cluster: {rack: hgx-h100}", errors)) return;
  MapReader r(*node, "cluster", errors);
  const Node* rack = r.get("rack");
  if (rack == nullptr) {
    r.report(ErrorCode::missing, "'cluster.rack' is required", node,
             "cluster: {rack: hgx-h100, gpus: 4}; supernode catalog racks lists them");
  }
  const Node* scale_out = r.get("scale_out");
  const Node* dcn = r.get("dcn");
  read_directions(r, machine, errors);
  const MediumTaken taken = take_medium(rack);
  const bool counted = r.has("racks");
  machine.cluster.racks = r.integer("racks", {1.0, racks_max}).value_or(1);
  const Node* total = r.get("gpus");
  const std::optional<std::int64_t> gpus = r.integer("gpus", {1.0, gpus_max});
  if (counted && total != nullptr) {
    r.report(ErrorCode::infeasible, "'cluster.racks' and 'cluster.gpus' both say how large it is",
             total, "write one of the two");
  }
  r.finish();
  if (rack == nullptr) return;
  const std::size_t before = errors.size();
  Node tree = Node::map();
  tree.set("rack", resolve_part(catalog, &taken.rack, "rack", "", errors));
  tree.set("scale_out", resolve_part(catalog, scale_out, "scale-out", "hpn7", errors));
  tree.set("dcn", resolve_part(catalog, dcn, "dcn", "ethernet-100g", errors));
  if (errors.size() != before) return;
  catalog::read_entry(catalog, tree, "", machine.cluster, machine.params, errors);
  if (errors.size() != before) return;
  hw::complete(machine.cluster);
  machine.cluster.rack.name = name_of(*tree.find("rack"));
  if (const Node* title = tree.find("rack.title")) machine.cluster.rack.title = title->text();
  machine.cluster.rack.chip.name = name_of(*tree.find("rack.chip"));
  machine.cluster.rack.scale_up.fabric_switch.name = name_of(*tree.find("rack.scale_up.switch"));
  machine.cluster.scale_out.name = name_of(*tree.find("scale_out"));
  machine.cluster.dcn.name = name_of(*tree.find("dcn"));
  if (taken.medium) read_medium(*taken.medium, catalog, machine, errors);
  lay_directions(machine);
  hw::check_rack(machine.cluster.rack, rack->where(), errors);
  if (gpus && !counted) fill_racks(r, *gpus, *total, machine, warnings);
}

/// The node that names a folder of measured tables; nothing where the models alone price kernels.
const Node* read_software(MapReader& root, const catalog::Catalog& catalog, Machine& machine,
                          Errors& errors) {
  const Node empty = Node::map();
  const Node* node = root.get("software");
  MapReader r(node != nullptr ? *node : empty, "software", errors);
  const std::string family = machine.cluster.rack.chip.kernels;
  if (node != nullptr && !is_map(*node, "software", "software: {framework: vllm}", errors)) {
    return nullptr;
  }
  const Node* kernels_ref = r.get("kernels");
  const Node* tables = r.get("measurements");
  const bool measured =
      kernels_ref != nullptr && kernels_ref->is_scalar() && kernels_ref->text() == "measured";
  if (measured != (tables != nullptr)) {
    r.report(ErrorCode::missing,
             measured ? "'kernels: measured' needs 'measurements'"
                      : "'measurements' goes with 'kernels: measured'",
             measured ? kernels_ref : tables,
             "software: {kernels: measured, measurements: FOLDER}");
  } else if (measured) {
    kernels_ref = nullptr;  // the chip's own models stand below the measurements
  }
  const Node* collectives_ref = r.get("collectives");
  const Node* framework_ref = r.get("framework");
  r.finish();
  if (!measured) tables = nullptr;
  if (family.empty() && kernels_ref == nullptr) return tables;  // the rack was not readable
  const std::size_t before = errors.size();
  const Node kernels = resolve_part(catalog, kernels_ref, "kernels", family, errors);
  const std::string library(collective::entry_name(family, machine.cluster.rack.scale_up.domain));
  const bool fitted = catalog.has(kind("collectives"), library);
  const Node collectives =
      resolve_part(catalog, collectives_ref, "collectives",
                   fitted ? library : std::string(collective::wide_entry), errors);
  const Node framework = resolve_part(catalog, framework_ref, "framework", "generic", errors);
  if (errors.size() != before) return tables;
  catalog::read_entry(catalog, kernels, "kernels", machine.kernels, machine.params, errors);
  catalog::read_entry(catalog, collectives, "collectives", machine.collectives, machine.params,
                      errors);
  catalog::read_entry(catalog, framework, "framework", machine.framework, machine.params, errors);
  machine.kernels.name = name_of(kernels);
  // Ratios fitted once for all chips: part of the model, not of the machine.
  catalog::Params shared;
  catalog::read_entry(catalog, resolve_part(catalog, nullptr, "kernel_software", "default", errors),
                      "kernel_software", machine.kernels.software, shared, errors);
  const Node spread = resolve_part(catalog, nullptr, "uncertainty",
                                   uncertainty_entry(catalog, family, name_of(framework)), errors);
  catalog::read_entry(catalog, spread, "uncertainty", machine.uncertainty, shared, errors);
  machine.collectives.name = name_of(collectives);
  machine.framework.name = name_of(framework);
  return tables;
}

bool looks_like_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".json");
}

std::string stem(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  for (const std::string_view suffix : {".json", ".config"}) {
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  }
  return name;
}

/// What a model says of itself lies over what is assumed of all.
void read_traits(const catalog::Catalog& catalog, const Node* own, Machine& machine,
                 Errors& errors) {
  const std::size_t before = errors.size();
  Node traits = resolve_part(catalog, nullptr, "traits", "default", errors);
  if (own != nullptr && errors.size() == before) {
    for (const Node::Member& m : own->members()) traits.set(m.key, m.value);
  }
  if (errors.size() == before) {
    catalog::read_entry(catalog, traits, "model", machine.traits, machine.params, errors);
  }
}

/// NVIDIA's checkpoints say their format in a file of its own: it becomes a key of the config.
Result<Node> with_format_beside(Node config, const PartContext& context, const Node& path) {
  if (!config.is_map() || config.find("quantization_config") != nullptr) return config;
  const std::size_t slash = path.text().find_last_of('/');
  const std::string folder = slash == std::string::npos ? "" : path.text().substr(0, slash + 1);
  const Node beside = Node::scalar(folder + "hf_quant_config.json");
  const auto text = load_near(context, beside);
  if (!text) return config;  // most checkpoints have none
  Result<Node> format = parse_document(beside.text(), *text);
  if (!format) return format;
  config.set("hf_quant_config", *std::move(format));
  return config;
}

/// What to write for a name of a model hub ("meta-llama/Llama-3.1-70B"): the catalog's model of
/// that checkpoint or of the nearest name, and how to bring another one. Empty for other paths.
std::string hub_hint(const catalog::Catalog& catalog, const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == 0 || slash == std::string::npos || name.find('/', slash + 1) != std::string::npos ||
      name.ends_with(".json") || name.starts_with(".")) {
    return {};
  }
  const std::string other = "write the path of its config.json (from huggingface.co/" +
                            shown(name) + ") to take it as it is";
  const std::string own = lower(std::string_view(name).substr(slash + 1));
  const std::vector<std::string> names = catalog.names(kind("model"));
  std::string near;
  for (const std::string& n : names) {
    if (own.starts_with(n) && n.size() > near.size()) near = n;
  }
  if (near.empty()) near = nearest(own, names);
  return near.empty() ? other : "did you mean '" + near + "'? Or " + other;
}

void read_model_part(MapReader& root, const PartContext& context, Machine& machine,
                     Errors& warnings, Errors& errors) {
  const catalog::Catalog& catalog = context.catalog;
  const Node* node = root.require("model");
  if (node == nullptr) return;
  if (node->is_scalar() && looks_like_path(node->text())) {
    const auto text = load_near(context, *node);
    if (!text) {
      Errors found = text.error();
      const std::string hint = hub_hint(catalog, node->text());
      if (!hint.empty()) found.front().hint = hint;
      errors.insert(errors.end(), found.begin(), found.end());
      return;
    }
    Result<Node> config = parse_document(node->text(), *text);
    if (config && config->is_map()) config = with_format_beside(*std::move(config), context, *node);
    if (!config) {
      errors.insert(errors.end(), config.error().begin(), config.error().end());
      return;
    }
    machine.model = take(llm::read_model(*config, shown(stem(node->text()), name_max)), errors);
    for (const std::string& said : machine.model.assumed) {
      warnings.push_back({.code = ErrorCode::unknown_name,
                          .message = said,
                          .where = {.file = node->text()},
                          .hint = "say 'model_type' of a known family where that is wrong"});
    }
    read_traits(catalog, nullptr, machine, errors);
    return;
  }
  const std::size_t before = errors.size();
  const Node entry = take(catalog.resolve(kind("model"), *node), errors);
  if (errors.size() != before) return;
  const Node* config = entry.find("config");
  if (config == nullptr) {
    errors.push_back({.code = ErrorCode::missing,
                      .message = "model '" + name_of(entry) + "' has no 'config'",
                      .where = node->where(),
                      .hint = {}});
    return;
  }
  const Node* title = entry.find("title");
  machine.model =
      take(llm::read_model(*config, title != nullptr ? title->text() : name_of(entry)), errors);
  read_traits(catalog, entry.find("traits"), machine, errors);
}

std::vector<kernel::DataType> read_types(MapReader& r, std::string_view key, bool several,
                                         Errors& errors) {
  std::vector<kernel::DataType> out;
  const Node* node = r.get(key);
  if (node == nullptr) return out;
  std::vector<const Node*> items;
  if (node->is_list() && several) {
    for (const Node& item : node->items()) items.push_back(&item);
  } else {
    items.push_back(node);
  }
  for (const Node* item : items) {
    if (const auto type = kernel::parse_data_type(item->text())) {
      // There are few formats: a list is bounded once each stands in it once.
      if (std::find(out.begin(), out.end(), *type) == out.end()) out.push_back(*type);
      continue;
    }
    const std::string near = nearest(item->text(), {"bf16", "fp8", "fp4", "int8", "int4"});
    errors.push_back(
        {.code = ErrorCode::unknown_name,
         .message =
             "unknown number format '" + item->text() + "' for precision." + std::string(key),
         .where = item->where(),
         .hint = near.empty() ? "bf16, fp8, fp4, int8 or int4" : "did you mean '" + near + "'?"});
  }
  return out;
}

/// Format that activations take beside given weights when the scenario does not say.
kernel::DataType activations_for(kernel::DataType weights, const hw::Chip& chip) {
  if (weights == kernel::DataType::bf16) return kernel::DataType::bf16;
  // Without its arithmetic 4-bit weights are widened: Marlin and Triton multiply in bf16.
  if (weights == kernel::DataType::fp4) {
    return chip.peak.fp4.si() > 0.0 ? kernel::DataType::fp4 : kernel::DataType::bf16;
  }
  if (weights == kernel::DataType::int4) return kernel::DataType::bf16;
  if (weights == kernel::DataType::int8) return kernel::DataType::int8;
  return chip.peak.fp8.si() > 0.0 ? kernel::DataType::fp8 : kernel::DataType::bf16;
}

std::string format_example(const Node& node) {
  const bool known = node.is_scalar() && kernel::parse_data_type(node.text()).has_value();
  return fmt::format("precision: {{weights: {}}}", known ? node.text() : "fp8");
}

void read_precision(MapReader& root, Machine& machine, Errors& errors) {
  const Node empty = Node::map();
  const Node* node = root.get("precision");
  if (node != nullptr && !is_map(*node, "precision", format_example(*node), errors)) return;
  MapReader r(node != nullptr ? *node : empty, "precision", errors);
  std::vector<kernel::DataType> weights = read_types(r, "weights", true, errors);
  const std::vector<kernel::DataType> activations = read_types(r, "activations", false, errors);
  std::vector<kernel::DataType> kv = read_types(r, "kv", true, errors);
  r.finish();
  if (weights.empty()) weights.push_back(machine.model.native_weights);
  for (const kernel::DataType w : weights) {
    const bool native = w == machine.model.native_weights;
    const kernel::DataType a = !activations.empty() ? activations.front()
                               : native && machine.model.stored.activations
                                   ? *machine.model.stored.activations
                                   : activations_for(w, machine.cluster.rack.chip);
    std::vector<kernel::DataType> caches = kv;
    if (caches.empty() && native && machine.model.stored.kv)
      caches.push_back(*machine.model.stored.kv);
    if (caches.empty()) {
      const bool narrow = w == kernel::DataType::fp8 || w == kernel::DataType::fp4;
      caches.push_back(narrow ? kernel::DataType::fp8 : kernel::DataType::bf16);
    }
    for (const kernel::DataType k : caches) {
      machine.precisions.push_back({.weights = w, .activations = a, .kv = k});
    }
  }
}

void read_conditions(MapReader& root, Machine& machine, Errors& errors) {
  const Node* node = root.get("conditions");
  if (node == nullptr) return;
  MapReader r(*node, "conditions", errors);
  const Range share{0.01, 1.0};
  machine.conditions.clock = r.number("clock", share).value_or(1.0);
  machine.conditions.hbm = r.number("hbm", share).value_or(1.0);
  machine.conditions.scale_up = r.number("scale_up", share).value_or(1.0);
  machine.conditions.scale_out = r.number("scale_out", share).value_or(1.0);
  r.finish();
}

void read_attach(MapReader& root, Machine& machine, Errors& errors) {
  const Node* node = root.get("attach");
  if (node == nullptr) return;
  MapReader r(*node, "attach", errors);
  const auto read = [&](std::string_view key) {
    return r.choice(key, {"pcie", "scale_up"}).value_or("pcie") == "scale_up"
               ? hw::Attachment::scale_up
               : hw::Attachment::pcie;
  };
  machine.cluster.attach = {read("nic"), read("storage"), read("cxl")};
  r.finish();
}

}  // namespace

void read_machine_parts(MapReader& root, const PartContext& context, Machine& machine,
                        Errors& warnings, Errors& errors) {
  read_cluster(root, context.catalog, machine, warnings, errors);
  const Node* tables = read_software(root, context.catalog, machine, errors);
  read_model_part(root, context, machine, warnings, errors);
  if (tables != nullptr && errors.empty()) {
    lay_measurements(*tables, context, machine, warnings, errors);
  }
  if (errors.empty()) lay_semantics(machine);
  read_precision(root, machine, errors);
  read_speculation(root, machine, errors);
  read_conditions(root, machine, errors);
  read_attach(root, machine, errors);
  read_kv(root, context, machine, errors);
}

}  // namespace sn::twin
