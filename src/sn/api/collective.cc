// sn/api/collective.cc
//
// Checks the request, then asks the timer for each size (see collective.h).

#include "sn/api/collective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "sn/api/request_error.h"
#include "sn/base/units/units.h"
#include "sn/evidence/collectives/collective_cases.h"
#include "sn/fabric/topology/build.h"

namespace sn::api {

namespace {

using collective::Kernels;
using collective::Op;

constexpr double bytes_max = 1e12;
constexpr std::size_t rows_max = 64;
constexpr std::int64_t gpus_max = 1 << 20;

template <class E, std::size_t N>
std::optional<E> named(const std::array<E, N>& all, const std::string& name,
                       const std::string& field, Errors& errors) {
  std::vector<std::string> names;
  std::string list;
  for (const E e : all) {
    if (to_string(e) == name) return e;
    names.emplace_back(to_string(e));
    list += (list.empty() ? "" : ", ") + names.back();
  }
  errors.push_back(request_error(field, "unknown '" + shown(name) + "'",
                                 nearest_hint(name, names, "one of " + list)));
  return std::nullopt;
}

/// Sizes from the first to the last, each `factor` times the one before.
std::vector<double> sizes(const CollectiveRequest& request, Errors& errors) {
  const auto read = [&](const std::string& field, const std::string& text) {
    const bool plain = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    const auto x = parse_quantity(plain ? text + " B" : text, Bytes::dimension);
    if (!x || *x < 1.0 || *x > bytes_max) {
      errors.push_back(request_error(field,
                                     fmt::format("'{}' is no size from 1 B to 1 TB", shown(text)),
                                     "such as 1048576, '64 KiB' or '8 GiB'", ErrorCode::range));
      return 0.0;
    }
    return std::floor(*x);
  };
  const double first = read("first", request.first);
  const double last = read("last", request.last);
  std::vector<double> out;
  if (first == 0.0 || last == 0.0) return out;
  if (last < first) {
    errors.push_back(request_error("last", "below the first size",
                                   "sizes go from the first to the last", ErrorCode::range));
    return out;
  }
  const auto factor = static_cast<double>(std::max<std::int64_t>(2, request.factor));
  for (double x = first; x <= last && out.size() < rows_max; x *= factor) out.push_back(x);
  return out;
}

/// The machine of the rack with the request's changes, or nothing and an error.
std::optional<evidence::CollectiveMachine> machine_of(const CollectiveRequest& request,
                                                      const evidence::CollectiveSet& set,
                                                      const catalog::Catalog& catalog,
                                                      Errors& errors) {
  constexpr const char* known = "known racks: supernode catalog racks";
  if (request.rack.empty()) {
    errors.push_back(request_error("rack", "is missing", known, ErrorCode::missing));
    return std::nullopt;
  }
  const catalog::CatalogKind& racks = *catalog::find_kind("rack");
  if (!catalog.has(racks, request.rack)) {
    const std::vector<std::string> names = catalog.names(racks);
    errors.push_back(request_error("rack", "unknown rack '" + shown(request.rack) + "'",
                                   nearest_hint(request.rack, names, known)));
    return std::nullopt;
  }
  Node scenario = Node::map();
  Node cluster = Node::map();
  cluster.set("rack", Node::scalar(request.rack));
  cluster.set("scale_out",
              Node::scalar(request.scale_out.empty() ? std::string(evidence::set_scale_out)
                                                     : request.scale_out));
  scenario.set("cluster", std::move(cluster));
  for (const twin::FieldValue& f : request.fields) {
    if (!f.path.starts_with("cluster.rack.") && !f.path.starts_with("cluster.scale_out.")) {
      errors.push_back(request_error("fields", "'" + shown(f.path) + "' is no part of the machine",
                                     "cluster.rack.... or cluster.scale_out....",
                                     ErrorCode::unknown_key));
      return std::nullopt;
    }
    scenario = twin::with_field(scenario, f.path, f.value, "--set");
  }
  Result<evidence::CollectiveMachine> machine = evidence::read_collective_machine(
      catalog, *scenario.find("cluster.rack"), *scenario.find("cluster.scale_out"), set);
  if (machine) return *std::move(machine);
  errors.insert(errors.end(), machine.error().begin(), machine.error().end());
  return std::nullopt;
}

/// The ranks, by default one domain, in whole domains.
collective::Group group_of(const evidence::CollectiveMachine& machine, std::int64_t gpus,
                           Errors& errors) {
  const std::int64_t domain = machine.fabric.domain;
  const std::int64_t ranks = gpus != 0 ? gpus : domain;
  const std::int64_t each = std::max<std::int64_t>(1, std::min(ranks, domain));
  const auto refuse = [&](std::string message, std::string hint) {
    errors.push_back(request_error("gpus", std::move(message), std::move(hint), ErrorCode::range));
  };
  if (ranks < 2 || ranks > gpus_max) {
    refuse(fmt::format("{} ranks", ranks), fmt::format("from 2 to {}", gpus_max));
  } else if (ranks % each != 0) {
    refuse(fmt::format("{} are not whole domains of {}", ranks, domain),
           fmt::format("up to {}, or a multiple of it", domain));
  } else if (ranks / each > machine.fabric.domains) {
    refuse("more domains than a cluster has", fmt::format("at most {}", machine.fabric.domains));
  }
  return {ranks, each};
}

/// "scale_up=0.3": shares of layers.
fabric::Background background_of(const CollectiveRequest& request, Errors& errors) {
  fabric::Background out;
  for (const std::string& text : request.background) {
    const std::size_t equals = text.find('=');
    const std::string layer = text.substr(0, equals);
    const auto share =
        parse_quantity(equals == text.npos ? "" : text.substr(equals + 1), Dimension{});
    double* to = layer == "scale_up"    ? &out.scale_up
                 : layer == "scale_out" ? &out.scale_out
                                        : nullptr;
    if (to == nullptr || !share || *share < 0.0 || *share > 0.95) {
      errors.push_back(request_error("background", "'" + shown(text) + "' is no share of a layer",
                                     "LAYER=SHARE, such as scale_up=0.3 or scale_out=0.5, at "
                                     "most 0.95",
                                     ErrorCode::range));
      continue;
    }
    *to = *share;
  }
  return out;
}

std::vector<collective::Fidelity> fidelities_of(const CollectiveRequest& request, Errors& errors) {
  using collective::Fidelity;
  if (request.fidelity == "all") return {Fidelity::flow, Fidelity::packet};
  const auto one = named(std::array{Fidelity::analytic, Fidelity::flow, Fidelity::packet},
                         request.fidelity, "fidelity", errors);
  if (!one || *one == Fidelity::analytic) return {};
  return {*one};
}

/// The fabric of a group, built once for all rows.
class Stage {
 public:
  Stage(const evidence::CollectiveMachine& machine, const CollectiveRequest& request,
        const CollectiveTable& table, const fabric::Fabric& free, Errors& errors)
      : free_(free), trace_(request.trace) {
    hw::Cluster cluster = machine.cluster;
    const std::int64_t each = cluster.rack.gpus / cluster.rack.scale_up.domain;
    cluster.racks = (table.group.domains() + each - 1) / each;
    topology_ = take(fabric::build_topology(cluster), errors);
    router_.emplace(topology_);
    packets_.scale_up = fabric::protocol(cluster.rack.scale_up.link.protocol);
    packets_.scale_out =
        request.transport == "uec" ? fabric::Transport::uec : fabric::Transport::roce;
    packets_.background = table.background;
  }

