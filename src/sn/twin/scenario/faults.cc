// sn/twin/scenario/faults.cc
//
// `faults:` of a scenario, checked (see faults.h, schema/scenario.md).

#include "sn/twin/scenario/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sn::twin {

namespace {

constexpr std::array<std::string_view, 4> action_names = {"fail", "drain", "degrade", "repair"};
constexpr std::size_t list_max = 10'000;
constexpr Range number_range{0.0, 1e7};
constexpr Range share_range{0.01, 1.0};

FaultAction action_named(const std::string& name) {
  const auto at = std::find(action_names.begin(), action_names.end(), name);
  return static_cast<FaultAction>(at - action_names.begin());
}

/// `clock`, `hbm`, `scale_up`, `scale_out`: required of `degrade`, out of place elsewhere.
hw::Conditions read_conditions(MapReader& r, FaultAction action, const Node& item) {
  hw::Conditions c;
  bool any = false;
  const auto share = [&](const char* key, double& out) {
    const Node* node = r.get(key);
    if (node == nullptr) return;
    any = true;
    out = r.number(key, share_range).value_or(1.0);
    if (action == FaultAction::degrade) return;
    r.report(ErrorCode::infeasible, fmt::format("'{}' is of 'degrade'", key), node,
             "action: degrade, or leave it out");
  };
  share("clock", c.clock);
  share("hbm", c.hbm);
  share("scale_up", c.scale_up);
  share("scale_out", c.scale_out);
  if (action == FaultAction::degrade && !any) {
    r.report(ErrorCode::missing, "'degrade' says nothing of what is slower", &item,
             "clock, hbm, scale_up or scale_out: a share such as 0.7");
  }
  return c;
}

std::string read_pool(MapReader& r, bool image) {
  const Node* node = r.get("pool");
  if (node == nullptr) return {};
  if (image) {
    r.report(ErrorCode::infeasible, "an image has no pool", node,
             "leave out 'pool': an image takes down whatever runs on it");
  }
  return r.choice("pool", {"prefill", "decode", "aggregated"}).value_or("");
}

/// `tier` and `parts`, of a fault that is of a tier.
bool read_tier(MapReader& r, FaultAction action, const Node& item, FaultTarget& out) {
  const Node* tier = r.get("tier");
  const Node* of = item.find("of");
  const bool named = of != nullptr && of->is_scalar() && of->text() == "tier";
  if (tier == nullptr) {
    if (named) r.report(ErrorCode::missing, "a fault of a tier names it", of, "tier: cxl-pool");
    return named;
  }
  if (of != nullptr && !named) {
    r.report(ErrorCode::infeasible, "'tier' is of faults of tiers", tier, "of: tier");
  }
  if (action != FaultAction::fail) {
    r.report(ErrorCode::infeasible, "a tier can only fail", tier,
             "action: fail; it takes blocks again at once");
  }
  out.tier = tier->is_scalar() ? tier->text() : "";
  out.parts = r.integer("parts", {1.0, 65536.0}).value_or(1);
  return true;
}

FaultEvent read_event(const Node& item, Errors& errors) {
  MapReader r(item, "fault", errors);
  FaultEvent out;
  out.where = item.where();
  if (!item.is_map()) return out;
  static_cast<void>(r.require("at"));
  out.at = r.quantity<Time>("at", Time{}, Time::from_si(1e9)).value_or(Time{});
  static_cast<void>(r.require("action"));
  out.action =
      action_named(r.choice("action", {"fail", "drain", "degrade", "repair"}).value_or("fail"));
  if (read_tier(r, out.action, item, out.target)) {
    out.target.number =
        r.integer("part", {0.0, static_cast<double>(out.target.parts - 1)}).value_or(0);
    r.finish();
    return out;
  }
  const Node* instance = r.get("instance");
  const Node* image = r.get("image");
  out.target.image = image != nullptr;
  if ((instance != nullptr) == (image != nullptr)) {
    r.report(instance != nullptr ? ErrorCode::infeasible : ErrorCode::missing,
             "a fault is of one instance or of one image", image != nullptr ? image : &item,
             "instance: 0, image: 0, or tier: cxl-pool");
  }
  const std::optional<std::int64_t> n =
      r.integer(out.target.image ? "image" : "instance", number_range);
  out.target.number = n.value_or(0);
  out.target.pool = read_pool(r, out.target.image);
  out.conditions = read_conditions(r, out.action, item);
  r.finish();
  return out;
}

FaultRate read_rate(const Node& item, Errors& errors) {
  MapReader r(item, "fault rate", errors);
  FaultRate out;
  out.where = item.where();
  if (!item.is_map()) return out;
  static_cast<void>(r.require("action"));
  out.action = action_named(r.choice("action", {"fail", "drain", "degrade"}).value_or("fail"));
  static_cast<void>(r.require("of"));
  out.target.image = r.choice("of", {"instance", "image", "tier"}).value_or("instance") == "image";
  static_cast<void>(read_tier(r, out.action, item, out.target));
  out.target.pool = read_pool(r, out.target.image);
  static_cast<void>(r.require("every"));
  out.every = r.quantity<Time>("every", Time::from_si(1.0), Time::from_si(1e10))
                  .value_or(Time::from_si(1e10));
  static_cast<void>(r.require("repair"));
  out.repair = r.quantity<Time>("repair", Time{}, Time::from_si(1e8)).value_or(Time::from_si(60.0));
  out.conditions = read_conditions(r, out.action, item);
  r.finish();
  return out;
}

template <class T, class Read>
std::vector<T> read_list(MapReader& r, const char* key, const char* example, Read read,
                         Errors& errors) {
  std::vector<T> out;
  const Node* list = r.get(key);
  if (list == nullptr) return out;
  if (!list->is_list() || list->items().size() > list_max) {
    r.report(list->is_list() ? ErrorCode::limit : ErrorCode::wrong_type,
             fmt::format("'faults.{}' must be a list of at most {}", key, list_max), list, example);
    return out;
  }
  for (const Node& item : list->items()) out.push_back(read(item, errors));
  return out;
}

}  // namespace

std::string_view to_string(FaultAction action) {
  return action_names[static_cast<std::size_t>(action)];
}

std::string to_string(const FaultTarget& t) {
  if (!t.tier.empty()) {
    if (t.parts == 1) return t.tier;
    return t.number < 0 ? fmt::format("every of {} parts of {}", t.parts, t.tier)
                        : fmt::format("part {} of {} of {}", t.number, t.parts, t.tier);
  }
  std::string out = t.image ? "image" : "instance";
  out = t.number < 0 ? "every " + out : fmt::format("{} {}", out, t.number);
  return t.pool.empty() ? out : out + " of " + t.pool;
}

FaultPlan read_faults(const Node& node, Errors& errors) {
  FaultPlan out;
  MapReader r(node, "faults", errors);
  if (!node.is_map()) return out;
  out.requeue = r.choice("policy", {"requeue", "fail"}).value_or("requeue") == "requeue";
  out.events = read_list<FaultEvent>(r, "events", "events: [{at: 30 s, action: fail, instance: 0}]",
                                     read_event, errors);
  out.rates = read_list<FaultRate>(
      r, "rates", "rates: [{action: fail, of: instance, every: 1000 h, repair: 10 min}]", read_rate,
      errors);
  r.finish();
  return out;
}

}  // namespace sn::twin
