// sn/draw/kit/sheet.cc
//
// The drawing kit (see sheet.h).

#include "sn/draw/kit/sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "sn/base/result.h"
#include "sn/base/text/utf8.h"

namespace sn::draw {

namespace {

constexpr double frame_outer = 14.0;
constexpr double frame_inner = 30.0;
constexpr double title_width = 430.0;
constexpr double title_height = 118.0;
constexpr double letter_width = 0.6;  // of the size, DejaVu Sans and its like
constexpr std::string_view faces =
    "'Routed Gothic','osifont','Jost','Futura','Century Gothic','DejaVu Sans',sans-serif";

double width_of(Pen pen) {
  switch (pen) {
    case Pen::hair:
      return 0.5;
    case Pen::fine:
      return 0.8;
    case Pen::medium:
      return 1.4;
    case Pen::heavy:
      return 2.2;
  }
  return 0.8;
}

std::string attributes(const Stroke& stroke, std::string_view fill) {
  std::string out = fmt::format(" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"", fill,
                                stroke.colour, width_of(stroke.pen));
  switch (stroke.dash) {
    case Dash::solid:
      break;
    case Dash::dotted:
      out += " stroke-dasharray=\"1 3\"";
      break;
    case Dash::dashed:
      out += " stroke-dasharray=\"7 4\"";
      break;
    case Dash::chain:
      out += " stroke-dasharray=\"14 4 2 4\"";
      break;
  }
  return out;
}

std::string points_of(const std::vector<Point>& points) {
  std::string out;
  for (const Point& p : points) {
    out += fmt::format("{}{:.2f},{:.2f}", out.empty() ? "" : " ", p.x, p.y);
  }
  return out;
}

std::string_view name_of(Hatch hatch) {
  switch (hatch) {
    case Hatch::sparse:
      return "hatch-sparse";
    case Hatch::dense:
      return "hatch-dense";
    case Hatch::cross:
      return "hatch-cross";
  }
  return "hatch-sparse";
}

std::string pattern(Hatch hatch, double pitch) {
  std::string lines = fmt::format("<path d=\"M0 0V{:.0f}\"/>", pitch);
  if (hatch == Hatch::cross) lines += fmt::format("<path d=\"M0 0H{:.0f}\"/>", pitch);
  return fmt::format(
      "<pattern id=\"{}\" width=\"{:.0f}\" height=\"{:.0f}\" "
      "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
      "<g stroke=\"{}\" stroke-width=\"1\" fill=\"none\">{}</g></pattern>\n",
      name_of(hatch), pitch, pitch, colour::faint, lines);
}

/// Length of the first `width` of `text` that lies between characters.
std::size_t cut_at(std::string_view text, std::size_t characters) {
  std::size_t pos = 0;
  for (std::size_t i = 0; i < characters && pos < text.size(); ++i) {
    pos += std::max<std::size_t>(1, utf8_length(text, pos));
  }
  return std::min(pos, text.size());
}

}  // namespace

std::string escaped_xml(std::string_view text) {
  std::string out;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t length = utf8_length(text, pos);
    const std::string_view piece = text.substr(pos, std::max<std::size_t>(1, length));
    const auto code = static_cast<unsigned char>(piece[0]);
    if (piece == "&") {
      out += "&amp;";
    } else if (piece == "<") {
      out += "&lt;";
    } else if (piece == ">") {
      out += "&gt;";
    } else if (piece == "\"") {
      out += "&quot;";
    } else if (length == 0 || code < 0x20 || piece == "\xEF\xBF\xBE" || piece == "\xEF\xBF\xBF") {
      out += code < 0x20 && length == 1 ? " " : "\xEF\xBF\xBD";
    } else {
      out += piece;
    }
    pos += piece.size();
  }
  return out;
}

Sheet::Sheet(double width, double height, TitleBlock title, std::string description)
    : width_(width),
      height_(height),
      title_(std::move(title)),
      description_(std::move(description)) {
  frame();
  title_block();
}

Box Sheet::area() const {
  return {frame_inner, frame_inner, width_ - frame_inner, height_ - frame_inner};
}

Box Sheet::title_box() const {
  return {width_ - frame_inner - title_width, height_ - frame_inner - title_height,
          width_ - frame_inner, height_ - frame_inner};
}

void Sheet::line(Point from, Point to, Stroke stroke) {
  body_ += fmt::format("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\"{}/>\n",
                       from.x, from.y, to.x, to.y, attributes(stroke, "none"));
}

void Sheet::polyline(const std::vector<Point>& points, Stroke stroke) {
  body_ += fmt::format("<polyline points=\"{}\" stroke-linejoin=\"round\"{}/>\n", points_of(points),
                       attributes(stroke, "none"));
}

void Sheet::box(const Box& b, Stroke stroke, std::string_view fill) {
  body_ += fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"{}/>\n",
                       b.left, b.top, b.width(), b.height(), attributes(stroke, fill));
}