  Result<PlayedRow> play(collective::Fidelity fidelity, const collective::Request& asked,
                         const collective::Timing& timing,
                         const collective::CollectiveParams& params, const Run& run) {
    using collective::Fidelity;
    PlayedRow row;
    row.fidelity = fidelity;
    row.pattern = collective::pattern_of(timing.algorithm, asked.op, asked.group);
    const bool hashed = packets_.scale_out == fabric::Transport::roce;
    Result<collective::FabricTime> t =
        collective::fabric_time(fidelity, row.pattern, asked.op, asked.group, asked.size, free_,
                                {*router_, packets_, hashed}, run, trace_);
    if (!t && t.error().front().code == ErrorCode::limit) return row;
    if (!t) return fail(t.error());
    row.done = true;
    row.fabric = t->played;
    // What other traffic holds is in both: the rest is what contends.
    row.ideal = t->ideal;
    row.chain = std::move(t->chain);
    collective::Request same = asked;
    for (const Kernels k : {Kernels::one_shot, Kernels::two_shot, Kernels::tree}) {
      if (to_string(k) == timing.algorithm) same.kernels = k;
    }
    const collective::CollectiveTimer slow(collective::slowed(free_, t->ratio()), params);
    row.time = slow.time(same).time;
    return row;
  }

