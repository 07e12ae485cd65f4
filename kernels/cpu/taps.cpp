// SPDX-License-Identifier: Apache-2.0
#include "kernels/shared/taps_p.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kinora::kernels {
namespace {

double sinc(double x) {
  if (x == 0)
    return 1;
  const double p = std::numbers::pi * x;
  return std::sin(p) / p;
}

double bicubic(double x) {
  x = std::abs(x);
  if (x < 1)
    return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2)
    return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

double lanczos3(double x) {
  return std::abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
}

// Adds one output: weightOf(k) for inputs k from begin to end, which may lie beyond 0 … length - 1.
template <class WeightOf>
void addOutput(Taps& taps, std::int32_t length, std::int64_t begin, std::int64_t end, const WeightOf& weightOf) {
  const std::int32_t first = static_cast<std::int32_t>(std::clamp<std::int64_t>(begin, 0, length - 1));
  const std::int32_t last = static_cast<std::int32_t>(std::clamp<std::int64_t>(end - 1, first, length - 1));
  std::vector<double> weights(static_cast<std::size_t>(last - first) + 1, 0.0);
  double sum = 0;
  for (std::int64_t k = begin; k < end; ++k) {
    const double weight = weightOf(k);
    weights[static_cast<std::size_t>(std::clamp<std::int64_t>(k, first, last) - first)] += weight;
    sum += weight;
  }
  const std::int32_t count = last - first + 1;
  const auto offset = static_cast<std::int32_t>(taps.weights.size());
  for (const double weight : weights)
    taps.weights.push_back(static_cast<float>(weight / sum));
  // Outputs with the weights of the one before share them.
  const bool shared =
      !taps.count.empty() && taps.count.back() == count &&
      std::equal(taps.weights.begin() + offset, taps.weights.end(), taps.weights.begin() + taps.offset.back());
  if (shared)
    taps.weights.resize(static_cast<std::size_t>(offset));
  taps.offset.push_back(shared ? taps.offset.back() : offset);
  taps.first.push_back(first);
  taps.count.push_back(count);
}

} // namespace

Taps resizeTaps(std::int32_t from, std::int32_t to, Filter filter) {
  Taps taps;
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(1.0, scale);
  for (std::int32_t i = 0; i < to; ++i) {
    if (filter == Filter::Area) {
      const double begin = i * scale;
      const double end = (i + 1) * scale;
      const auto covered = [&](std::int64_t k) {
        return std::max(0.0, std::min(end, static_cast<double>(k + 1)) - std::max(begin, static_cast<double>(k)));
      };
      // A sliver that only rounding has made is no pixel.
      const auto firstPixel = static_cast<std::int64_t>(std::floor(begin + 1e-9 * stretch));
      const auto endPixel = static_cast<std::int64_t>(std::ceil(end - 1e-9 * stretch));
      addOutput(taps, from, firstPixel, endPixel, covered);
    } else {
      const double centre = (i + 0.5) * scale - 0.5;
      const double radius = (filter == Filter::Bicubic ? 2.0 : 3.0) * stretch;
      const auto weight = [&](std::int64_t k) {
        const double x = (static_cast<double>(k) - centre) / stretch;
        return filter == Filter::Bicubic ? bicubic(x) : lanczos3(x);
      };
      addOutput(taps, from, static_cast<std::int64_t>(std::ceil(centre - radius)),
                static_cast<std::int64_t>(std::floor(centre + radius)) + 1, weight);
    }
  }
  return taps;
}

Taps gaussianTaps(std::int32_t length, float sigma) {
  Taps taps;
  const auto radius = static_cast<std::int64_t>(std::ceil(3.0 * sigma));
  for (std::int32_t i = 0; i < length; ++i) {
    const auto weight = [&](std::int64_t k) {
      const double x = static_cast<double>(k - i) / sigma;
      return std::exp(-0.5 * x * x);
    };
    addOutput(taps, length, i - radius, i + radius + 1, weight);
  }
  return taps;
}

} // namespace kinora::kernels