void Sheet::hatched(const std::vector<Point>& polygon, Hatch hatch) {
  body_ += fmt::format("<polygon points=\"{}\" fill=\"url(#{})\" stroke=\"none\"/>\n",
                       points_of(polygon), name_of(hatch));
}

void Sheet::text(Point at, std::string_view text, const Lettering& l) {
  std::string extra;
  if (l.anchor == Anchor::middle) extra += " text-anchor=\"middle\"";
  if (l.anchor == Anchor::end) extra += " text-anchor=\"end\"";
  if (l.spacing > 0.0) extra += fmt::format(" letter-spacing=\"{:.2f}\"", l.spacing);
  if (l.bold) extra += " font-weight=\"bold\"";
  if (l.colour != colour::ink) extra += fmt::format(" fill=\"{}\"", l.colour);
  if (!l.upright) extra += fmt::format(" transform=\"rotate(-90 {:.2f} {:.2f})\"", at.x, at.y);
  body_ += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{:.1f}\"{}>{}</text>\n", at.x,
                       at.y, l.size, extra, escaped_xml(text));
}

void Sheet::mark(Point at, Mark mark, double r, Stroke stroke, std::string_view fill,
                 std::string_view hint) {
  std::string shape;
  const std::string look = attributes(stroke, fill);
  const std::string inside =
      hint.empty() ? "/>" : fmt::format("><title>{}</title></", escaped_xml(hint));
  const auto closed = [&](std::string_view element, const std::string& geometry) {
    shape = fmt::format("<{}{}{}{}", element, geometry, look, inside);
    if (!hint.empty()) shape += fmt::format("{}>", element);
  };
  switch (mark) {
    case Mark::circle:
      closed("circle", fmt::format(" cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:.2f}\"", at.x, at.y, r));
      break;
    case Mark::diamond:
      closed("path", fmt::format(" d=\"M{:.2f} {:.2f}l{:.2f} {:.2f}l{:.2f} {:.2f}l{:.2f} {:.2f}z\"",
                                 at.x, at.y - r, r, r, -r, r, -r, -r));
      break;
    case Mark::square:
      closed("path", fmt::format(" d=\"M{:.2f} {:.2f}h{:.2f}v{:.2f}h{:.2f}z\"", at.x - r, at.y - r,
                                 2.0 * r, 2.0 * r, -2.0 * r));
      break;
    case Mark::cross:
      closed("path", fmt::format(" d=\"M{:.2f} {:.2f}h{:.2f}M{:.2f} {:.2f}v{:.2f}\"", at.x - r,
                                 at.y, 2.0 * r, at.x, at.y - r, 2.0 * r));
      break;
  }
  body_ += shape + "\n";
}

void Sheet::leader(Point from, Point balloon, std::string_view number, std::string_view colour) {
  constexpr double radius = 11.0;
  const double dx = balloon.x - from.x;
  const double dy = balloon.y - from.y;
  const double length = std::max(1.0, std::hypot(dx, dy));
  const Point end{balloon.x - dx / length * radius, balloon.y - dy / length * radius};
  const Point start{from.x + dx / length * 7.0, from.y + dy / length * 7.0};
  line(start, end, {Pen::hair, colour::ink, Dash::solid});
  mark(balloon, Mark::circle, radius, {Pen::medium, colour, Dash::solid}, colour::paper);
  text({balloon.x, balloon.y + 4.0}, number,
       {.size = 11.0, .anchor = Anchor::middle, .colour = colour, .bold = true});
}

void Sheet::begin_group(std::string_view label) {
  body_ += fmt::format("<g aria-label=\"{}\">\n", escaped_xml(label));
  ++groups_;
}

void Sheet::end_group() {
  SN_ASSERT(groups_ > 0);
  --groups_;
  body_ += "</g>\n";
}

/// Two rules with the zones of a drawing between them: numbers along the top and bottom, letters
/// down the sides, and the marks by which a sheet is centred under a camera.
void Sheet::frame() {
  const Box outer{frame_outer, frame_outer, width_ - frame_outer, height_ - frame_outer};
  const Box inner = area();
  box(outer, {Pen::hair, colour::ink, Dash::solid});
  const int columns = std::max(2, static_cast<int>(width_ / 140.0));
  const int rows = std::max(2, static_cast<int>(height_ / 140.0));
  const Lettering zone{.size = 8.0, .anchor = Anchor::middle};
  const double middle = (frame_outer + frame_inner) / 2.0;
  for (int i = 0; i < columns; ++i) {
    const double x = inner.left + inner.width() * (i + 0.5) / columns;
    const double edge = inner.left + inner.width() * i / columns;
    for (const double y : {middle, height_ - middle})
      text({x, y + 3.0}, std::to_string(i + 1), zone);
    if (i == 0) continue;
    line({edge, outer.top}, {edge, inner.top}, {Pen::hair});
    line({edge, inner.bottom}, {edge, outer.bottom}, {Pen::hair});
  }
  for (int i = 0; i < rows; ++i) {
    const double y = inner.top + inner.height() * (i + 0.5) / rows;
    const double edge = inner.top + inner.height() * i / rows;
    const std::string letter(1, static_cast<char>('A' + i));
    for (const double x : {middle, width_ - middle}) text({x, y + 3.0}, letter, zone);
    if (i == 0) continue;
    line({outer.left, edge}, {inner.left, edge}, {Pen::hair});
    line({inner.right, edge}, {outer.right, edge}, {Pen::hair});
  }
  box(inner, {Pen::heavy, colour::ink, Dash::solid});
}

