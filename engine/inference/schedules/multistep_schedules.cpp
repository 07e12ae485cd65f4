// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/schedules/flow_grid_p.h"
#include "engine/inference/schedules/schedule_p.h"

namespace kinora::inference {
namespace {

constexpr int kMostOrder = 3;

// Solves the upper left n x n part of a x = b (n <= 3, regular) by elimination with pivots.
std::array<double, kMostOrder> solve(std::array<std::array<double, kMostOrder>, kMostOrder> a,
                                     std::array<double, kMostOrder> b, int n) {
  for (int column = 0; column < n; ++column) {
    int pivot = column;
    for (int row = column + 1; row < n; ++row)
      if (std::abs(a[row][column]) > std::abs(a[pivot][column]))
        pivot = row;
    std::swap(a[column], a[pivot]);
    std::swap(b[column], b[pivot]);
    for (int row = column + 1; row < n; ++row) {
      const double factor = a[row][column] / a[column][column];
      for (int k = column; k < n; ++k)
        a[row][k] -= factor * a[column][k];
      b[row] -= factor * b[column];
    }
  }
  for (int row = n - 1; row >= 0; --row) {
    for (int k = row + 1; k < n; ++k)
      b[row] -= a[row][k] * b[k];
    b[row] /= a[row][row];
  }
  return b;
}

// What UniPC and DPM-Solver++ share: predictions of x0 at earlier steps, and lambda = ln(alpha) - ln(sigma) with
// alpha = 1 - sigma.
class Multistep : public Schedule {
 public:
  Multistep(std::vector<double> sigmas, int order) : levels_(std::move(sigmas)), order_(order) {
    for (const double sigma : levels_) {
      sigmas_.push_back(static_cast<float>(sigma));
      timesteps_.push_back(static_cast<float>(std::trunc(sigma * 1000)));
    }
    sigmas_.push_back(0);
    levels_.push_back(0);
  }

 protected:
  [[nodiscard]] double sigma(int i) const { return levels_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] double alpha(int i) const { return 1 - sigma(i); }
  [[nodiscard]] double lambda(int i) const { return std::log(alpha(i)) - std::log(sigma(i)); }
  // x0 predicted at the last step (0), the one before it (1) …
  [[nodiscard]] const at::Tensor& clean(int ago) const { return clean_[static_cast<std::size_t>(ago)]; }

  void begin(int index) {
    if (index == 0)
      known_ = 0;
  }
  void remember(at::Tensor prediction) {
    std::rotate(clean_.begin(), clean_.end() - 1, clean_.end());
    clean_[0] = std::move(prediction);
    known_ = std::min(known_ + 1, kMostOrder);
  }
  [[nodiscard]] at::Tensor cleanFrom(const at::Tensor& sample, const at::Tensor& flow, int index) const {
    return sample - flow * sigma(index);
  }

  std::vector<double> levels_; // sigmas in float64, 0 at the end
  int order_;
  int known_ = 0; // predictions remembered

 private:
  std::array<at::Tensor, kMostOrder> clean_;
};

class UniPc : public Multistep {
 public:
  UniPc(std::vector<double> sigmas, int order, bool bh2) : Multistep(std::move(sigmas), order), bh2_(bh2) {}

 protected:
  at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor&) override {
    begin(index);
    const at::Tensor now = cleanFrom(sample, output, index);
    const at::Tensor better = index > 0 ? move(index - 1, lastOrder_, last_, now) : sample;
    remember(now);
    lastOrder_ = std::min({order_, steps() - index, known_});
    last_ = better;
    return move(index, lastOrder_, better, {});
  }

