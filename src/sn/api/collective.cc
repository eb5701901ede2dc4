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
#include "sn/base/units.h"
#include "sn/evidence/collectives/collective_cases.h"

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
  cluster.set("scale_out", Node::scalar(std::string(evidence::set_scale_out)));
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
  CollectiveTable table{.rack = request.rack, .entry = {}, .group = {}, .rows = {}};
  if (machine) table.group = group_of(*machine, request.gpus, errors);
  if (!errors.empty()) return fail(std::move(errors));

  table.entry = machine->entry;
  table.op = *op;
  table.kernels = *kernels;
  const collective::CollectiveTimer timer(machine->fabric, set->params.find(table.entry)->second);
  for (const double x : bytes) {
    table.interrupted = run.stopped();
    if (table.interrupted) break;
    const Bytes size = Bytes::from_si(x);
    const collective::Timing t =
        timer.time({.op = table.op, .group = table.group, .size = size, .kernels = table.kernels});
    if (std::isfinite(t.time.si())) table.rows.push_back({size, t});
  }
  if (table.rows.empty() && run.stopped()) return fail(interrupted("the table"));
  if (table.rows.empty()) {
    return fail(request_error("algorithm", "this machine has no such kernel for " + request.op,
                              "auto lets all kernels compete", ErrorCode::infeasible));
  }
  return table;
}

}  // namespace sn::api
