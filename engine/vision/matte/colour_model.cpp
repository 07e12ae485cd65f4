// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/matte/colour_model_p.h"

#include <limits>

namespace kinora::vision {
namespace {

// ---- kernel densities ----

constexpr int kBins = 16;
constexpr float kSigma = 22;
constexpr std::size_t kMostObjectSamples = 48;
constexpr std::size_t kMostOtherSamples = 64;

void collectDisc(const Grid<Pixel>& picture, Point p, int radius, std::vector<Pixel>& out) {
  int cx = 0;
  int cy = 0;
  if (!pixelAt(p, picture.size(), cx, cy))
    return;
  for (int y = cy - radius; y <= cy + radius; ++y)
    for (int x = cx - radius; x <= cx + radius; ++x)
      if (picture.contains(x, y) && (x - cx) * (x - cx) + (y - cy) * (y - cy) <= radius * radius)
        out.push_back(picture.at(x, y));
}

// Every n-th, so that at most `most` stay.
void thinOut(std::vector<Pixel>& samples, std::size_t most) {
  if (samples.size() <= most)
    return;
  for (std::size_t i = 0; i < most; ++i)
    samples[i] = samples[i * samples.size() / most];
  samples.resize(most);
}

// exp(-(difference)^2 / 2 sigma^2) for differences from a bin's centre, per channel: a Gaussian is separable.
using Row = std::array<float, kBins>;
Row kernelRow(int value) {
  Row row{};
  for (int i = 0; i < kBins; ++i) {
    const float d = static_cast<float>(value) - (static_cast<float>(i) * 16 + 7.5f);
    row[static_cast<std::size_t>(i)] = std::exp(-d * d / (2 * kSigma * kSigma));
  }
  return row;
}

std::vector<float> density(std::span<const Pixel> samples) {
  std::vector<float> table(static_cast<std::size_t>(kBins) * kBins * kBins, 0.0f);
  for (const Pixel& s : samples) {
    const Row r = kernelRow(s.r);
    const Row g = kernelRow(s.g);
    const Row b = kernelRow(s.b);
    float* out = table.data();
    for (const float kr : r)
      for (const float kg : g) {
        const float k = kr * kg;
        for (const float kb : b)
          *out++ += k * kb;
      }
  }
  const float scale = samples.empty() ? 0.0f : 1.0f / static_cast<float>(samples.size());
  for (float& v : table)
    v *= scale;
  return table;
}

std::size_t binOf(Pixel c) {
  return (static_cast<std::size_t>(c.r >> 4) * kBins + (c.g >> 4)) * kBins + (c.b >> 4);
}

} // namespace

Grid<float> colourLikelihood(const Grid<Pixel>& picture, std::span<const Point> positives,
                             std::span<const Point> negatives) {
  const int side = std::max(picture.width, picture.height);
  const int radius = std::max(1, side / 100);
  std::vector<Pixel> object;
  for (const Point& p : positives)
    collectDisc(picture, p, radius, object);
  thinOut(object, kMostObjectSamples);

  std::vector<Pixel> other;
  const int ring = std::max(1, side / 64);
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x)
      if (x < ring || y < ring || x >= picture.width - ring || y >= picture.height - ring)
        other.push_back(picture.at(x, y));
  thinOut(other, kMostOtherSamples);
  std::vector<Pixel> negative;
  for (const Point& p : negatives)
    collectDisc(picture, p, radius, negative);
  thinOut(negative, kMostOtherSamples);
  other.insert(other.end(), negative.begin(), negative.end());

  const std::vector<float> objectDensity = density(object);
  const std::vector<float> otherDensity = density(other);
  Grid<float> result(picture.size());
  for (std::size_t i = 0; i < picture.data.size(); ++i) {
    const std::size_t bin = binOf(picture.data[i]);
    result.data[i] = objectDensity[bin] / (objectDensity[bin] + otherDensity[bin] + 1e-4f);
  }
  return result;
}

// ---- mixtures ----

