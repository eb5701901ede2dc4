// sn/draw/kit/html_page.cc
//
// See the header.

#include "sn/draw/kit/html_page.h"

#include <fmt/format.h>

#include <cmath>

#include "sn/draw/kit/sheet.h"

namespace sn::draw {

namespace {

constexpr std::string_view style = R"(
  body { background: #f4ecd8; color: #2b2926; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
         font: 14px/1.5 'Routed Gothic','osifont','Jost','Futura','Century Gothic','DejaVu Sans',
         sans-serif; }
  h1, h2 { text-transform: uppercase; letter-spacing: .08em; font-weight: 600;
           margin: 2rem 0 .5rem; }
  h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1rem; border-bottom: 2px solid #2b2926; }
  header { border: 2px solid #2b2926; background: #e9ddc0; display: grid;
           grid-template-columns: 2fr 1fr 1fr 1fr; margin-bottom: 1.5rem; }
  section + section { margin-top: 4rem; }
  header div { border-left: 1px solid #2b2926; padding: .5rem .8rem; }
  header div:first-child { border-left: 0; }
  header small { display: block; font-size: .65rem; letter-spacing: .08em; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: 12px; }
  th, td { border-bottom: 1px solid #b5a988; padding: .15rem .5rem; text-align: right;
           font-variant-numeric: tabular-nums; vertical-align: top; }
  th { border-bottom: 2px solid #2b2926; font-weight: 600; } th.l, td.l { text-align: left; }
  td:not(.l) { white-space: nowrap; }
  tr.missed td { color: #8d4014; } tr.met td { color: #24656a; }
  summary { cursor: pointer; letter-spacing: .04em; padding: .3rem 0; }
  svg { max-width: 100%; height: auto; margin: .6rem 0; }
  /* Drawings stay readable on a narrow screen: they scroll in their frame instead of shrinking. */
  @media (max-width: 60rem) { .scroll > svg { max-width: none; min-width: 56rem; } }
  @media (max-width: 45rem) { header { grid-template-columns: 1fr; }
                              header div { border-left: 0; border-top: 1px solid #2b2926; } }
  @media print { body { max-width: none; margin: 0; } svg { break-inside: avoid; } }
)";

}  // namespace

std::string html_folded(const std::string& title, const std::string& body) {
  return "<details><summary>" + escaped_xml(title) + "</summary>\n" + body + "</details>\n";
}

std::string html_drawing(const std::string& svg) {
  return "<div class=\"scroll\">" + svg.substr(svg.find("<svg")) + "</div>\n";
}

std::string html_title_block(const std::string& heading, const std::string& words,
                             const std::vector<std::pair<std::string, std::string>>& figures) {
  std::string out =
      fmt::format("<header><div><h1>{}</h1>{}</div>\n", escaped_xml(heading), escaped_xml(words));
  for (const auto& [name, value] : figures) {
    out += fmt::format("<div><small>{}</small>{}</div>\n", escaped_xml(name), escaped_xml(value));
  }
  return out + "</header>\n";
}

std::string html_page(const std::string& title, const std::string& body) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  out += escaped_xml(title) + "</title>\n<style>";
  out += style;
  return out + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
}

std::string html_percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100.0 * share) : "-";
}

std::string_view html_mark(bool judged, bool met) {
  if (!judged) return "";
  return met ? "met" : "missed";
}

}  // namespace sn::draw
