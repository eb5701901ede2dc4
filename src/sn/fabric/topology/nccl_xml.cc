// sn/fabric/topology/nccl_xml.cc
//
// A small reader of elements and attributes, then the graph (see nccl_xml.h).

#include "sn/fabric/topology/nccl_xml.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <vector>

namespace sn::fabric {

namespace {

constexpr std::size_t bytes_max = std::size_t{1} << 20;
constexpr std::size_t elements_max = 20000;
constexpr std::size_t depth_max = 32;

struct Element {
  std::string tag;
  std::map<std::string, std::string> attributes;
  std::vector<std::size_t> children;  // in Xml::elements
  Location where;

  [[nodiscard]] std::string get(const std::string& key) const {
    const auto at = attributes.find(key);
    return at == attributes.end() ? std::string() : at->second;
  }
};

/// Elements in document order; the first is the root.
class Xml {
 public:
  Xml(const std::string& name, std::string_view text) : name_(name), text_(text) {}

  /// An error, or nothing.
  bool read(Errors& errors) {
    std::vector<std::size_t> open;
    while (skip_to_tag()) {
      if (text_.substr(at_).starts_with("<!") || text_.substr(at_).starts_with("<?")) {
        if (text_.substr(at_).starts_with("<!DOCTYPE")) return bad(errors, "a document type");
        if (!skip_declaration()) return bad(errors, "a declaration that does not end");
        continue;
      }
      if (text_.substr(at_).starts_with("</")) {
        const std::size_t end = text_.find('>', at_);
        if (open.empty() || end == text_.npos) return bad(errors, "an end without its beginning");
        if (text_.substr(at_ + 2, end - at_ - 2) != elements_[open.back()].tag) {
          return bad(errors,
                     "the end of another element than <" + shown(elements_[open.back()].tag) + ">");
        }
        open.pop_back();
        move_to(end + 1);
        continue;
      }
      if (elements_.size() == elements_max || open.size() == depth_max) {
        return bad(errors, "more than 20,000 elements or 32 levels", ErrorCode::limit);
      }
      if (open.empty() && !elements_.empty()) return bad(errors, "a second root");
      bool closed = false;
      if (!element(closed)) return bad(errors, "no element with quoted attributes");
      const std::size_t id = elements_.size() - 1;
      if (!open.empty()) elements_[open.back()].children.push_back(id);
      if (!closed) open.push_back(id);
    }
    if (elements_.empty()) return bad(errors, "no element");
    if (!open.empty()) return bad(errors, "<" + shown(elements_[open.back()].tag) + "> not closed");
    return true;
  }

  [[nodiscard]] const std::vector<Element>& elements() const { return elements_; }

 private:
  bool bad(Errors& errors, const std::string& what, ErrorCode code = ErrorCode::syntax) {
    errors.push_back({.code = code,
                      .message = "not the topology of NCCL: " + what,
                      .where = where(),
                      .hint = "NCCL_TOPO_DUMP_FILE writes one"});
    return false;
  }

  [[nodiscard]] Location where() const {
    return {.file = name_, .line = line_, .column = static_cast<int>(at_ - line_begin_) + 1};
  }

  void move_to(std::size_t to) {
    for (; at_ < to && at_ < text_.size(); ++at_) {
      if (text_[at_] != '\n') continue;
      ++line_;
      line_begin_ = at_ + 1;
    }
  }

  bool skip_to_tag() {
    const std::size_t tag = text_.find('<', at_);
    move_to(tag == text_.npos ? text_.size() : tag);
    return tag != text_.npos;
  }

  bool skip_declaration() {
    const std::string_view end = text_.substr(at_).starts_with("<!--") ? "-->" : ">";
    const std::size_t to = text_.find(end, at_);
    if (to == text_.npos) return false;
    move_to(to + end.size());
    return true;
  }

  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == ':' || c == '.';
  }