namespace {

constexpr std::size_t kGaussians = 5;
constexpr float kVarianceFloor = 12; // of 8-bit noise and of smooth shading within one region

struct Cluster {
  std::vector<Pixel> colours;
  std::array<double, 3> mean{};
  std::array<double, 6> covariance{};
  std::array<double, 3> axis{};
  double spread = 0; // variance along the axis times number
};

void measure(Cluster& c) {
  std::array<double, 3> sum{};
  std::array<double, 6> square{};
  for (const Pixel& p : c.colours) {
    const double r = p.r;
    const double g = p.g;
    const double b = p.b;
    sum[0] += r;
    sum[1] += g;
    sum[2] += b;
    square[0] += r * r;
    square[1] += r * g;
    square[2] += r * b;
    square[3] += g * g;
    square[4] += g * b;
    square[5] += b * b;
  }
  const double n = static_cast<double>(c.colours.size());
  for (std::size_t i = 0; i < 3; ++i)
    c.mean[i] = sum[i] / n;
  constexpr std::array<std::array<std::size_t, 2>, 6> kPairs{{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}};
  for (std::size_t i = 0; i < 6; ++i)
    c.covariance[i] = std::max(square[i] / n - c.mean[kPairs[i][0]] * c.mean[kPairs[i][1]],
                               kPairs[i][0] == kPairs[i][1] ? 0.0 : -1e9);
  // Main axis by power iteration from the widest channel.
  const auto& m = c.covariance;
  std::array<double, 3> v{m[0] + 1e-9, m[3] + 2e-9, m[5] + 3e-9};
  double length = 0;
  for (int i = 0; i < 12; ++i) {
    const std::array<double, 3> u{m[0] * v[0] + m[1] * v[1] + m[2] * v[2], m[1] * v[0] + m[3] * v[1] + m[4] * v[2],
                                  m[2] * v[0] + m[4] * v[1] + m[5] * v[2]};
    length = std::sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
    if (length < 1e-9)
      break;
    v = {u[0] / length, u[1] / length, u[2] / length};
  }
  c.axis = v;
  c.spread = length * n;
}

} // namespace

void ColourMixture::fit(std::span<const Pixel> colours) {
  gaussians_.clear();
  if (colours.empty())
    return;
  std::vector<Cluster> clusters(1);
  clusters[0].colours.assign(colours.begin(), colours.end());
  measure(clusters[0]);
  while (clusters.size() < kGaussians) {
    const auto widest = std::max_element(clusters.begin(), clusters.end(),
                                         [](const Cluster& a, const Cluster& b) { return a.spread < b.spread; });
    Cluster lower;
    Cluster upper;
    for (const Pixel& p : widest->colours) {
      const double t = widest->axis[0] * (p.r - widest->mean[0]) + widest->axis[1] * (p.g - widest->mean[1]) +
                       widest->axis[2] * (p.b - widest->mean[2]);
      (t > 0 ? upper : lower).colours.push_back(p);
    }
    if (lower.colours.empty() || upper.colours.empty())
      break;
    measure(lower);
    measure(upper);
    *widest = std::move(lower);
    clusters.push_back(std::move(upper));
  }
  for (const Cluster& c : clusters) {
    const double a = c.covariance[0] + kVarianceFloor;
    const double b = c.covariance[1];
    const double d = c.covariance[2];
    const double e = c.covariance[3] + kVarianceFloor;
    const double f = c.covariance[4];
    const double g = c.covariance[5] + kVarianceFloor;
    const double det = std::max(a * (e * g - f * f) - b * (b * g - f * d) + d * (b * f - e * d), 1e-3);
    Gaussian k;
    k.mean = {static_cast<float>(c.mean[0]), static_cast<float>(c.mean[1]), static_cast<float>(c.mean[2])};
    k.inverse = {static_cast<float>((e * g - f * f) / det), static_cast<float>((d * f - b * g) / det),
                 static_cast<float>((b * f - d * e) / det), static_cast<float>((a * g - d * d) / det),
                 static_cast<float>((b * d - a * f) / det), static_cast<float>((a * e - b * b) / det)};
    const double weight = static_cast<double>(c.colours.size()) / static_cast<double>(colours.size());
    k.offset = static_cast<float>(std::log(weight) - 0.5 * std::log(det));
    gaussians_.push_back(k);
  }
}

float ColourMixture::logLikelihood(Pixel colour) const {
  if (gaussians_.empty())
    return 0;
  float best = -std::numeric_limits<float>::max();
  for (const Gaussian& k : gaussians_) {
    const float x = static_cast<float>(colour.r) - k.mean[0];
    const float y = static_cast<float>(colour.g) - k.mean[1];
    const float z = static_cast<float>(colour.b) - k.mean[2];
    const float m = k.inverse[0] * x * x + k.inverse[3] * y * y + k.inverse[5] * z * z +
                    2 * (k.inverse[1] * x * y + k.inverse[2] * x * z + k.inverse[4] * y * z);
    best = std::max(best, k.offset - 0.5f * m);
  }
  return best;
}

} // namespace kinora::vision
