// apps/cli/verbs/man_verb.cc
//
// `supernode man`: the manual page of all verbs, as roff (man(7)); installed as supernode.1.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/verb_page.h"

namespace sn::cli {

namespace {

/// Text of roff: backslashes and hyphens are taken literally, no line begins with a control
/// character.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() ? (c == '.' || c == '\'') : (out.back() == '\n' && (c == '.' || c == '\''))) {
      out += "\\&";
    }
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string option_lines(const PageOption& o) {
  std::string names;
  for (const std::string& name : o.names) {
    names += (names.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
  }
  if (!o.value.empty()) names += " \\fI" + roff(o.value) + "\\fR";
  return ".TP\n" + names + "\n" + roff(o.text) + "\n";
}

std::string verb_lines(const VerbPage& page) {
  std::string out = ".SS supernode " + roff(page.name) + "\n" + roff(page.text) + "\n";
  for (const PageOption& o : page.options) out += option_lines(o);
  if (page.examples.empty()) return out;
  out += ".PP\nExamples:\n.PP\n.nf\n";
  for (const std::string& line : page.examples) out += "    " + roff(line) + "\n";
  return out + ".fi\n";
}

std::string manual() {
  std::string out = ".TH SUPERNODE 1 \"\" \"supernode " + std::string(SN_VERSION) +
                    "\" \"User Commands\"\n.SH NAME\nsupernode \\- digital twin of an AI "
                    "supernode\n.SH SYNOPSIS\n.B supernode\n.I VERB\n[\\fIARGUMENTS\\fR]\n"
                    ".SH DESCRIPTION\nDescribe a machine, a model and a workload; learn how to "
                    "deploy the model, how fast it will be, why, and what to change.\n.SH VERBS\n";
  for (const VerbPage& page : describe_all()) out += verb_lines(page);
  return out +
         ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n2\na mistake in what was asked, also when nothing "
         "fits or no deployment meets the SLO\n.TP\n1\na fault of the program, the machine or the "
         "data\n.SH ENVIRONMENT\n.TP\nNO_COLOR\nno colour, even on a terminal\n.TP\nCOLUMNS\nwidth "
         "of the text, within 80 and 200\n.TP\nTERM\n"
         "\\(lqdumb\\(rq: neither colour nor progress\n";
}

}  // namespace

int run_man(const Args& args) {
  CLI::App app("The manual page of all verbs, as roff.", "supernode man");
  app.footer(
      "\nexamples:\n"
      "  supernode man > supernode.1\n"
      "  supernode man | man -l -");
  if (const auto code = parse(app, args)) return *code;
  return print(manual());
}

}  // namespace sn::cli
