// sn/evidence/common/fit.cc
//
// See the header. Normal equations of a few dozen unknowns, solved by Cholesky factorisation.

#include "sn/evidence/common/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sn/base/result.h"

namespace sn::evidence {

namespace {

using Vector = std::vector<double>;

/// A symmetric positive definite system of n unknowns, row-major.
struct Normal {
  explicit Normal(std::size_t size) : n(size), a(size * size, 0.0), b(size, 0.0) {}

  std::size_t n;
  Vector a;
  Vector b;
};

/// Lower factor of a + damping x diag(a) in place; false when it is not positive definite.
bool factor(Vector& a, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    double d = a[j * n + j];
    for (std::size_t k = 0; k < j; ++k) d -= a[j * n + k] * a[j * n + k];
    if (!(d > 0.0)) return false;
    const double root = std::sqrt(d);
    a[j * n + j] = root;
    for (std::size_t i = j + 1; i < n; ++i) {
      double s = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) s -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = s / root;
    }
  }
  return true;
}

void solve(const Vector& lower, std::size_t n, Vector& x) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= lower[i * n + k] * x[k];
    x[i] /= lower[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= lower[k * n + i] * x[k];
    x[i] /= lower[i * n + i];
  }
}

class Fitter {
 public:
  Fitter(const std::vector<FitParameter>& parameters, std::span<const double> weights,
         const Residuals& residuals, const FitOptions& options)
      : parameters_(parameters), weights_(weights), residuals_(residuals), options_(options) {}

  Fit run();

 private:
  [[nodiscard]] double clamped(std::size_t j, double u) const {
    return std::clamp(u, std::log(parameters_[j].min), std::log(parameters_[j].max));
  }
  void residuals_at(const Vector& u, Vector& out) const {
    Vector values(u.size());
    for (std::size_t j = 0; j < u.size(); ++j) values[j] = std::exp(u[j]);
    residuals_(values, out);
  }
  [[nodiscard]] double loss(const Vector& r) const;
  [[nodiscard]] double weight(double r, std::size_t i) const {
    const double x = r / options_.scale;
    return weights_[i] / std::sqrt(1.0 + x * x);
  }
  [[nodiscard]] Normal normal_equations(const Vector& u, const Vector& r) const;
  bool improve(Vector& u, Vector& r, double& now, const Normal& normal, double& damping) const;
  void judge(const Vector& u, const Vector& r, Fit& out) const;

  [[nodiscard]] bool stopped() const { return options_.stopped && options_.stopped(); }

  const std::vector<FitParameter>& parameters_;
  std::span<const double> weights_;
  const Residuals& residuals_;
  const FitOptions& options_;
};

double Fitter::loss(const Vector& r) const {
  const double s = options_.scale;
  double sum = 0.0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    const double x = r[i] / s;
    sum += weights_[i] * 2.0 * s * s * (std::sqrt(1.0 + x * x) - 1.0);
  }
  return sum;
}

Normal Fitter::normal_equations(const Vector& u, const Vector& r) const {
  const std::size_t n = u.size();
  std::vector<Vector> slopes(n, Vector(r.size()));
  Vector other(r.size());
  for (std::size_t j = 0; j < n && !stopped(); ++j) {
    Vector up = u;
    Vector down = u;
    up[j] = clamped(j, u[j] + options_.step);
    down[j] = clamped(j, u[j] - options_.step);
    const double width = up[j] - down[j];
    if (!(width > 0.0)) continue;
    residuals_at(up, slopes[j]);
    residuals_at(down, other);
    for (std::size_t i = 0; i < r.size(); ++i) slopes[j][i] = (slopes[j][i] - other[i]) / width;
  }
  Normal normal(n);
  for (std::size_t i = 0; i < r.size(); ++i) {
    const double w = weight(r[i], i);
    for (std::size_t j = 0; j < n; ++j) {
      const double wj = w * slopes[j][i];
      if (wj == 0.0) continue;
      normal.b[j] -= wj * r[i];
      for (std::size_t k = 0; k <= j; ++k) normal.a[j * n + k] += wj * slopes[k][i];
    }
  }
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t k = 0; k < j; ++k) normal.a[k * n + j] = normal.a[j * n + k];
  }
  return normal;
}

