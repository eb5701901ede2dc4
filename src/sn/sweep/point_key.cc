// sn/sweep/point_key.cc
//
// Canonical texts and their keys (see point_key.h).

#include "sn/sweep/point_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "sn/base/files/files.h"
#include "sn/store/content_key.h"

namespace sn::sweep {

namespace {

constexpr std::size_t file_most = 1u << 30;

void write_text(const std::string& text, std::string& out) {
  // Length first: no text can be mistaken for the end of another.
  out += fmt::format("{}:{}", text.size(), text);
}

void write(const Node& node, std::string& out) {
  switch (node.kind()) {
    case Node::Kind::null:
      out += "~";
      return;
    case Node::Kind::scalar:
      out += node.quoted() ? "\"" : "'";
      write_text(node.text(), out);
      return;
    case Node::Kind::list:
      out += "[";
      for (const Node& item : node.items()) write(item, out);
      out += "]";
      return;
    case Node::Kind::map:
      break;
  }
  std::vector<const Node::Member*> members;
  for (const Node::Member& m : node.members()) members.push_back(&m);
  std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->key < b->key; });
  out += "{";
  for (const Node::Member* m : members) {
    write_text(m->key, out);
    write(m->value, out);
  }
  out += "}";
}

}  // namespace

std::string canonical(const Node& node) {
  std::string out;
  write(node, out);
  return out;
}

std::string catalog_key(const catalog::Catalog& catalog) {
  std::string out;
  for (const catalog::CatalogKind& kind : catalog::catalog_kinds()) {
    for (const std::string& name : catalog.names(kind)) {
      const Result<Node> entry = catalog.entry(kind, name);
      write_text(std::string(kind.folder) + "/" + name, out);
      out += entry ? store::content_key(canonical(*entry)) : "unreadable";
    }
  }
  return store::content_key(out);
}

PointKeys::PointKeys(const Design& design, const catalog::Catalog& catalog,
                     const std::string& program) {
  const Options& o = design.options;
  basis_ = fmt::format("{} {} screen={} rank={} load={} years={} requests={} {} ", program,
                       to_string(design.question), o.screen, o.rank, o.load, o.years, o.requests,
                       catalog_key(catalog));
}

const std::string& PointKeys::file_key(const std::string& path) {
  const auto [at, fresh] = files_.try_emplace(path);
  std::error_code error;
  if (!fresh || !std::filesystem::is_regular_file(path, error)) return at->second;
  const Result<std::string> text = read_file(path, file_most);
  at->second = text ? store::content_key(*text) : "unreadable";
  return at->second;
}

void PointKeys::add_files(const Node& node, const std::string& directory, std::string& out) {
  if (node.is_scalar() && node.text().find_first_of("/.") != std::string::npos) {
    const std::string& here = file_key(node.text());
    const std::string& key =
        here.empty() && !directory.empty() ? file_key(directory + node.text()) : here;
    if (!key.empty()) out += key + " ";
  }
  for (const Node& item : node.items()) add_files(item, directory, out);
  for (const Node::Member& m : node.members()) add_files(m.value, directory, out);
}

std::string PointKeys::of(const Node& scenario, const std::string& directory) {
  Node nameless = scenario;
  nameless.erase("name");
  std::string text = basis_;
  {
    const std::lock_guard lock(mutex_);
    add_files(nameless, directory, text);
  }
  write(nameless, text);
  return store::content_key(text);
}

}  // namespace sn::sweep
