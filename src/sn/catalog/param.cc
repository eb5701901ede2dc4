// sn/catalog/param.cc
//
// Reads described structs from catalog trees and keeps the provenance of each number (see param.h).

#include "sn/catalog/param.h"

#include <algorithm>
#include <array>

#include "sn/base/units/units.h"

namespace sn::catalog {

namespace {

constexpr std::array<std::string_view, 8> grade_names = {"official",   "measured", "third party",
                                                         "estimate",   "memory",   "family default",
                                                         "assumption", "scenario"};

/// Keys that describe an entry and carry no number; allowed in every group.
bool is_metadata(std::string_view key) { return key == "name" || key == "title" || key == "note"; }

bool is_leaf(const Node& node) { return !node.is_map() || node.find("value") != nullptr; }

std::string leaf_text(const Node& node) {
  const Node* value = node.is_map() ? node.find("value") : &node;
  return value == nullptr ? std::string() : value->text();
}

void check_keys(const Node& leaf, const std::string& path, const std::vector<std::string>& keys,
                Errors& errors) {
  std::string valid;
  for (const std::string& k : keys) valid += (valid.empty() ? "valid keys: " : ", ") + k;
  for (const Node::Member& m : leaf.members()) {
    if (std::find(keys.begin(), keys.end(), m.key) != keys.end()) continue;
    Location at = m.value.where();
    if (m.key_line > 0) {
      at.line = m.key_line;
      at.column = m.key_column;
      at.length = static_cast<int>(m.key.size());
    }
    errors.push_back({.code = ErrorCode::unknown_key,
                      .message = "unknown key '" + m.key + "' in " + path,
                      .where = std::move(at),
                      .hint = valid});
  }
}

}  // namespace

std::string_view to_string(Grade grade) { return grade_names[static_cast<std::size_t>(grade)]; }

std::string_view to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::high:
      return "high";
    case Confidence::medium:
      return "medium";
    case Confidence::low:
      return "low";
  }
  return "low";
}

void SourceBook::add(SourceInfo info) { sources_.push_back(std::move(info)); }

const SourceInfo* SourceBook::find(std::string_view id) const {
  const auto at = std::find_if(sources_.begin(), sources_.end(),
                               [&](const SourceInfo& s) { return s.id == id; });
  return at == sources_.end() ? nullptr : &*at;
}

std::vector<std::string> SourceBook::ids() const {
  std::vector<std::string> out;
  for (const SourceInfo& s : sources_) out.push_back(s.id);
  return out;
}

ParamReader::ParamReader(const Node& root, std::string prefix, const SourceBook& sources,
                         Params& params, Errors& errors)
    : root_(root),
      prefix_(std::move(prefix)),
      sources_(sources),
      params_(params),
      errors_(errors) {}

std::string ParamReader::join(std::string_view path) const {
  return scope_.empty() ? std::string(path) : scope_ + "." + std::string(path);
}

double ParamReader::number(std::string_view path, Dimension dimension, double min, double max,
                           bool integer, Need need) {
  const std::string full = join(path);
  known_.push_back(full);
  Param param{.path = prefix_.empty() ? full : prefix_ + "." + full,
              .dimension = dimension,
              .discrete = integer,
              .min = min,
              .max = max,
              .provenance = {},
              .alternatives = {}};
  const Node* leaf = root_.find(full);
  if (leaf == nullptr || leaf->is_null()) {
    param.present = false;
    if (need == Need::required) {
      errors_.push_back({.code = ErrorCode::missing,
                         .message = "'" + param.path + "' is required",
                         .where = root_.where(),
                         .hint = {}});
    }
  } else {
    read_leaf(*leaf, param, integer);
  }
  params_.push_back(std::move(param));
  return params_.back().value;
}

double ParamReader::leaf_value(const Node& node, const Param& param, bool integer) {
  if (integer) {
    const auto v = read_integer(node, param.path, {param.min, param.max}, errors_);
    return v ? static_cast<double>(*v) : param.min;
  }
  const auto v = read_quantity(node, param.path, param.dimension, {param.min, param.max}, errors_);
  return v.value_or(param.min);
}

