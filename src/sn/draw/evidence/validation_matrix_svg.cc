// sn/draw/evidence/validation_matrix_svg.cc
//
// The overview sheet of a validation: families down, chips across, the mean error in each cell and
// hatching for how far it is above its target.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/draw/evidence/validation_views.h"
#include "sn/draw/kit/chart.h"

namespace sn::draw {

namespace {

using evidence::FamilyOnChip;
using evidence::Summary;

constexpr double width = 1190.0;
constexpr double row_height = 30.0;
constexpr double label_width = 190.0;
constexpr double total_width = 96.0;

/// How far a mean error lies above what was asked for.
enum class Reach { met, near, far, beyond };

Reach reach_of(double mape, double target) {
  if (mape <= target) return Reach::met;
  if (mape <= 1.5 * target) return Reach::near;
  return mape <= 3.0 * target ? Reach::far : Reach::beyond;
}

std::vector<Point> corners(const Box& b) {
  return {{b.left, b.top}, {b.right, b.top}, {b.right, b.bottom}, {b.left, b.bottom}};
}

class Matrix {
 public:
  Matrix(Sheet& sheet, const evidence::Validation& v) : sheet_(sheet), v_(v) {
    for (const Summary& f : v.families) {
      if (std::isfinite(f.mape)) families_.push_back(&f);
    }
    for (const Summary& c : v.chips) {
      if (std::isfinite(c.mape)) chips_.push_back(&c);
    }
    const Box area = sheet.area();
    grid_ = {area.left + label_width, area.top + 80.0, area.right - total_width - 24.0,
             area.top + 80.0 + row_height * static_cast<double>(families_.size())};
  }

  void draw() {
    sheet_.begin_group("mean error by family and chip");
    sheet_.text({grid_.left - label_width + 24.0, grid_.top - 46.0},
                "MEAN ABSOLUTE ERROR, UNWEIGHTED OVER TABLES", {.size = 12.0});
    heads();
    for (std::size_t i = 0; i < families_.size(); ++i) row(i);
    sheet_.box(grid_, {Pen::heavy});
    sheet_.end_group();
    key();
  }

 private:
  [[nodiscard]] double column_width() const {
    return grid_.width() / static_cast<double>(std::max<std::size_t>(1, chips_.size()));
  }
  [[nodiscard]] Box cell(std::size_t row, std::size_t column) const {
    const double left = grid_.left + column_width() * static_cast<double>(column);
    const double top = grid_.top + row_height * static_cast<double>(row);
    return {left, top, left + column_width(), top + row_height};
  }

  void heads() {
    const double y = grid_.top - 10.0;
    for (std::size_t j = 0; j < chips_.size(); ++j) {
      const Box at = cell(0, j);
      const Lettering small{.size = 10.5, .anchor = Anchor::middle};
      sheet_.text({0.5 * (at.left + at.right), y},
                  fitted(capitals(chips_[j]->name), column_width() - 4.0, small), small);
    }
    sheet_.text({grid_.right + 0.5 * total_width, y}, "ALL CHIPS",
                {.size = 10.5, .anchor = Anchor::middle, .bold = true});
  }

  void row(std::size_t i) {
    const Box first = cell(i, 0);
    const double base = 0.5 * (first.top + first.bottom) + 4.0;
    sheet_.text({grid_.left - 12.0, base}, capitals(families_[i]->name),
                {.size = 10.5, .anchor = Anchor::end});
    for (std::size_t j = 0; j < chips_.size(); ++j) {
      const auto at = std::find_if(v_.cells.begin(), v_.cells.end(), [&](const FamilyOnChip& c) {
        return c.family == families_[i]->name && c.chip == chips_[j]->name;
      });
      const Box box = cell(i, j);
      sheet_.box(box, {Pen::hair, colour::faint});
      if (at == v_.cells.end() || !std::isfinite(at->means.mape)) continue;
      number(box, at->means.mape, at->means.target);
    }
    sheet_.text({grid_.right + 0.5 * total_width, base},
                fmt::format("{:.1f} %", 100.0 * families_[i]->mape),
                {.size = 11.0, .anchor = Anchor::middle, .bold = true});
  }

  void number(const Box& box, double mape, double target) {
    const Reach reach = reach_of(mape, target);
    const Box plate{box.left + 3.0, box.top + 3.0, box.right - 3.0, box.bottom - 3.0};
    if (reach == Reach::near) sheet_.hatched(corners(plate), Hatch::sparse);
    if (reach == Reach::far) sheet_.hatched(corners(plate), Hatch::dense);
    if (reach == Reach::beyond) sheet_.hatched(corners(plate), Hatch::cross);
    const std::string text = fmt::format("{:.1f} %", 100.0 * mape);
    const Lettering letters{.size = 11.0,
                            .anchor = Anchor::middle,
                            .colour = reach == Reach::met ? colour::teal : colour::ink};
    const double x = 0.5 * (box.left + box.right);
    const double y = 0.5 * (box.top + box.bottom);
    const double half = 0.5 * text_width(text, letters) + 4.0;
    // Lettering stands on clean paper.
    sheet_.box({x - half, y - 8.0, x + half, y + 8.0}, {Pen::hair, colour::paper}, colour::paper);
    sheet_.text({x, y + 4.0}, text, letters);
  }

  void key() {
    sheet_.begin_group("what the hatching means");
    struct Line {
      Reach reach;
      std::string_view text;
    };
    const double top = grid_.bottom + 34.0;
    const double left = grid_.left - label_width + 24.0;
    Legend legend(sheet_, {left, top + 13.0}, 10.5, Legend::Flow::row, 18.0);
    for (const Line& line : {Line{Reach::met, "within target"}, Line{Reach::near, "to 1.5 x"},
                             Line{Reach::far, "to 3 x"}, Line{Reach::beyond, "beyond"}}) {
      const double x = legend.item(42.0, line.text).x;
      const Box box{x, top, x + 34.0, top + 18.0};
      if (line.reach == Reach::near) sheet_.hatched(corners(box), Hatch::sparse);
      if (line.reach == Reach::far) sheet_.hatched(corners(box), Hatch::dense);
      if (line.reach == Reach::beyond) sheet_.hatched(corners(box), Hatch::cross);
      sheet_.box(box, {Pen::fine});
    }
    sheet_.text({left, top + 44.0}, "Target: 8 % (GEMM, attention), 10 % (MLA), 12 % (MoE),",
                {.size = 10.5});
    sheet_.text({left, top + 60.0}, "or 1.5 x the noise floor of the table where that is higher.",
                {.size = 10.5});
    sheet_.end_group();
  }

  Sheet& sheet_;
  const evidence::Validation& v_;
  std::vector<const Summary*> families_;
  std::vector<const Summary*> chips_;
  Box grid_;
};

}  // namespace

std::string validation_matrix_svg(const evidence::Validation& v, const std::string& sheet_of) {
  const auto rows = static_cast<double>(v.families.size());
  const std::string result =
      fmt::format("{} tables, {} rows: mean error {:.1f} %, on target {}", v.all.tables,
                  v.all.predicted, 100.0 * v.all.mape, v.all.met);
  Sheet sheet(width, 400.0 + row_height * rows,
              {.drawing = "PREDICTED AGAINST MEASURED",
               .number = "SN-V0",
               .subject = result,
               .scale = "PER CENT",
               .sheet = sheet_of},
              "Mean error of every family of operators on every chip. " + result + ".");
  Matrix(sheet, v).draw();
  return std::move(sheet).svg();
}

}  // namespace sn::draw
