// sn/draw/fabric/fabric_views.cc
//
// Text, JSON and sheet of a fabric (see fabric_views.h).

#include "sn/draw/fabric/fabric_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sn/base/report/report_json.h"
#include "sn/base/units/units.h"
#include "sn/draw/kit/sheet.h"

namespace sn::draw {

namespace {

std::string nanoseconds(Time t) { return fmt::format("{:.1f}", t.si() * 1e9); }

std::string readable(std::string_view kind) {
  std::string out(kind);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

/// Layers of the sheet from the top: which kinds of devices stand in each.
struct Row {
  std::string_view name;
  std::array<std::string_view, 3> kinds;
};
constexpr std::array<Row, 5> rows = {{{"DCN", {"dcn", "", ""}},
                                      {"SCALEOUT", {"spine", "leaf", ""}},
                                      {"HOST", {"nic", "storage", "cxl"}},
                                      {"PCIE", {"cpu", "pcie_switch", ""}},
                                      {"SCALEUP", {"gpu", "up_switch", ""}}}};

std::int64_t count_of(const api::FabricReport& r, std::string_view kind) {
  for (const fabric::ElementCount& c : r.measures.devices) {
    if (c.kind == kind) return c.count;
  }
  return 0;
}

void draw_rows(Sheet& sheet, const api::FabricReport& r, const Box& area) {
  const double height = area.height() / static_cast<double>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double top = area.top + height * static_cast<double>(i);
    sheet.text({area.left + 8.0, top + 0.5 * height}, rows[i].name, {.size = 12.0, .bold = true});
    double x = area.left + 110.0;
    for (const std::string_view kind : rows[i].kinds) {
      const std::int64_t n = kind.empty() ? 0 : count_of(r, kind);
      if (n == 0) continue;
      const Box box{x, top + 0.25 * height, x + 150.0, top + 0.75 * height};
      sheet.box(box, {.pen = Pen::medium}, colour::shade);
      sheet.text({box.left + 75.0, 0.5 * (box.top + box.bottom) + 4.0},
                 fmt::format("{} x {}", n, readable(kind)), {.anchor = Anchor::middle});
      x += 170.0;
    }
    if (i > 0) {
      sheet.line({area.left, top}, {area.right, top}, {.pen = Pen::hair, .dash = Dash::dashed});
    }
  }
}

void draw_numbers(Sheet& sheet, const api::FabricReport& r, double left, double top) {
  double y = top;
  const auto line = [&](const std::string& text, bool bold = false) {
    sheet.text({left, y}, text, {.size = 11.0, .bold = bold});
    y += 17.0;
  };
  line("LINKS, ONE DIRECTION EACH", true);
  for (const fabric::ElementCount& c : r.measures.links) {
    line(fmt::format("{} x {}, {}", c.count, readable(c.kind), format(c.rate)));
  }
  y += 8.0;
  line("BISECTION", true);
  line("of a domain " + format(r.measures.bisection_up));
  if (r.measures.bisection_cluster.si() > 0.0) {
    line("of the cluster " + format(r.measures.bisection_cluster));
  }
  line(fmt::format("diameter {} links, {}", r.measures.diameter, format(r.measures.farthest)));
  if (!r.routed) return;
  y += 8.0;
  line("PATH", true);
  line(r.path.from);
  for (const fabric::Hop& h : r.path.hops) {
    line(fmt::format("  {}, {} ns", h.to, nanoseconds(h.so_far)));
  }
}

std::string transfers_table(const api::PlayedTransfers& p, const TextStyle& style) {
  std::vector<Column> columns = {
      {"from", Align::left}, {"to", Align::left}, {"transfers"}, {"each"}, {"alone"}};
  if (p.flow) columns.insert(columns.end(), {{"flow: first"}, {"last"}});
  if (p.packet) columns.insert(columns.end(), {{"packet: first"}, {"last"}});
  Table table(columns);
  for (const api::TransferGroup& g : p.groups) {
    std::vector<std::string> row = {g.from, g.to, std::to_string(g.count), format(g.each),
                                    format(g.alone)};
    if (p.flow) row.insert(row.end(), {format(g.flow_first), format(g.flow_last)});
    if (p.packet) row.insert(row.end(), {format(g.packet_first), format(g.packet_last)});
    table.row(row);
  }
  std::string out = "\nTransfers that begin at the same moment, and when they are done\n" +
                    table.str(style) +
                    "alone: the longest of them on an idle fabric, as a closed form has it\n";
  if (p.packet && p.packets.delivered > 0) {
    out += fmt::format("packets: {} delivered, {} marked, {} trimmed, {} dropped, {} pauses\n",
                       p.packets.delivered, p.packets.marked, p.packets.trimmed, p.packets.dropped,
                       p.packets.pauses);
  }
  for (const api::LoadedLink& l : p.busiest) {
    out += fmt::format("{} {} ({}): {:.0f} % full until the last is done\n",
                       &l == p.busiest.data() ? "busiest" : "       ", l.link, readable(l.kind),
                       100.0 * l.share);
  }
  return p.interrupted ? out + "interrupted: what is missing was not played\n" : out;
}

}  // namespace

std::string fabric_text(const api::FabricReport& r, const TextStyle& style) {
  std::string out =
      fmt::format("Fabric of {}: {} GPUs, ScaleUp domains of {}, {}{}\n\n", r.scenario, r.gpus,
                  r.domain, r.topology, r.protocol.empty() ? "" : ", protocol " + r.protocol);
  Table elements({{"element", Align::left}, {"count"}, {"rate of one", Align::left}});
  for (const fabric::ElementCount& c : r.measures.devices) {
    elements.row({readable(c.kind), std::to_string(c.count), ""});
  }
  for (const fabric::ElementCount& c : r.measures.links) {
    elements.row({readable(c.kind) + " links", std::to_string(c.count), format(c.rate)});
  }
  out += elements.str(style);
  out += "Links are of one direction each.\n\n";
  out += "bisection of a ScaleUp domain  " + format(r.measures.bisection_up) + "\n";
  if (r.measures.bisection_cluster.si() > 0.0) {
    out += "bisection of the cluster       " + format(r.measures.bisection_cluster) + "\n";
  }
  out += fmt::format("diameter                       {} links, {}\n", r.measures.diameter,
                     format(r.measures.farthest));
  if (r.played) out += transfers_table(r.transfers, style);
  if (!r.routed) return out;
  out += fmt::format("\nPath from {} to {}: {}, {} raw, {} sustained, {} equal ways\n", r.path.from,
                     r.path.to, format(r.path.latency), format(r.path.raw),
                     format(r.path.sustained), r.path.ways);
  Table path({{"link", Align::left},
              {"kind", Align::left},
              {"rate of one", Align::left},
              {"wire ns"},
              {"to", Align::left},
              {"passing ns"},
              {"so far ns"}});
  for (const fabric::Hop& h : r.path.hops) {
    path.row({h.link, readable(to_string(h.kind)), format(h.raw), nanoseconds(h.wire), h.to,
              nanoseconds(h.passing), nanoseconds(h.so_far)});
  }
  return out + path.str(style);
}

std::string fabric_json(const api::FabricReport& r) { return report_json(r); }

std::string fabric_svg(const api::FabricReport& r) {
  Sheet sheet(
      1190.0, 760.0,
      {.drawing = "FABRIC", .number = "SN-F1", .subject = r.scenario, .scale = "NOT TO SCALE"},
      fmt::format("Layers of the fabric of {}: {} GPUs, bisection of a domain {}.", r.scenario,
                  r.gpus, format(r.measures.bisection_up)));
  const Box area = sheet.area();
  const Box left{area.left + 10.0, area.top + 10.0, area.left + 660.0, area.bottom - 10.0};
  draw_rows(sheet, r, left);
  draw_numbers(sheet, r, area.left + 690.0, area.top + 40.0);
  return std::move(sheet).svg();
}

}  // namespace sn::draw