  std::string word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_name(text_[at_])) move_to(at_ + 1);
    return std::string(text_.substr(from, at_ - from));
  }

  void blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      move_to(at_ + 1);
    }
  }

  bool element(bool& closed) {
    Element e;
    e.where = where();
    move_to(at_ + 1);
    e.tag = word();
    if (e.tag.empty()) return false;
    for (;;) {
      blanks();
      if (at_ >= text_.size()) return false;
      if (text_[at_] == '>' || text_.substr(at_).starts_with("/>")) {
        closed = text_[at_] == '/';
        move_to(at_ + (closed ? 2 : 1));
        elements_.push_back(std::move(e));
        return true;
      }
      const std::string key = word();
      if (key.empty() || at_ + 1 >= text_.size() || text_[at_] != '=') return false;
      const char quote = text_[at_ + 1];
      const std::size_t end =
          quote == '"' || quote == '\'' ? text_.find(quote, at_ + 2) : text_.npos;
      if (end == text_.npos) return false;
      e.attributes[key] = std::string(text_.substr(at_ + 2, end - at_ - 2));
      move_to(end + 1);
    }
  }

  const std::string& name_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  int line_ = 1;
  std::vector<Element> elements_;
};

/// The number that `text` begins with; 0 without one.
double number_in(const std::string& text) {
  double out = 0.0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  static_cast<void>(end);
  return code == std::errc() && out > 0.0 && out < 1e9 ? out : 0.0;
}

/// GB/s of one NVLink by compute capability, as NCCL takes them.
double nvlink_rate(double sm) {
  if (sm >= 100) return 40.1;
  if (sm >= 90) return 20.6;
  if (sm >= 80) return sm == 86 ? 12.0 : 20.0;
  return sm >= 70 ? 20.0 : 18.0;
}

class NcclGraph {
 public:
  NcclGraph(const std::vector<Element>& elements, Errors& errors) : e_(elements), errors_(errors) {}

  Result<Topology> build() {
    const Element& root = e_.front();
    if (root.tag != "system") report(root, "the root is <" + shown(root.tag) + ">, not <system>");
    if (root.get("version") != "1") {
      report(root, "version '" + shown(root.get("version")) + "' is not known", "version=\"1\"");
    }
    if (!errors_.empty()) return fail(std::move(errors_));
    for (const std::size_t child : root.children) {
      if (e_[child].tag == "cpu") cpu(e_[child]);
    }
    nvlinks();
    if (errors_.empty() && b_.so_far().gpus().empty()) report(root, "no GPU in it");
    if (!errors_.empty()) return fail(std::move(errors_));
    return b_.finish();
  }

 private:
  void report(const Element& e, std::string message, std::string hint = {}) {
    errors_.push_back({.code = ErrorCode::data,
                       .message = std::move(message),
                       .where = e.where,
                       .hint = std::move(hint)});
  }

  DeviceId add(const Element& e, const std::string& name, DeviceKind kind, bool forwards) {
    if (b_.so_far().find(name)) {
      report(e, "'" + shown(name) + "' is there twice: a tree has no loops");
      return nowhere;
    }
    return b_.add({.name = name, .kind = kind, .forwards = forwards});
  }

  void cpu(const Element& e) {
    const DeviceId id = add(e, "cpu" + e.get("numaid"), DeviceKind::cpu, true);
    if (id == nowhere) return;
    for (const DeviceId other : cpus_) {
      b_.connect(id, other, {.kind = LinkKind::pcie, .raw = Bandwidth::from_si(16e9)});
    }
    cpus_.push_back(id);
    for (const std::size_t child : e.children) below(e_[child], id);
  }

  void below(const Element& e, DeviceId parent) {
    if (e.tag == "pci") return pci(e, parent);
    if (e.tag == "nic") {
      for (const std::size_t child : e.children) below(e_[child], parent);
    } else if (e.tag == "net") {
      add(e, e.get("name").empty() ? "net" + e.get("dev") : e.get("name"), DeviceKind::nic, true,
          parent, number_in(e.get("speed")) / 8.0 * 1e6);
    } else if (e.tag == "gpu") {
      const DeviceId id = add(e, "gpu" + e.get("dev"), DeviceKind::gpu, false, parent, slot_);
      if (id == nowhere) return;
      if (!gpus_.emplace(bus_, id).second) report(e, "two GPUs at '" + shown(bus_) + "'");
      pending_.push_back({id, &e});
    }
  }