/// One step that lowers the loss, with more damping until one does; false when none is found.
bool Fitter::improve(Vector& u, Vector& r, double& now, const Normal& normal,
                     double& damping) const {
  const std::size_t n = u.size();
  Vector trial_r(r.size());
  for (int attempt = 0; attempt < 16 && !stopped(); ++attempt) {
    Vector a = normal.a;
    for (std::size_t j = 0; j < n; ++j) a[j * n + j] += damping * a[j * n + j] + 1e-12;
    if (factor(a, n)) {
      Vector step = normal.b;
      solve(a, n, step);
      Vector trial = u;
      for (std::size_t j = 0; j < n; ++j) {
        trial[j] = clamped(j, u[j] + std::clamp(step[j], -0.7, 0.7));
      }
      residuals_at(trial, trial_r);
      const double then = loss(trial_r);
      if (then < now) {
        u = std::move(trial);
        r = trial_r;
        now = then;
        damping = std::max(damping * 0.1, 1e-6);
        return true;
      }
    }
    damping *= 3.0;
  }
  return false;
}

void Fitter::judge(const Vector& u, const Vector& r, Fit& out) const {
  const std::size_t n = u.size();
  const Normal normal = normal_equations(u, r);
  double squares = 0.0;
  double rows = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    squares += weight(r[i], i) * r[i] * r[i];
    total += weight(r[i], i);
    rows += weights_[i] > 0.0 ? 1.0 : 0.0;
  }
  // Residuals of one shape family move together: a tenth of the rows counts as independent.
  const double independent = std::max(1.0, 0.1 * rows);
  const double variance = total > 0.0 ? squares / total : 0.0;
  Vector a = normal.a;
  for (std::size_t j = 0; j < n; ++j) a[j * n + j] += 1e-12;
  const bool solvable = factor(a, n);
  for (std::size_t j = 0; j < n; ++j) {
    FittedParameter p{.name = parameters_[j].name, .value = std::exp(u[j])};
    p.standard_error = std::numeric_limits<double>::infinity();
    if (solvable && normal.a[j * n + j] > 1e-9 * total) {
      Vector unit(n, 0.0);
      unit[j] = 1.0;
      solve(a, n, unit);
      p.standard_error = std::sqrt(std::max(0.0, unit[j]) * total * variance / independent);
    }
    const bool inside =
        u[j] > std::log(parameters_[j].min) + 1e-6 && u[j] < std::log(parameters_[j].max) - 1e-6;
    p.determined = inside && p.standard_error <= options_.undetermined_above;
    out.parameters.push_back(std::move(p));
  }
}

Fit Fitter::run() {
  Fit out;
  Vector u(parameters_.size());
  for (std::size_t j = 0; j < u.size(); ++j) u[j] = clamped(j, std::log(parameters_[j].start));
  Vector r(weights_.size());
  residuals_at(u, r);
  double now = loss(r);
  out.loss_before = now;
  double damping = 1e-2;
  int small = 0;
  for (; out.iterations < options_.iterations && !stopped(); ++out.iterations) {
    const double before = now;
    const Normal normal = normal_equations(u, r);
    if (!improve(u, r, now, normal, damping)) break;
    // Short steps under much damping are no sign of an optimum: several in a row are.
    small = before - now <= options_.tolerance * before ? small + 1 : 0;
    if (small >= 4) break;
  }
  out.loss = now;
  judge(u, r, out);
  return out;
}

}  // namespace

Fit fit(const std::vector<FitParameter>& parameters, std::span<const double> weights,
        const Residuals& residuals, const FitOptions& options) {
  SN_ASSERT(!parameters.empty() && weights.size() >= parameters.size());
  return Fitter(parameters, weights, residuals, options).run();
}

}  // namespace sn::evidence
