// apps/cli/verbs/completion_verb.cc
//
// `supernode completion SHELL`: a script that completes verbs, flags, their values and files.
//
// Made from the verbs' own pages (verb_page.h), so that a new verb or flag is completed without a
// change here. Names of the catalog are those of the binary that wrote the script.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "apps/cli/cli.h"
#include "apps/cli/verb_page.h"
#include "sn/api/scenarios.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/collectives/calibrate_collectives.h"
#include "sn/kernel/params.h"
#include "sn/planner/export/export.h"
#include "sn/planner/metric.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode completion";

using Words = std::vector<std::string>;

std::string joined(const Words& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : " ") + w;
  return out;
}

/// Values of flags that take one of a few names; all other values are completed as files.
using Values = std::map<std::string, Words>;

struct Vocabulary {
  Values values;
  Words entries;    // of the catalog
  Words scenarios;  // that are shipped
};

Vocabulary vocabulary(const catalog::Catalog& catalog) {
  Vocabulary v;
  for (const catalog::CatalogKind& kind : catalog::catalog_kinds()) {
    for (const std::string& name : catalog.names(kind)) {
      v.entries.push_back(name);
      if (kind.folder == std::string_view("models")) v.values["--model"].push_back(name);
      if (kind.folder == std::string_view("frameworks")) v.values["--framework"].push_back(name);
      if (kind.folder == std::string_view("racks")) v.values["--rack"].push_back(name);
    }
  }
  std::sort(v.entries.begin(), v.entries.end());
  v.entries.erase(std::unique(v.entries.begin(), v.entries.end()), v.entries.end());
  v.values["--export"] = planner::export_tools();
  for (const planner::Metric& m : planner::metrics()) {
    v.values["--filter"].emplace_back(m.name);
    v.values["--pareto"].emplace_back(m.name);
  }
  v.values["--rate"] = {"knee"};
  v.values["--routing"] = {"completion-aware", "prefix-aware", "least-loaded", "round-robin",
                           "session-sticky"};
  v.values["--eviction"] = {"lru", "lfu", "s3-fifo", "ttl"};
  v.values["--scaling"] = {"time", "copies"};
  v.values["--op"] = {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"};
  v.values["--algorithm"] = {"auto", "library",   "custom",   "ring",
                             "tree", "in-switch", "one-shot", "two-shot"};
  for (std::size_t i = 0; i < kernel::family_count; ++i) {
    v.values["--family"].emplace_back(kernel::to_string(static_cast<kernel::Family>(i)));
  }
  for (const std::string& family : evidence::collective_families()) {
    v.values["--family"].push_back(family);
  }
  // Paths of a scenario that are varied most (schema/scenario.md has all).
  v.values["--set"] = {"cluster.rack=",
                       "cluster.racks=",
                       "cluster.gpus=",
                       "cluster.rack.gpus=",
                       "cluster.rack.chip=",
                       "cluster.rack.scale_up.bandwidth=",
                       "cluster.scale_out=",
                       "model=",
                       "precision.weights=",
                       "precision.kv=",
                       "software.framework=",
                       "workload.rate=",
                       "workload.preset=",
                       "workload.malformed=",
                       "slo.ttft.p90=",
                       "slo.tpot.p90=",
                       "slo.e2e.p90=",
                       "search.pools=",
                       "search.mtp=",
                       "search.dcp=",
                       "search.chunk=",
                       "conditions.clock=",
                       "conditions.hbm=",
                       "kv.block=",
                       "seed="};
  v.values["--vary"] = v.values["--set"];
  for (const api::ShippedScenario& s : api::shipped_scenarios()) v.scenarios.emplace_back(s.name);
  return v;
}

Words long_flags(const VerbPage& page) {
  Words out;
  for (const PageOption& o : page.options) {
    if (!o.positional) out.push_back(o.names.front());
  }
  return out;
}

Words first_words(const VerbPage& page, const catalog::Catalog& catalog) {
  Words out = page.words;
  if (page.name == "plan" || page.name == "simulate") {
    for (const api::ShippedScenario& s : api::shipped_scenarios()) out.emplace_back(s.name);
  }
  if (page.name == "rack" || page.name == "compare") {
    for (const std::string& name : catalog.names(*catalog::find_kind("rack"))) {
      out.push_back(name);
    }
  }
  if (page.name != "catalog") return out;
  out.emplace_back("scenarios");
  for (const catalog::CatalogKind& kind : catalog::catalog_kinds()) {
    if (!catalog.names(kind).empty()) out.emplace_back(kind.folder);
  }
  return out;
}

std::string bash_script(const catalog::Catalog& catalog) {
  const Vocabulary v = vocabulary(catalog);
  Words names;
  std::string flags;
  std::string first;
  for (const VerbPage& page : describe_all()) {
    names.push_back(page.name);
    flags += "    " + page.name + ") flags='" + joined(long_flags(page)) + "' ;;\n";
    const Words words = first_words(page, catalog);
    if (!words.empty()) first += "    " + page.name + ") words='" + joined(words) + "' ;;\n";
  }
  std::string values;
  for (const auto& [flag, words] : v.values) {
    values += "    " + flag + ") words='" + joined(words) + "' ;;\n";
  }
  return "# bash completion of supernode; source it, or install it as "
         "share/bash-completion/completions/supernode\n"
         "_supernode() {\n"
         "  local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local verb=\"${COMP_WORDS[1]}\" flags='' words=''\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '" +
         joined(names) +
         " --help --version' -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case \"$verb\" in\n" +
         flags +
         "  esac\n"
         "  case \"$before\" in\n" +
         values + "    show|model|diff) [ \"$verb\" = catalog ] && words='" + joined(v.entries) +
         "' ;;\n"
         "  esac\n"
         "  if [ \"$verb\" = catalog ] && [ \"${COMP_WORDS[2]}\" = diff ]; then\n"
         "    words='" +
         joined(v.entries) +
         "'\n"
         "  fi\n"
         "  if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
         "    case \"$verb\" in\n" +
         first +
         "    esac\n"
         "  fi\n"
         "  case \"$word\" in\n"
         "    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$word\")) ;;\n"
         "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _supernode supernode\n";
}

/// Text inside single quotes of zsh and fish.
std::string quoted(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (special.find(c) != std::string_view::npos) {
      out += std::string("\\") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string zsh_flags(const VerbPage& page, const Values& values) {
  std::string out;
  for (const PageOption& o : page.options) {
    if (o.positional) continue;
    for (const std::string& name : o.names) {
      out +=
          "        '" + name + (o.value.empty() ? "" : "=") + "[" + quoted(o.text, "[]:\\") + "]";
      const auto at = values.find(o.names.front());
      if (at != values.end()) {
        out += ":" + quoted(o.value, ":\\") + ":(" + joined(at->second) + ")";
      } else if (!o.value.empty()) {
        out += ":" + quoted(o.value, ":\\") + ":_files";
      }
      out += "' \\\n";
    }
  }
  return out;
}

std::string zsh_script(const catalog::Catalog& catalog) {
  const Vocabulary v = vocabulary(catalog);
  std::string names;
  std::string cases;
  for (const VerbPage& page : describe_all()) {
    names += "    '" + page.name + ":" + quoted(page.summary, ":\\") + "'\n";
    cases += "    " + page.name + ")\n      _arguments \\\n" + zsh_flags(page, v.values);
    const Words words = first_words(page, catalog);
    cases +=
        words.empty() ? "        '*:file:_files'\n"
        : page.name == "plan" || page.name == "simulate"
            ? "        '*:scenario:{_alternative \"names:shipped:(" + joined(v.scenarios) +
                  ")\" \"files:file:_files\"}'\n"
            : "        '1:what:(" + joined(words) + ")' '*:name:(" + joined(v.entries) + ")'\n";
    cases += "      ;;\n";
  }
  return "#compdef supernode\n# zsh completion of supernode; install it as _supernode in a folder "
         "of $fpath\n_supernode() {\n  local -a verbs\n  verbs=(\n" +
         names +
         "  )\n  if (( CURRENT == 2 )); then\n    _describe 'verb' verbs\n    return\n  fi\n"
         "  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $verb in\n" +
         cases +
         "  esac\n}\nif [ \"$funcstack[1]\" = _supernode ]; then\n  _supernode \"$@\"\nelse\n"
         "  compdef _supernode supernode\nfi\n";
}

std::string fish_script(const catalog::Catalog& catalog) {
  const Vocabulary v = vocabulary(catalog);
  std::string out =
      "# fish completion of supernode; install it as vendor_completions.d/supernode.fish\n";
  for (const VerbPage& page : describe_all()) {
    out += "complete -c supernode -f -n __fish_use_subcommand -a " + page.name + " -d '" +
           quoted(page.summary, "\\") + "'\n";
    const std::string under =
        "complete -c supernode -n '__fish_seen_subcommand_from " + page.name + "'";
    for (const PageOption& o : page.options) {
      if (o.positional) continue;
      out += under;
      for (const std::string& name : o.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      const auto at = v.values.find(o.names.front());
      if (at != v.values.end()) {
        out += " -x -a '" + joined(at->second) + "'";
      } else if (!o.value.empty()) {
        out += " -r";
      }
      out += " -d '" + quoted(o.text, "\\") + "'\n";
    }
    const Words words = first_words(page, catalog);
    if (!words.empty()) out += under + " -a '" + joined(words) + "'\n";
    if (page.name == "catalog") {
      out += "complete -c supernode -n '__fish_seen_subcommand_from show model diff' -a '" +
             joined(v.entries) + "'\n";
    }
  }
  return out;
}

}  // namespace

int run_completion(const Args& args) {
  CLI::App app("A script that completes verbs, flags and names of the catalog.", verb);
  std::string shell;
  app.add_option("SHELL", shell, "bash, zsh or fish");
  app.footer(
      "\nexamples:\n"
      "  source <(supernode completion bash)\n"
      "  supernode completion zsh > ~/.zfunc/_supernode\n"
      "  supernode completion fish > ~/.config/fish/completions/supernode.fish");
  if (const auto code = parse(app, args)) return *code;
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog) return refuse(catalog.error());
  if (shell == "bash") return print(bash_script(*catalog));
  if (shell == "zsh") return print(zsh_script(*catalog));
  if (shell == "fish") return print(fish_script(*catalog));
  return refuse(
      {flag_error(verb, shell.empty() ? "for which shell?" : "no such shell '" + shown(shell) + "'",
                  "bash, zsh or fish")});
}

}  // namespace sn::cli