  DeviceId add(const Element& e, const std::string& name, DeviceKind kind, bool forwards,
               DeviceId parent, double rate) {
    if (rate <= 0.0) {
      report(e, "'" + shown(name) + "' has no rate",
             "link_speed and link_width, or speed in Mbit/s");
      return nowhere;
    }
    const DeviceId id = add(e, name, kind, forwards);
    if (id == nowhere) return id;
    b_.connect(id, parent, {.kind = LinkKind::pcie, .raw = Bandwidth::from_si(rate)});
    return id;
  }

  void pci(const Element& e, DeviceId parent) {
    const double speed = number_in(e.get("link_speed"));
    const double coding = speed < 8.0 ? 0.8 : 128.0 / 130.0;
    const double rate = speed * number_in(e.get("link_width")) * coding / 8.0 * 1e9;
    const std::string bus = e.get("busid");
    if (!buses_.insert(bus).second) {
      return report(e, "'" + shown(bus) + "' is there twice: a tree has no loops");
    }
    const bool bridge = std::any_of(e.children.begin(), e.children.end(),
                                    [&](std::size_t c) { return e_[c].tag == "pci"; });
    DeviceId here = parent;
    if (bridge) {
      here = add(e, "pci/" + bus, DeviceKind::pcie_switch, true, parent, rate);
      if (here == nowhere) return;
    }
    for (const std::size_t child : e.children) {
      slot_ = rate;
      bus_ = bus;
      below(e_[child], here);
    }
  }

  void nvlinks() {
    DeviceId fabric = nowhere;
    for (const auto& [gpu, element] : pending_) {
      for (const std::size_t child : element->children) {
        const Element& link = e_[child];
        if (link.tag != "nvlink") continue;
        const double rate =
            number_in(link.get("count")) * nvlink_rate(number_in(element->get("sm"))) * 1e9;
        if (rate <= 0.0) {
          report(link, "an nvlink without 'count'");
          continue;
        }
        const Cable cable{.kind = LinkKind::scale_up, .raw = Bandwidth::from_si(rate)};
        if (link.get("tclass").starts_with("0x0680")) {
          if (fabric == nowhere) {
            fabric = b_.add({.name = "nvswitch", .kind = DeviceKind::up_switch, .forwards = true});
          }
          b_.connect(gpu, fabric, cable);
          continue;
        }
        const auto to = gpus_.find(link.get("target"));
        if (to == gpus_.end()) {
          report(link, "nvlink to '" + shown(link.get("target")) + "', where no GPU is");
        } else if (to->second == gpu) {
          report(link, "nvlink from a GPU to itself");
        } else if (gpu < to->second) {  // the other says it again
          b_.connect(gpu, to->second, cable);
        }
      }
    }
  }

  const std::vector<Element>& e_;
  Errors& errors_;
  TopologyBuilder b_;
  std::vector<DeviceId> cpus_;
  std::set<std::string> buses_;
  std::map<std::string, DeviceId> gpus_;  // by bus
  std::vector<std::pair<DeviceId, const Element*>> pending_;
  double slot_ = 0.0;  // of the pci that is being read
  std::string bus_;
};

}  // namespace

Result<Topology> read_nccl_topology(const std::string& name, std::string_view text) {
  Errors errors;
  if (text.size() > bytes_max) {
    return fail({.code = ErrorCode::limit,
                 .message = "a topology of NCCL has at most 1 MiB",
                 .where = {.file = name},
                 .hint = {}});
  }
  Xml xml(name, text);
  if (!xml.read(errors)) return fail(std::move(errors));
  return NcclGraph(xml.elements(), errors).build();
}

}  // namespace sn::fabric
