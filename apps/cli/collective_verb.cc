// apps/cli/collective_verb.cc
//
// `supernode collective --rack RACK --gpus N --op OP`: the table of nccl-tests, predicted.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>

#include "apps/cli/cli.h"
#include "sn/base/units.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/evidence/collective_text.h"
#include "sn/evidence/collectives/collective_cases.h"

namespace sn::cli {

namespace {

using collective::Kernels;
using collective::Op;

constexpr const char* verb = "supernode collective";
constexpr double bytes_max = 1e12;
constexpr std::size_t rows_max = 64;

template <class E, std::size_t N>
std::optional<E> named(const std::array<E, N>& all, const std::string& name,
                       const std::string& flag, Errors& errors) {
  std::vector<std::string> names;
  std::string list;
  for (const E e : all) {
    if (to_string(e) == name) return e;
    names.emplace_back(to_string(e));
    list += (list.empty() ? "" : ", ") + names.back();
  }
  const std::string near = nearest(name, names);
  errors.push_back(flag_error(verb, flag + ": unknown '" + shown(name) + "'",
                              near.empty() ? "one of " + list : "did you mean '" + near + "'?"));
  return std::nullopt;
}

/// Sizes from `from` to `to`, each `factor` times the one before.
std::vector<double> sizes(const std::string& from, const std::string& to, int factor,
                          Errors& errors) {
  const auto read = [&](const std::string& flag, const std::string& text) {
    const bool plain = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    const auto x = parse_quantity(plain ? text + " B" : text, Bytes::dimension);
    if (!x || *x < 1.0 || *x > bytes_max) {
      errors.push_back(
          flag_error(verb, fmt::format("{}: '{}' is no size from 1 B to 1 TB", flag, shown(text)),
                     "such as 1048576, '64 KiB' or '8 GiB'"));
      return 0.0;
    }
    return std::floor(*x);
  };
  const double first = read("--min", from);
  const double last = read("--max", to);
  std::vector<double> out;
  if (first == 0.0 || last == 0.0) return out;
  if (last < first) {
    errors.push_back(flag_error(verb, "--max is below --min", "sizes go from --min to --max"));
    return out;
  }
  for (double x = first; x <= last && out.size() < rows_max; x *= factor) out.push_back(x);
  return out;
}

struct Flags {
  std::string rack;
  std::string gpus;
  std::string op = "all_reduce";
  std::string kernels = "auto";
  std::string from = "1 KiB";
  std::string to = "8 GiB";
  std::string factor = "4";
  std::string bytes;
  std::string json;
};

/// The machine of `--rack`, or nothing and an error.
const evidence::CollectiveMachine* machine_of(const evidence::CollectiveSet& set,
                                              const std::string& rack, Errors& errors) {
  if (rack.empty()) {
    errors.push_back(flag_error(verb, "--rack is missing", "known racks: supernode catalog racks"));
    return nullptr;
  }
  const auto found = set.machines.find(rack);
  if (found != set.machines.end()) return &found->second;
  std::vector<std::string> names;
  for (const auto& [name, machine] : set.machines) names.push_back(name);
  const std::string near = nearest(rack, names);
  errors.push_back(flag_error(
      verb, "--rack: unknown rack '" + shown(rack) + "'",
      near.empty() ? "known racks: supernode catalog racks" : "did you mean '" + near + "'?"));
  return nullptr;
}

/// Ranks of `--gpus`, by default one domain, in whole domains.
collective::Group group_of(const evidence::CollectiveMachine& machine, const std::string& gpus,
                           Errors& errors) {
  const std::int64_t domain = machine.fabric.domain;
  std::int64_t ranks = domain;
  if (!gpus.empty()) ranks = integer_flag("--gpus", gpus, 2, 1 << 20, errors);
  const std::int64_t each = std::max<std::int64_t>(1, std::min(ranks, domain));
  if (ranks % each != 0) {
    errors.push_back(
        flag_error(verb, fmt::format("--gpus: {} are not whole domains of {}", ranks, domain),
                   fmt::format("up to {}, or a multiple of it", domain)));
  } else if (ranks / each > machine.fabric.domains) {
    errors.push_back(flag_error(verb, "--gpus: more domains than a cluster has",
                                fmt::format("at most {}", machine.fabric.domains)));
  }
  return {ranks, each};
}

int answer(const Flags& flags, bool to_json, Errors errors) {
  const auto op =
      named(std::array{Op::all_reduce, Op::all_gather, Op::reduce_scatter, Op::all_to_all},
            flags.op, "--op", errors);
  const auto kernels =
      named(std::array{Kernels::automatic, Kernels::library, Kernels::custom, Kernels::ring,
                       Kernels::tree, Kernels::in_switch, Kernels::one_shot, Kernels::two_shot},
            flags.kernels, "--algorithm", errors);
  const int factor = integer_flag("--factor", flags.factor, 2, 1024, errors);
  const std::vector<double> bytes = sizes(flags.from, flags.to, std::max(2, factor), errors);
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog) return refuse(catalog.error());
  catalog::Params params;
  const Result<evidence::CollectiveSet> set = evidence::read_collective_set(*catalog, params);
  if (!set) return refuse(set.error());
  const evidence::CollectiveMachine* machine = machine_of(*set, flags.rack, errors);
  collective::Group group;
  if (machine != nullptr) group = group_of(*machine, flags.gpus, errors);
  if (to_json) check_writable("--json", flags.json, errors);
  if (!errors.empty()) return refuse(errors);

