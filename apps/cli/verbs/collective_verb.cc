// apps/cli/verbs/collective_verb.cc
//
// `supernode collective --rack RACK --gpus N --op OP`: the table of nccl-tests, predicted.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/collective.h"
#include "sn/api/open.h"
#include "sn/draw/evidence/collective_text.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode collective";

void describe_flags(CLI::App& app, api::CollectiveRequest& r, std::string& gpus, std::string& bytes,
                    std::string& factor) {
  app.add_option("--rack,RACK", r.rack, "machine (supernode catalog racks)")->type_name("RACK");
  app.add_option("--gpus", gpus, "ranks; more than a domain go over ScaleOut")->type_name("N");
  app.add_option("--op", r.op, "all_reduce, all_gather, reduce_scatter, all_to_all")
      ->type_name("OP");
  app.add_option("--min", r.first, "first size")->type_name("SIZE");
  app.add_option("--max", r.last, "last size")->type_name("SIZE");
  app.add_option("--bytes", bytes, "one size, or the first and last")->type_name("SIZE[:SIZE]");
  app.add_option("--factor", factor, "from one size to the next")->type_name("N");
  app.add_option("--algorithm", r.algorithm,
                 "auto, library, custom, ring, tree, in-switch, one-shot, two-shot")
      ->type_name("ALGORITHM");
  app.add_option("--scale-out", r.scale_out,
                 "network between domains (supernode catalog scale-out)")
      ->type_name("NAME");
  app.add_option("--fidelity", r.fidelity, "analytic, flow, packet; all: side by side");
  app.add_option("--background", r.background,
                 "what other traffic holds: scale_up=0.3; several flags")
      ->type_name("LAYER=SHARE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--transport", r.transport, "of ScaleOut: roce (hashed) or uec (sprayed)");
  app.add_flag("--trace", r.trace, "which transfers waited for which, with a finer fidelity");
  app.footer(
      "\nexamples:\n"
      "  supernode collective nvl72-gb200 --gpus 72\n"
      "  supernode collective --rack nvl72-gb200 --set "
      "'cluster.rack.scale_up.bandwidth=1.8 TB/s'\n"
      "  supernode collective --rack al128 --bytes 16MiB --fidelity all\n"
      "  supernode collective --rack al128 --gpus 256 --scale-out hpn7 --fidelity flow "
      "--background scale_out=0.5\n"
      "  supernode collective --rack hgx-h200 --op all_gather --min '1 MiB' --algorithm library");
}

}  // namespace

int run_collective(const Args& args) {
  CLI::App app("Times of a collective by size, in the layout of nccl-tests, with bounds.", verb);
  api::CollectiveRequest request;
  std::string gpus;
  std::string bytes;
  std::string factor = "4";
  std::string folder;
  std::vector<std::string> set;
  describe_flags(app, request, gpus, bytes, factor);
  add_set_flag(app, set);
  add_catalog_flag(app, folder);
  Outputs outputs(app, {{"--json", "JSON (schema/collective.schema.json)"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  if (!bytes.empty()) {
    const std::size_t colon = bytes.find(':');
    request.first = bytes.substr(0, colon);
    request.last = colon == std::string::npos ? request.first : bytes.substr(colon + 1);
  }
  Errors errors;
  flags.check(errors);
  outputs.check(verb, {}, errors);
  request.fields = checked_fields(set, errors);
  request.factor = integer_flag("--factor", factor, 2, 1024, errors);
  if (!gpus.empty()) request.gpus = integer_flag("--gpus", gpus, 2, 1 << 20, errors);

  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  const Run run = flags.start();
  const Result<api::CollectiveTable> table = api::collective_table(request, *catalog, run);
  if (!table) {
    errors.insert(errors.end(), table.error().begin(), table.error().end());
  }
  if (!errors.empty()) return refuse(verb, errors);
  return outputs.write(
      {{"--json", [&] { return draw::collective_table_json(*table); }}},
      [&] { return draw::collective_table_text(*table, text_style(request.rack)); },
      code_of(table->interrupted));
}

}  // namespace sn::cli
