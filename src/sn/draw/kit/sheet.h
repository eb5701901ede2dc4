// sn/draw/kit/sheet.h
//
// A drawing sheet in the manner of an engineer's atlas: cream paper, ink, frame with zones, title
// block, lettering, hatching, leader lines with balloons. All sheets and charts are drawn with it.
//
// Output is one self-contained SVG 1.1 document: text stays text, role="img" with <title> and
// <desc>, no scripts, no gradients, no external files. Coordinates are in SVG units, y downwards,
// written with two decimals; the same calls give the same bytes. Lettering asks for drafting faces
// and takes any sans-serif instead; `text_width` is an estimate on the safe side for such faces.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sn::draw {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

struct Box {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;

  [[nodiscard]] double width() const { return right - left; }
  [[nodiscard]] double height() const { return bottom - top; }
};

/// The colours of the atlas. Ink and both colours hold a contrast of 4.5 : 1 on paper.
namespace colour {
inline constexpr std::string_view paper = "#f4ecd8";
inline constexpr std::string_view shade = "#e9ddc0";  // paper of title blocks
inline constexpr std::string_view ink = "#2b2926";
inline constexpr std::string_view faint = "#b5a988";  // construction lines, hatching
inline constexpr std::string_view orange = "#a8501c";
inline constexpr std::string_view teal = "#24656a";
}  // namespace colour

/// Line widths of drafting pens.
enum class Pen { hair, fine, medium, heavy };
enum class Dash { solid, dotted, dashed, chain };

struct Stroke {
  Pen pen = Pen::fine;
  std::string_view colour = colour::ink;
  Dash dash = Dash::solid;
};

enum class Anchor { start, middle, end };

struct Lettering {
  double size = 11.0;
  Anchor anchor = Anchor::start;
  std::string_view colour = colour::ink;
  double spacing = 0.0;  // between letters
  bool bold = false;
  bool upright = true;  // false: turned by 90 degrees, reading upwards
};

enum class Hatch { sparse, dense, cross };
enum class Mark { circle, diamond, square, cross };

struct TitleBlock {
  std::string drawing;  // "THROUGHPUT AGAINST INTERACTIVITY"
  std::string number;   // "SN-P1"
  std::string subject;  // the scenario
  std::string scale;    // "AXES LINEAR, FROM ZERO"
  std::string sheet = "1 OF 1";
  std::string revision = "A";
};

class Sheet {
 public:
  /// `description` is read out by screen readers: what the drawing shows, in a sentence or two.
  Sheet(double width, double height, TitleBlock title, std::string description);

  /// Inside the frame, without the title block.
  [[nodiscard]] Box area() const;
  /// The title block's place at the lower right.
  [[nodiscard]] Box title_box() const;

  void line(Point from, Point to, Stroke stroke = {});
  void polyline(const std::vector<Point>& points, Stroke stroke = {});
  void box(const Box& box, Stroke stroke = {}, std::string_view fill = "none");
  void hatched(const std::vector<Point>& polygon, Hatch hatch);
  void text(Point at, std::string_view text, const Lettering& lettering = {});
  /// A sign of radius `size`; `hint` is shown where a pointer rests on it.
  void mark(Point at, Mark mark, double size, Stroke stroke, std::string_view fill = "none",
            std::string_view hint = {});
  /// A leader from the drawing to a numbered balloon at `balloon`.
  void leader(Point from, Point balloon, std::string_view number,
              std::string_view colour = colour::ink);
  /// Everything up to `end_group` belongs together; `label` is its name for screen readers.
  void begin_group(std::string_view label);
  void end_group();

  /// The document. Groups must be closed (asserted).
  [[nodiscard]] std::string svg() &&;

 private:
  void frame();
  void title_block();

  double width_;
  double height_;
  TitleBlock title_;
  std::string description_;
  std::string body_;
  int groups_ = 0;
};

/// `text` with the characters of XML and HTML mark-up escaped; what XML cannot hold becomes U+FFFD.
[[nodiscard]] std::string escaped_xml(std::string_view text);
[[nodiscard]] double text_width(std::string_view text, const Lettering& lettering);
/// `text` cut with "..." so that it takes at most `width`.
[[nodiscard]] std::string fitted(std::string_view text, double width, const Lettering& lettering);
/// Broken between words into lines of at most `width`; at most `lines`, the last one fitted.
[[nodiscard]] std::vector<std::string> fitted_lines(std::string_view text, double width,
                                                    std::size_t lines, const Lettering& lettering);
/// ASCII letters in capitals, as lettering on drawings is.
[[nodiscard]] std::string capitals(std::string_view text);

}  // namespace sn::draw