 private:
  fabric::Fabric free_;  // without what other traffic holds
  fabric::Topology topology_;
  std::optional<fabric::Router> router_;
  fabric::PacketSetup packets_;
  bool trace_;
};

}  // namespace

Result<CollectiveTable> collective_table(const CollectiveRequest& request,
                                         const catalog::Catalog& catalog, const Run& run) {
  Errors errors;
  const auto op =
      named(std::array{Op::all_reduce, Op::all_gather, Op::reduce_scatter, Op::all_to_all},
            request.op, "op", errors);
  const auto kernels =
      named(std::array{Kernels::automatic, Kernels::library, Kernels::custom, Kernels::ring,
                       Kernels::tree, Kernels::in_switch, Kernels::one_shot, Kernels::two_shot},
            request.algorithm, "algorithm", errors);
  const std::vector<double> bytes = sizes(request, errors);
  catalog::Params params;
  const Result<evidence::CollectiveSet> set = evidence::read_collective_params(catalog, params);
  if (!set) return fail(set.error());
  const std::optional<evidence::CollectiveMachine> machine =
      machine_of(request, *set, catalog, errors);
  const std::vector<collective::Fidelity> finer = fidelities_of(request, errors);
  if (request.transport != "roce" && request.transport != "uec") {
    errors.push_back(
        request_error("transport", "unknown '" + shown(request.transport) + "'", "roce or uec"));
  }
  CollectiveTable table{.rack = request.rack, .entry = {}, .group = {}, .rows = {}};
  table.background = background_of(request, errors);
  if (machine) table.group = group_of(*machine, request.gpus, errors);
  if (!errors.empty()) return fail(std::move(errors));

  table.entry = machine->entry;
  table.op = *op;
  table.kernels = *kernels;
  const collective::CollectiveParams& kernel = set->params.find(table.entry)->second;
  fabric::Fabric free = machine->fabric;
  free.scale_up.sustained = free.scale_up.sustained * (1.0 - table.background.scale_up);
  for (fabric::Path* p : {&free.scale_out, &free.scale_out_far}) {
    p->sustained = p->sustained * (1.0 - table.background.scale_out);
  }
  const collective::CollectiveTimer timer(free, kernel);
  std::optional<Stage> stage;
  if (!finer.empty()) stage.emplace(*machine, request, table, free, errors);
  if (!errors.empty()) return fail(std::move(errors));
  for (const double x : bytes) {
    table.interrupted = run.stopped();
    if (table.interrupted) break;
    const Bytes size = Bytes::from_si(x);
    const collective::Request asked{
        .op = table.op, .group = table.group, .size = size, .kernels = table.kernels};
    const collective::Timing t = timer.time(asked);
    if (!std::isfinite(t.time.si())) continue;
    table.rows.push_back({size, t});
    for (const collective::Fidelity f : finer) {
      Result<PlayedRow> row = stage->play(f, asked, t, kernel, run);
      if (row) {
        table.rows.back().played.push_back(*std::move(row));
      } else if (run.stopped()) {
        table.rows.pop_back();
        break;
      } else {
        return fail(row.error());
      }
    }
  }
  if (table.rows.empty() && run.stopped()) return fail(interrupted("the table"));
  if (table.rows.empty()) {
    return fail(request_error("algorithm", "this machine has no such kernel for " + request.op,
                              "auto lets all kernels compete", ErrorCode::infeasible));
  }
  return table;
}

}  // namespace sn::api