void ParamReader::read_leaf(const Node& leaf, Param& param, bool integer) {
  if (leaf.is_scalar()) {
    const Location at = leaf.where();
    param.value = leaf_value(leaf, param, integer);
    param.provenance.source = {.id = "scenario",
                               .title = at.file + ":" + std::to_string(at.line),
                               .date = {},
                               .grade = Grade::scenario};
    param.provenance.confidence = Confidence::high;
    return;
  }
  const Node* value = leaf.find("value");
  if (!leaf.is_map() || value == nullptr) {
    errors_.push_back({.code = ErrorCode::wrong_type,
                       .message = "'" + param.path + "' must be a value with its unit",
                       .where = leaf.where(),
                       .hint = {}});
    return;
  }
  check_keys(leaf, param.path, {"value", "source", "confidence", "note", "also"}, errors_);
  param.value = leaf_value(*value, param, integer);
  param.provenance = provenance_of(leaf);
  const Node* also = leaf.find("also");
  if (also == nullptr) return;
  if (!also->is_list()) {
    errors_.push_back({.code = ErrorCode::wrong_type,
                       .message = "'also' of " + param.path + " must be a list",
                       .where = also->where(),
                       .hint = "also: [{value: ..., source: ..., confidence: ...}]"});
  }
  for (const Node& other : also->items()) {
    const Node* v = other.find("value");
    if (v == nullptr) {
      errors_.push_back({.code = ErrorCode::missing,
                         .message = "'also' of " + param.path + " needs a value",
                         .where = other.where(),
                         .hint = "also: [{value: ..., source: ..., confidence: ...}]"});
      continue;
    }
    check_keys(other, param.path, {"value", "source", "confidence", "note"}, errors_);
    param.alternatives.push_back({leaf_value(*v, param, integer), provenance_of(other)});
  }
}

Provenance ParamReader::provenance_of(const Node& leaf) {
  Provenance out;
  const Node* source = leaf.find("source");
  if (source == nullptr) {
    errors_.push_back({.code = ErrorCode::missing,
                       .message = "a catalog value needs a source",
                       .where = leaf.where(),
                       .hint = "add source: ID, one of catalog/sources.yaml"});
    return out;
  }
  if (const SourceInfo* info = sources_.find(source->text())) {
    out.source = *info;
  } else {
    const std::string near = nearest(source->text(), sources_.ids());
    errors_.push_back({.code = ErrorCode::unknown_name,
                       .message = "unknown source '" + source->text() + "'",
                       .where = source->where(),
                       .hint = near.empty() ? std::string() : "did you mean '" + near + "'?"});
  }
  const Node* confidence = leaf.find("confidence");
  const std::string c = confidence == nullptr ? "" : confidence->text();
  if (c == "high") {
    out.confidence = Confidence::high;
  } else if (c == "medium") {
    out.confidence = Confidence::medium;
  } else if (c != "low") {
    errors_.push_back({.code = ErrorCode::missing,
                       .message = "a catalog value needs a confidence",
                       .where = leaf.where(),
                       .hint = "confidence: high, medium or low"});
  }
  if (const Node* note = leaf.find("note")) out.note = note->text();
  return out;
}

void ParamReader::flag(std::string_view path, bool& out) {
  const std::string full = join(path);
  known_.push_back(full);
  const Node* leaf = root_.find(full);
  if (leaf == nullptr) return;
  const Node* value = leaf->is_map() ? leaf->find("value") : leaf;
  if (leaf->is_map()) static_cast<void>(provenance_of(*leaf));
  out = value != nullptr && read_boolean(*value, full, errors_).value_or(false);
}

void ParamReader::text(std::string_view path, std::string& out, Need need) {
  const std::string full = join(path);
  known_.push_back(full);
  const Node* leaf = root_.find(full);
  if (leaf == nullptr) {
    if (need == Need::optional) return;
    errors_.push_back({.code = ErrorCode::missing,
                       .message = "'" + full + "' is required",
                       .where = root_.where(),
                       .hint = {}});
    return;
  }
  out = leaf_text(*leaf);
}

void ParamReader::report_unknown(const Node& map, const std::string& at) {
  for (const Node::Member& m : map.members()) {
    if (is_metadata(m.key)) continue;
    const std::string path = at.empty() ? m.key : at + "." + m.key;
    const auto from = std::lower_bound(known_.begin(), known_.end(), path);
    if (from != known_.end() && *from == path) continue;
    const std::string within = path + ".";
    const auto inside = std::lower_bound(from, known_.end(), within);
    if (inside != known_.end() && inside->starts_with(within) && !is_leaf(m.value)) {
      report_unknown(m.value, path);
      continue;
    }
    Location where = m.value.where();
    if (m.key_line > 0) {
      where.line = m.key_line;
      where.column = m.key_column;
      where.length = static_cast<int>(m.key.size());
    }
    const std::string near = nearest(path, known_);
    errors_.push_back({.code = ErrorCode::unknown_key,
                       .message = "unknown key '" + path + "'",
                       .where = std::move(where),
                       .hint = near.empty() ? std::string() : "did you mean '" + near + "'?"});
  }
}

void ParamReader::finish() {
  std::sort(known_.begin(), known_.end());
  if (root_.is_map()) report_unknown(root_, "");
}

}  // namespace sn::catalog