 private:
  // From the noise level of step `from` to the next one. With `arrived`, the prediction made there, it corrects a step
  // already taken; without, it predicts. clean(0) is the prediction at `from`.
  [[nodiscard]] at::Tensor move(int from, int order, const at::Tensor& x, const at::Tensor& arrived) const {
    const int to = from + 1;
    const at::Tensor& m0 = clean(0);
    if (sigma(to) == 0)
      return m0.clone(); // lambda is infinite there: the step ends on x0
    const double h = lambda(to) - lambda(from);
    const double hh = -h;
    const double phi1 = std::expm1(hh);
    const double scale = bh2_ ? phi1 : hh;

    // Ratios of earlier steps, 1 for the step's own end; rows of powers against b of the phi functions.
    std::array<double, kMostOrder> ratio{};
    for (int i = 1; i < order; ++i)
      ratio[i - 1] = (lambda(from - i) - lambda(from)) / h;
    ratio[order - 1] = 1;
    std::array<std::array<double, kMostOrder>, kMostOrder> rows{};
    std::array<double, kMostOrder> b{};
    double phi = phi1 / hh - 1;
    double factorial = 1;
    for (int i = 0; i < order; ++i) {
      for (int k = 0; k < order; ++k)
        rows[i][k] = std::pow(ratio[k], i);
      b[i] = phi * factorial / scale;
      factorial *= i + 2;
      phi = phi / hh - 1 / factorial;
    }

    at::Tensor next = x * (sigma(to) / sigma(from)) - m0 * (alpha(to) * phi1);
    std::array<double, kMostOrder> weight{};
    if (arrived.defined())
      weight = order == 1 ? std::array<double, kMostOrder>{0.5} : solve(rows, b, order);
    else if (order == 2)
      weight = {0.5};
    else if (order == 3)
      weight = solve(rows, b, order - 1);
    for (int i = 1; i < order; ++i)
      next = next - (clean(i) - m0) * (alpha(to) * scale * weight[i - 1] / ratio[i - 1]);
    if (arrived.defined())
      next = next - (arrived - m0) * (alpha(to) * scale * weight[order - 1]);
    return next;
  }

  bool bh2_;
  int lastOrder_ = 1;
  at::Tensor last_; // the corrected sample of the last step
};

class DpmSolver : public Multistep {
 public:
  DpmSolver(std::vector<double> sigmas, const DpmSolverConfig& config)
      : Multistep(std::move(sigmas), config.order), lowerOrderFinal_(config.lowerOrderFinal) {}

 protected:
  at::Tensor advance(const at::Tensor& sample, const at::Tensor& output, int index, const at::Tensor&) override {
    begin(index);
    remember(cleanFrom(sample, output, index));
    int order = std::min(order_, known_);
    if (index == steps() - 1)
      order = 1; // the grid ends on sigma 0
    else if (index == steps() - 2 && lowerOrderFinal_ && steps() < 15)
      order = std::min(order, 2);
    const int to = index + 1;
    if (sigma(to) == 0)
      return clean(0).clone();
    const double h = lambda(to) - lambda(index);
    const double minus = std::expm1(-h);
    at::Tensor next = sample * (sigma(to) / sigma(index)) - clean(0) * (alpha(to) * minus);
    if (order == 1)
      return next;
    const double r0 = (lambda(index) - lambda(index - 1)) / h;
    const at::Tensor d0 = (clean(0) - clean(1)) * (1 / r0);
    if (order == 2)
      return next - d0 * (0.5 * alpha(to) * minus);
    const double r1 = (lambda(index - 1) - lambda(index - 2)) / h;
    const at::Tensor d1 = (clean(1) - clean(2)) * (1 / r1);
    // With sigma 1 at the start r1 is infinite: what was predicted there has no say.
    const at::Tensor slope = d0 + (d0 - d1) * (r0 / (r0 + r1));
    const at::Tensor bend = (d0 - d1) * (1 / (r0 + r1));
    return next + slope * (alpha(to) * (minus / h + 1)) - bend * (alpha(to) * ((minus + h) / (h * h) - 0.5));
  }

 private:
  bool lowerOrderFinal_;
};

Result<void> checkOrder(int order) {
  if (order < 1 || order > kMostOrder)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A multistep solver of order {} cannot be made: choose 1, 2 or 3.", order));
  return {};
}

// count raw levels from first on, the end left out, shifted.
std::vector<double> openGrid(double first, double last, int count, double shift) {
  std::vector<double> grid = linearGrid(first, last, count + 1);
  grid.pop_back();
  for (double& sigma : grid)
    sigma = shifted(sigma, shift);
  return grid;
}

} // namespace

ScheduleResult makeUniPc(const UniPcConfig& config) {
  if (auto sound = checkFlow(config.steps, config.shift); !sound)
    return fail(sound);
  if (auto sound = checkOrder(config.order); !sound)
    return fail(sound);
  std::vector<double> grid = config.grid == UniPcGrid::Wan ? openGrid(0.999, 0, config.steps, config.shift)
                                                           : openGrid(1, 0.001, config.steps, config.shift);
  if (config.grid == UniPcGrid::Diffusers)
    grid[0] -= 1e-6; // alpha must not vanish
  return std::make_unique<UniPc>(std::move(grid), config.order, config.bh2);
}

ScheduleResult makeDpmSolver(const DpmSolverConfig& config) {
  if (auto sound = checkFlow(config.steps, config.shift); !sound)
    return fail(sound);
  if (auto sound = checkOrder(config.order); !sound)
    return fail(sound);
  return std::make_unique<DpmSolver>(openGrid(1, 0, config.steps, config.shift), config);
}

} // namespace kinora::inference
