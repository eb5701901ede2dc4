// sn/evidence/common/fit.h
//
// Fits a few positive parameters to many measurements, robustly and deterministically.
//
// Minimises sum_i w_i rho(r_i), r = ln(predicted / measured), rho the soft-L1 loss
// 2 s^2 (sqrt(1 + (r/s)^2) - 1): quadratic for residuals well below s, linear above, so that no row
// has to be dropped as an outlier and the median bias goes to zero. Iteratively reweighted
// Levenberg-Marquardt (Marquardt 1963; Huber 1981) over the logarithms of the parameters, inside
// their ranges; derivatives by central differences.
//
// What the data cannot tell is said: a parameter whose standard error, from the curvature at the
// end, is above `undetermined_above` in ln(parameter), or that ends on a limit of its range, is
// reported as not determined.

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sn::evidence {

struct FitParameter {
  std::string name;
  double start = 1.0;
  double min = 0.0;  // above 0
  double max = 0.0;
};

struct FitOptions {
  double scale = 0.05;  // s above: residuals beyond it count linearly
  int iterations = 40;
  double step = 0.02;                  // of ln(parameter), for derivatives
  double tolerance = 1e-5;             // relative decrease of the loss at which it stops
  double undetermined_above = 0.35;    // standard error of ln(parameter)
  std::function<bool()> stopped = {};  // then the fit ends early; its result means nothing
};

struct FittedParameter {
  std::string name;
  double value = 0.0;
  double standard_error = 0.0;  // of ln(value); infinite when nothing depends on it
  bool determined = false;
};

struct Fit {
  std::vector<FittedParameter> parameters;
  double loss_before = 0.0;
  double loss = 0.0;
  int iterations = 0;
};

/// Writes ln(predicted / measured) of every row for these parameter values.
using Residuals = std::function<void(std::span<const double> parameters, std::span<double> out)>;

/// `weights`: one per row, >= 0. At least one parameter and as many rows as parameters.
[[nodiscard]] Fit fit(const std::vector<FitParameter>& parameters, std::span<const double> weights,
                      const Residuals& residuals, const FitOptions& options = {});

}  // namespace sn::evidence
