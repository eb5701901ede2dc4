// apps/cli/arguments.cc
//
// Command lines with CLI11, mistakes in the manner of this project: all unknown flags at once, each
// with the nearest valid one.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <sstream>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/verb_page.h"

namespace sn::cli {

namespace {

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
    for (const std::string& name : option->get_snames()) out.push_back("-" + name);
  }
  return out;
}

std::string all_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (name.starts_with("--")) out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

/// What CLI11 did not know: flags, as a rule.
Errors unknown_arguments(const CLI::App& app) {
  Errors errors;
  const std::vector<std::string> names = flag_names(app);
  for (const std::string& argument : app.remaining()) {
    const bool flag = argument.size() > 1 && argument.front() == '-';
    const std::string name = argument.substr(0, argument.find('='));
    const std::string near = flag ? nearest(name, names) : std::string();
    errors.push_back(flag_error(
        app.get_name(), (flag ? "unknown flag '" : "unexpected argument '") + shown(name) + "'",
        near.empty() ? "flags are " + all_of(names) : "did you mean '" + near + "'?"));
  }
  return errors;
}

/// What CLI11 found wrong, in this project's words where they differ.
std::string message_of(const CLI::ParseError& e) {
  const std::string text = e.what();
  const std::string flag = text.substr(0, text.find(':'));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&e) != nullptr && flag.starts_with("-")) {
    return flag + (text.find("received") == std::string::npos ? " needs a value"
                                                              : " is given more than once");
  }
  return text.substr(0, text.find('\n'));
}

/// "\nexamples:\n  one\n  two" line by line.
std::vector<std::string> examples_of(const std::string& footer) {
  std::vector<std::string> out;
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) out.push_back(line.substr(2));
  }
  return out;
}

VerbPage page_of(const CLI::App& app) {
  VerbPage page;
  page.text = app.get_description();
  page.examples = examples_of(app.get_footer());
  for (const CLI::Option* option : app.get_options()) {
    PageOption o;
    o.text = option->get_description();
    // What may stand without its flag as well is a flag.
    o.positional = option->get_positional() && !option->nonpositional();
    for (const std::string& name : option->get_lnames()) o.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) o.names.push_back("-" + name);
    if (o.positional) o.names.push_back(option->get_name(true));
    if (!o.positional && option->get_items_expected_max() > 0) o.value = option->get_type_name();
    page.options.push_back(std::move(o));
  }
  return page;
}

}  // namespace

std::optional<int> parse(CLI::App& app, const Args& args) {
  bool quiet = false;
  if (app.get_option_no_throw("--quiet") == nullptr) {
    app.add_flag("--quiet", quiet, "neither progress nor timing on standard error");
  }
  if (args.size() == 1 && args.front() == describe_word) throw page_of(app);
  app.allow_extras();
  Errors errors;
  try {
    std::vector<std::string> reversed(args.rbegin(), args.rend());
    app.parse(reversed);
    check_following(app, args, errors);
    if (errors.empty()) errors = unknown_arguments(app);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::ParseError& e) {
    errors = {flag_error(app.get_name(), message_of(e), "see " + app.get_name() + " --help")};
  }
  if (errors.empty()) return std::nullopt;
  return refuse(errors);
}

int integer_flag(const std::string& flag, const std::string& text, int min, int max,
                 Errors& errors) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc{} && parsed.ptr == end && value >= min && value <= max) return value;
  errors.push_back(
      flag_error("supernode", flag + " cannot be '" + shown(text) + "'",
                 "a whole number from " + std::to_string(min) + " to " + std::to_string(max)));
  return min;
}

double number_flag(const std::string& flag, const std::string& text, double min, double max,
                   Errors& errors) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc{} && parsed.ptr == end && value >= min && value <= max) return value;
  errors.push_back(flag_error("supernode", flag + " cannot be '" + shown(text) + "'",
                              fmt::format("a number from {} to {}", min, max)));
  return min;
}

Error flag_error(const std::string& verb, std::string message, std::string hint) {
  return {.code = ErrorCode::syntax,
          .message = std::move(message),
          .where = {.file = verb, .excerpt = {}},
          .hint = std::move(hint)};
}

}  // namespace sn::cli