void Sheet::title_block() {
  begin_group("Title block");
  const Box b = title_box();
  box(b, {Pen::medium}, colour::shade);
  const double row1 = b.top + 26.0;
  const double row2 = b.top + 60.0;
  const double row3 = b.top + 92.0;
  for (const double y : {row1, row2, row3}) line({b.left, y}, {b.right, y});
  const Lettering small{.size = 6.5, .spacing = 0.6};
  const Lettering value{.size = 10.0, .spacing = 0.4};
  const Lettering name{.size = 13.0, .spacing = 1.2, .bold = true};
  text({b.left + 10.0, b.top + 17.0}, "SUPERNODE",
       {.size = 12.0, .colour = colour::orange, .spacing = 3.0, .bold = true});
  text({b.right - 10.0, b.top + 17.0}, "DIGITAL TWIN OF AN AI SUPERNODE",
       {.size = 7.5, .anchor = Anchor::end, .spacing = 1.0});
  text({b.left + 10.0, row1 + 10.0}, "DRAWING", small);
  text({b.left + 10.0, row1 + 27.0}, fitted(title_.drawing, b.width() - 20.0, name), name);
  text({b.left + 10.0, row2 + 10.0}, "SUBJECT", small);
  text({b.left + 10.0, row2 + 25.0}, fitted(title_.subject, b.width() - 20.0, value), value);
  const struct {
    const char* label;
    const std::string& text;
    double share;
  } cells[] = {{"DRAWING NO.", title_.number, 0.22},
               {"SCALE", title_.scale, 0.48},
               {"REV.", title_.revision, 0.12},
               {"SHEET", title_.sheet, 0.18}};
  double x = b.left;
  for (const auto& cell : cells) {
    const double width = cell.share * b.width();
    if (x > b.left) line({x, row3}, {x, b.bottom});
    text({x + 10.0, row3 + 9.0}, cell.label, small);
    text({x + 10.0, row3 + 21.0}, fitted(cell.text, width - 16.0, value), value);
    x += width;
  }
  end_group();
}

std::string Sheet::svg() && {
  SN_ASSERT(groups_ == 0);
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" aria-labelledby=\"sheet-title sheet-desc\" "
      "font-family=\"{2}\" fill=\"{3}\">\n",
      width_, height_, faces, colour::ink);
  out +=
      fmt::format("<title id=\"sheet-title\">{}</title>\n<desc id=\"sheet-desc\">{}</desc>\n",
                  escaped_xml(title_.drawing + ": " + title_.subject), escaped_xml(description_));
  out += "<defs>\n" + pattern(Hatch::sparse, 9.0) + pattern(Hatch::dense, 5.0) +
         pattern(Hatch::cross, 8.0) + "</defs>\n";
  out += fmt::format("<rect width=\"{:.0f}\" height=\"{:.0f}\" fill=\"{}\"/>\n", width_, height_,
                     colour::paper);
  return out + body_ + "</svg>\n";
}

double text_width(std::string_view text, const Lettering& l) {
  const auto count = static_cast<double>(utf8_count(text));
  return count * (l.size * letter_width * (l.bold ? 1.1 : 1.0) + l.spacing);
}

std::string fitted(std::string_view text, double width, const Lettering& l) {
  if (text_width(text, l) <= width) return std::string(text);
  const double each = text_width("x", l);
  const auto room = static_cast<std::size_t>(std::max(0.0, std::floor(width / each)));
  const std::size_t kept = cut_at(text, room > 3 ? room - 3 : 0);
  return std::string(text.substr(0, kept)) + "...";
}

std::vector<std::string> fitted_lines(std::string_view text, double width, std::size_t lines,
                                      const Lettering& l) {
  std::vector<std::string> out;
  std::string line;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    const std::string word(rest.substr(0, space));
    std::string longer = line;
    if (!line.empty()) longer += ' ';
    longer += word;
    if (!line.empty() && text_width(longer, l) > width) {
      if (out.size() + 1 >= lines) {
        out.push_back(fitted(line + " " + std::string(rest), width, l));
        return out;
      }
      out.push_back(line);
      line = word;
    } else {
      line = longer;
    }
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  if (!line.empty()) out.push_back(fitted(line, width, l));
  return out;
}

std::string capitals(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

}  // namespace sn::draw
