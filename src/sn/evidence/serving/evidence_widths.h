// sn/evidence/serving/evidence_widths.h
//
// How wide the 80 % intervals of predictions are, beside the errors that they stand for: by what
// the evidence is (generation of the chip, version of the engine) and whether pools are apart.
//
// `needed` is the standard deviation of ln(measured / predicted) with which 80 % of the points
// marked `fitted` lie inside: what catalog/uncertainty should say of a time or rate of that kind,
// all its terms together. An interval is honest when it holds 75 to 85 % of the points never
// fitted, and sharp when its median half-width is at most twice their mean error.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace sn::evidence {

/// One figure of one point.
struct JudgedFigure {
  std::string evidence;  // "hopper vllm-0.11"
  bool disaggregated = false;
  std::string metric;
  double measured = 0.0;
  double predicted = 0.0;
  double sigma = 0.0;
  bool fitted = false;
};

struct EvidenceWidth {
  std::string evidence;
  bool disaggregated = false;
  std::string metric;
  std::size_t fitted = 0;   // points
  std::size_t others = 0;   // never fitted
  double needed = 0.0;      // NaN without fitted points
  double error = 0.0;       // mean, of those never fitted; NaN without
  double half_width = 0.0;  // median, over the prediction
  double covered = 0.0;     // share of those never fitted
  [[nodiscard]] bool sharp() const { return half_width <= 2.0 * error; }
};

/// By evidence, mode and metric.
class EvidenceWidths {
 public:
  void add(const JudgedFigure& figure);
  [[nodiscard]] std::vector<EvidenceWidth> report() const;

 private:
  std::map<std::tuple<std::string, bool, std::string>, std::vector<JudgedFigure>> figures_;
};

}  // namespace sn::evidence