  draw::CollectiveTable table{.rack = flags.rack,
                              .entry = machine->entry,
                              .op = *op,
                              .group = group,
                              .kernels = *kernels,
                              .rows = {}};
  const collective::CollectiveTimer timer(machine->fabric,
                                          set->params.find(machine->entry)->second);
  for (const double x : bytes) {
    const Bytes size = Bytes::from_si(x);
    const collective::Timing t =
        timer.time({.op = *op, .group = group, .size = size, .kernels = *kernels});
    if (std::isfinite(t.time.si())) table.rows.push_back({size, t});
  }
  if (table.rows.empty()) {
    return refuse({flag_error(verb, "--algorithm: this machine has no such kernel for " + flags.op,
                              "auto lets all kernels compete")});
  }
  if (!to_json) return print(draw::collective_table_text(table, text_style(flags.rack)));
  return write_output(flags.json, draw::collective_table_json(table));
}

}  // namespace

int run_collective(const Args& args) {
  CLI::App app("Times of a collective by size, in the layout of nccl-tests, with bounds.", verb);
  Flags flags;
  app.add_option("--rack", flags.rack, "machine (supernode catalog racks)")->type_name("RACK");
  app.add_option("--gpus", flags.gpus, "ranks; more than a domain go over ScaleOut")
      ->type_name("N");
  app.add_option("--op", flags.op, "all_reduce, all_gather, reduce_scatter, all_to_all");
  app.add_option("--min", flags.from, "first size")->type_name("SIZE");
  app.add_option("--max", flags.to, "last size")->type_name("SIZE");
  app.add_option("--bytes", flags.bytes, "one size, or the first and last")
      ->type_name("SIZE[:SIZE]");
  app.add_option("--factor", flags.factor, "from one size to the next");
  app.add_option("--algorithm", flags.kernels,
                 "auto, library, custom, ring, tree, in-switch, one-shot, two-shot");
  const CLI::Option* json =
      app.add_option("--json", flags.json, "JSON (schema/collective.schema.json); - is the default")
          ->type_name("FILE")
          ->expected(0, 1)
          ->default_str("-");
  std::string threads = "0";
  app.add_option("--threads", threads, "as elsewhere; one does all the work here");
  app.footer(
      "\nexamples:\n"
      "  supernode collective --rack nvl72-gb200 --gpus 72\n"
      "  supernode collective --rack hgx-h200 --op all_gather --min '1 MiB' --algorithm library");
  if (const auto code = parse(app, args)) return *code;
  if (!flags.bytes.empty()) {
    const std::size_t colon = flags.bytes.find(':');
    flags.from = flags.bytes.substr(0, colon);
    flags.to = colon == std::string::npos ? flags.from : flags.bytes.substr(colon + 1);
  }
  Errors errors;
  static_cast<void>(integer_flag("--threads", threads, 0, 256, errors));
  const bool to_json = json->count() > 0;
  if (to_json && flags.json.empty()) flags.json = "-";
  return answer(flags, to_json, std::move(errors));
}

}  // namespace sn::cli
