// apps/cli/command.cc
//
// `supernode VERB ...`: finds the verb, or says what there is. A new verb is one line in `verbs`.

#include <algorithm>

#include "apps/cli/cli.h"
#include "apps/cli/progress.h"
#include "apps/cli/verb_page.h"

namespace sn::cli {

namespace {

std::string help() {
  std::string out =
      "Supernode: the digital twin of an AI supernode. Describe a machine, a model and a "
      "workload;\n"
      "learn how to deploy the model, how fast it will be, why, and what to change.\n\n"
      "usage: supernode VERB [ARGUMENTS]\n\n";
  for (const Verb& verb : verbs()) {
    std::string name(verb.name);
    name.resize(12, ' ');
    out += "  " + name + std::string(verb.summary) + "\n";
  }
  return out +
         "\n  --version   the version of this program\n"
         "  --help      this page; 'supernode VERB --help' has the flags and examples of a verb\n\n"
         "examples:\n"
         "  supernode plan scenarios/al128-deepseek-v3.yaml\n"
         "  supernode plan scenarios/al128-deepseek-v3.yaml --explain\n"
         "  supernode catalog show al128\n\n"
         "--json, --csv, --svg, --html and --timeline, where a verb has them, write to standard "
         "output\n"
         "in place of the text, or with =FILE beside it (docs/cli.md).\n"
         "Results go to standard output, mistakes, progress and timing to standard error; --quiet "
         "leaves\n"
         "out the last two. Colour and progress are for terminals; NO_COLOR turns colour off.\n"
         "Exit codes: 0 done; 2 a mistake in what was asked, also when nothing fits or no "
         "deployment\n"
         "meets the SLO; 1 a fault of the program or the machine.\n";
}

int unknown_verb(const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const Verb& verb : verbs()) {
    names.emplace_back(verb.name);
    all += (all.empty() ? "" : ", ") + names.back();
  }
  const bool flag = name.starts_with("-");
  if (flag) names = {"--version", "--help"};
  const std::string near = nearest(name, names);
  return refuse(
      {flag_error("supernode", (flag ? "unknown flag '" : "unknown verb '") + shown(name) + "'",
                  near.empty() ? "verbs are " + all : "did you mean '" + near + "'?")});
}

}  // namespace

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = {
      {"plan", "rank the deployments of a model on a machine under an SLO", run_plan},
      {"simulate", "replay a request trace on a machine, request by request", run_simulate},
      {"catalog", "what is known of a chip, link, rack or model, with sources", run_catalog,
       "show search model diff"},
      {"collective", "times of a collective by size, as nccl-tests prints them", run_collective},
      {"fabric", "devices and links of a machine, its bisection, a path through it", run_fabric},
      {"rack", "a rack as a physical thing: power, heat, faults, cost", run_rack},
      {"compare", "racks side by side: datasheets, and what each carries", run_compare},
      {"directions", "peripherals on ScaleUp, memory semantics, two layers, optics: what changes",
       run_directions},
      {"claims", "what is claimed of supernodes, run: claimed, found, conditions, verdict",
       run_claims},
      {"workload", "statistics of a request trace, or a preset made of them", run_workload},
      {"validate", "predicted against measured, table by table, with the error", run_validate,
       "kernels collectives serving all"},
      {"calibrate", "fit the models of kernels, collectives and engines to measurements",
       run_calibrate, "kernels collectives serving"},
      {"doctor", "whether this program and this machine are in order", run_doctor},
      {"completion", "completion of command lines, for a shell", run_completion, "bash zsh fish"},
      {"man", "the manual page of all verbs, as roff", run_man},
  };
  return all;
}

int run(const Args& args) {
  if (args.empty()) {
    complain(help());
    return exit_mistake;
  }
  const std::string& first = args.front();
  if (first == "--help" || first == "-h" || first == "help") return print(help());
  if (first == "--version") return print(std::string("supernode ") + SN_VERSION + "\n");
  for (const Verb& verb : verbs()) {
    if (verb.name != first) continue;
    const Args rest(args.begin() + 1, args.end());
    if (std::find(rest.begin(), rest.end(), describe_word) != rest.end()) {
      return refuse({flag_error("supernode " + first, "unexpected argument", "see --help")});
    }
    const Progress progress(first, std::find(rest.begin(), rest.end(), "--quiet") != rest.end());
    return verb.run(rest);
  }
  return unknown_verb(first);
}

}  // namespace sn::cli
