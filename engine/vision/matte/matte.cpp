// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/matte/matte_p.h"

#include <cstring>

#include "engine/vision/matte/colour_model_p.h"
#include "engine/vision/matte/max_flow_p.h"
#include "engine/vision/matte/regions_p.h"
#include "engine/vision/scaling_p.h"

namespace kinora::vision {
namespace {

constexpr float kReferenceSide = 256; // lengths are for this side and grow with the picture
constexpr int kMixtureRounds = 3;
constexpr int kSmallestLevelSide = 48;
constexpr float kSmoothness = 50; // at the finest level, as in GrabCut (Rother et al. 2004)
constexpr float kPriorWeight = 1.0f;
constexpr float kLargestColourCost = 6;
constexpr float kCapacityScale = 64; // whole numbers for the cut
constexpr std::int32_t kHard = 10'000'000;

enum Forced : std::uint8_t { kFree = 0, kObject = 1, kOther = 2 };

tl::unexpected<Error> cancelled() {
  return fail(ErrorCode::Cancelled, "Making a matte was cancelled.");
}

// One size of the picture, with what is known there.
struct Level {
  Grid<Pixel> picture;
  Grid<float> prior;
  Grid<std::uint8_t> forced;
};

Grid<std::uint8_t> halvedForced(const Grid<std::uint8_t>& g) {
  Grid<std::uint8_t> out((g.width + 1) / 2, (g.height + 1) / 2);
  for (int y = 0; y < g.height; ++y)
    for (int x = 0; x < g.width; ++x)
      if (const std::uint8_t f = g.at(x, y); f != kFree)
        out.at(x / 2, y / 2) = f;
  return out;
}

constexpr int kOffsetX[8] = {1, 1, 0, -1, -1, -1, 0, 1};
constexpr int kOffsetY[8] = {0, 1, 1, 1, 0, -1, -1, -1};
constexpr float kStep[4] = {1, 1.41421356f, 1, 1.41421356f};

float difference2(Pixel a, Pixel b) {
  const int r = a.r - b.r;
  const int g = a.g - b.g;
  const int bl = a.b - b.b;
  return static_cast<float>(r * r + g * g + bl * bl);
}

// 1 / (2 mean squared difference of neighbours).
float contrastScale(const Grid<Pixel>& picture) {
  double sum = 0;
  std::int64_t count = 0;
  for (int y = 0; y + 1 < picture.height; ++y)
    for (int x = 0; x + 1 < picture.width; ++x) {
      sum += difference2(picture.at(x, y), picture.at(x + 1, y)) + difference2(picture.at(x, y), picture.at(x, y + 1));
      count += 2;
    }
  return count > 0 && sum > 0 ? static_cast<float>(static_cast<double>(count) / (2 * sum)) : 0.0f;
}

struct Mixtures {
  ColourMixture object;
  ColourMixture other;

  void fit(const Level& level, const Grid<std::uint8_t>& label) {
    std::vector<Pixel> in;
    std::vector<Pixel> out;
    for (std::size_t i = 0; i < label.data.size(); ++i)
      (label.data[i] != 0 ? in : out).push_back(level.picture.data[i]);
    object.fit(in);
    other.fit(out);
  }
};

// Improves label where `open` is set; the rest stays. smoothness: cost of an edge across flat colour.
Result<void> cut(const Level& level, const Mixtures& mixtures, const Grid<std::uint8_t>& open, float smoothness,
                 Grid<std::uint8_t>& label, const std::stop_token& stop) {
  Grid<std::int32_t> node(level.picture.size(), -1);
  std::int32_t count = 0;
  for (std::size_t i = 0; i < open.data.size(); ++i)
    if (open.data[i] != 0)
      node.data[i] = count++;
  MaxFlow flow(count);
  const float beta = contrastScale(level.picture);
  for (int y = 0; y < label.height; ++y)
    for (int x = 0; x < label.width; ++x) {
      const std::int32_t n = node.at(x, y);
      if (n < 0)
        continue;
      const Pixel c = level.picture.at(x, y);
      std::int32_t terminal = 0;
      switch (level.forced.at(x, y)) {
      case kObject:
        terminal = kHard;
        break;
      case kOther:
        terminal = -kHard;
        break;
      default: {
        const float p = std::clamp(level.prior.at(x, y), 0.01f, 0.99f);
        const float colour = std::clamp(mixtures.object.logLikelihood(c) - mixtures.other.logLikelihood(c),
                                        -kLargestColourCost, kLargestColourCost);
        terminal = static_cast<std::int32_t>(kCapacityScale * (colour + kPriorWeight * std::log(p / (1 - p))));
      }
      }
      for (int d = 0; d < 8; ++d) {
        const int ox = x + kOffsetX[d];
        const int oy = y + kOffsetY[d];
        if (!label.contains(ox, oy))
          continue;
        const std::int32_t other = node.at(ox, oy);
        if (other >= 0 && d >= 4)
          continue; // joined from the other side
        const float weight =
            smoothness * (std::exp(-beta * difference2(c, level.picture.at(ox, oy))) + 0.02f) / kStep[d & 3];
        const auto cost = static_cast<std::int32_t>(kCapacityScale * weight);
        if (other >= 0)
          flow.join(n, d, other, cost);
        else
          terminal += label.at(ox, oy) != 0 ? cost : -cost; // the fixed neighbour pulls
      }
      flow.addTerminal(n, terminal);
    }
  if (!flow.solve(stop))
    return cancelled();
  for (std::size_t i = 0; i < label.data.size(); ++i)
    if (node.data[i] >= 0)
      label.data[i] = flow.isSource(node.data[i]) ? 1 : 0;
  return {};
}

Grid<std::uint8_t> doubled(const Grid<std::uint8_t>& g, Size size) {
  Grid<std::uint8_t> out(size);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      out.at(x, y) = g.at(std::min(x / 2, g.width - 1), std::min(y / 2, g.height - 1));
  return out;
}

// Pixels within `reach` of a change of label, and those that the prior sees strongly otherwise.
Grid<std::uint8_t> bandOf(const Level& level, const Grid<std::uint8_t>& label, int reach) {
  Grid<std::uint8_t> edge(label.size());
  for (int y = 0; y < label.height; ++y)
    for (int x = 0; x < label.width; ++x) {
      const std::uint8_t l = label.at(x, y);
      if ((x + 1 < label.width && label.at(x + 1, y) != l) || (y + 1 < label.height && label.at(x, y + 1) != l))
        edge.at(x, y) = 1;
    }
  Grid<std::uint8_t> band = grown(edge, reach);
  for (std::size_t i = 0; i < band.data.size(); ++i) {
    const bool object = label.data[i] != 0;
    if (level.forced.data[i] != kFree || (object ? level.prior.data[i] < 0.1f : level.prior.data[i] > 0.9f))
      band.data[i] = 1;
  }
  return band;
}

} // namespace

Grid<float> guidedFilter(const Grid<Pixel>& guide, const Grid<float>& alpha, int radius, float epsilon) {
  const Size size = guide.size();
  std::array<Grid<float>, 3> channel{Grid<float>(size), Grid<float>(size), Grid<float>(size)};
  for (std::size_t i = 0; i < guide.data.size(); ++i) {
    channel[0].data[i] = static_cast<float>(guide.data[i].r) / 255;
    channel[1].data[i] = static_cast<float>(guide.data[i].g) / 255;
    channel[2].data[i] = static_cast<float>(guide.data[i].b) / 255;
  }
  const auto meanOfProduct = [&](const Grid<float>& a, const Grid<float>& b) {
    Grid<float> product(size);
    for (std::size_t i = 0; i < product.data.size(); ++i)
      product.data[i] = a.data[i] * b.data[i];
    return boxMean(product, radius);
  };
  const std::array<Grid<float>, 3> mean{boxMean(channel[0], radius), boxMean(channel[1], radius),
                                        boxMean(channel[2], radius)};
  const Grid<float> meanAlpha = boxMean(alpha, radius);
  const std::array<Grid<float>, 3> withAlpha{meanOfProduct(channel[0], alpha), meanOfProduct(channel[1], alpha),
                                             meanOfProduct(channel[2], alpha)};
  const std::array<Grid<float>, 6> square{
      meanOfProduct(channel[0], channel[0]), meanOfProduct(channel[0], channel[1]),
      meanOfProduct(channel[0], channel[2]), meanOfProduct(channel[1], channel[1]),
      meanOfProduct(channel[1], channel[2]), meanOfProduct(channel[2], channel[2])};
  std::array<Grid<float>, 3> slope{Grid<float>(size), Grid<float>(size), Grid<float>(size)};
  Grid<float> offset(size);
  for (std::size_t i = 0; i < offset.data.size(); ++i) {
    const float mr = mean[0].data[i];
    const float mg = mean[1].data[i];
    const float mb = mean[2].data[i];
    const float ma = meanAlpha.data[i];
    const float a = square[0].data[i] - mr * mr + epsilon;
    const float b = square[1].data[i] - mr * mg;
    const float c = square[2].data[i] - mr * mb;
    const float d = square[3].data[i] - mg * mg + epsilon;
    const float e = square[4].data[i] - mg * mb;
    const float f = square[5].data[i] - mb * mb + epsilon;
    const float cr = withAlpha[0].data[i] - mr * ma;
    const float cg = withAlpha[1].data[i] - mg * ma;
    const float cb = withAlpha[2].data[i] - mb * ma;
    const float m00 = d * f - e * e;
    const float m01 = c * e - b * f;
    const float m02 = b * e - c * d;
    const float det = a * m00 + b * m01 + c * m02;
    const float inverse = det > 1e-20f ? 1 / det : 0;
    const float sr = (m00 * cr + m01 * cg + m02 * cb) * inverse;
    const float sg = (m01 * cr + (a * f - c * c) * cg + (b * c - a * e) * cb) * inverse;
    const float sb = (m02 * cr + (b * c - a * e) * cg + (a * d - b * b) * cb) * inverse;
    slope[0].data[i] = sr;
    slope[1].data[i] = sg;
    slope[2].data[i] = sb;
    offset.data[i] = ma - sr * mr - sg * mg - sb * mb;
  }
  const std::array<Grid<float>, 3> meanSlope{boxMean(slope[0], radius), boxMean(slope[1], radius),
                                             boxMean(slope[2], radius)};
  Grid<float> out = boxMean(offset, radius);
  for (std::size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = std::clamp(out.data[i] + meanSlope[0].data[i] * channel[0].data[i] +
                                 meanSlope[1].data[i] * channel[1].data[i] + meanSlope[2].data[i] * channel[2].data[i],
                             0.0f, 1.0f);
  return out;
}

Result<Grid<float>> makeMatte(const MatteTask& task, const MattePrior& prior, const std::stop_token& stop) {
  const Grid<Pixel>& picture = *task.picture;
  const Size size = picture.size();
  const float scale = std::sqrt(static_cast<float>(size.area())) / kReferenceSide;

  // What is certain: clicks, then corrections in their order.
  Grid<std::uint8_t> forced(size);
  bool anything = false;
  const float seedRadius = std::max(1.0f, 1.2f * scale);
  std::vector<Point> seeds;
  const auto stampDisc = [&](Point p, Forced value) {
    int x = 0;
    int y = 0;
    if (!pixelAt(p, size, x, y))
      return false;
    fillDisc(forced, p, seedRadius, value);
    return true;
  };
  for (const Point& p : task.negatives)
    stampDisc(p, kOther);
  for (const Point& p : task.positives)
    if (stampDisc(p, kObject)) {
      anything = true;
      seeds.push_back(p);
    }
  Grid<std::uint8_t> corrected(size);
  for (const session::MatteCorrection& c : task.corrections) {
    if (c.radius > 0)
      fillStroke(corrected, c.points, c.radius, c.add ? kObject : kOther);
    else
      fillPolygon(corrected, c.points, c.add ? kObject : kOther);
  }
  for (std::size_t i = 0; i < forced.data.size(); ++i)
    if (corrected.data[i] != kFree) {
      forced.data[i] = corrected.data[i];
      anything = anything || corrected.data[i] == kObject;
    }
  if (!anything)
    return Grid<float>(size);

  MatteClues clues;
  auto copy = MutableImage::allocate(PixelFormat::Rgba8, size);
  if (!copy)
    return fail(copy);
  for (int y = 0; y < size.height; ++y)
    std::memcpy(copy->row<Pixel>(y), picture.row(y), static_cast<std::size_t>(size.width) * sizeof(Pixel));
  clues.picture = std::move(*copy).freeze();
  clues.positives = task.positives;
  clues.negatives = task.negatives;
  for (const session::MatteCorrection& c : task.corrections)
    if (c.radius > 0) // where a brush went is a good click, too
      (c.add ? clues.positives : clues.negatives).insert((c.add ? clues.positives : clues.negatives).end(),
                                                         c.points.begin(), c.points.end());
  std::vector<Level> levels(1);
  levels[0].picture = picture;
  levels[0].forced = std::move(forced);
  if (seeds.empty() && clues.positives.empty()) {
    levels[0].prior = Grid<float>(size, 0.02f); // only areas: nothing is known outside of them
  } else {
    auto probability = prior(clues, stop);
    if (!probability)
      return fail(probability);
    if (probability->size() != static_cast<std::size_t>(size.area()))
      return fail(ErrorCode::Internal, "Making a matte failed: the prior gave a picture of another size.");
    levels[0].prior.width = size.width;
    levels[0].prior.height = size.height;
    levels[0].prior.data = std::move(*probability);
  }
  if (stop.stop_requested())
    return cancelled();
  while (levels.size() < 3 &&
         std::min(levels.back().picture.width, levels.back().picture.height) >= 2 * kSmallestLevelSide) {
    const Level& finer = levels.back();
    levels.push_back({halved(finer.picture), halved(finer.prior), halvedForced(finer.forced)});
  }

  // Coarsest: the whole picture, colours learnt from the last answer each time.
  Mixtures mixtures;
  Grid<std::uint8_t> label(levels.back().picture.size());
  {
    const Level& level = levels.back();
    for (std::size_t i = 0; i < label.data.size(); ++i)
      label.data[i] =
          level.forced.data[i] == kObject || (level.forced.data[i] == kFree && level.prior.data[i] > 0.5f) ? 1 : 0;
    const Grid<std::uint8_t> everywhere(label.size(), 1);
    const float smoothness = kSmoothness / static_cast<float>(1 << (levels.size() - 1));
    for (int round = 0; round < kMixtureRounds; ++round) {
      mixtures.fit(level, label);
      if (const auto done = cut(level, mixtures, everywhere, smoothness, label, stop); !done)
        return fail(done);
    }
    mixtures.fit(level, label);
  }
  for (std::size_t i = levels.size() - 1; i-- > 0;) {
    const Level& level = levels[i];
    label = doubled(label, level.picture.size());
    const Grid<std::uint8_t> band = bandOf(level, label, i == 0 ? 3 : 4);
    if (const auto done = cut(level, mixtures, band, kSmoothness / static_cast<float>(1 << i), label, stop); !done)
      return fail(done);
  }

  keepSeeded(label, levels[0].forced, kObject);
  fillSmallHoles(label, static_cast<int>(0.002f * static_cast<float>(size.area())), levels[0].forced, kOther);
  if (stop.stop_requested())
    return cancelled();

  // Soft edge, only where there is one.
  const Rect box = boundsOf(label, std::uint8_t{1});
  Grid<float> alpha(size);
  if (box.isEmpty())
    return alpha;
  const int radius = std::max(2, static_cast<int>(std::lround(1.5f * scale)));
  const Rect region = kernels::intersected({box.x - 4 * radius, box.y - 4 * radius, box.width + 8 * radius,
                                   box.height + 8 * radius},
                                  {0, 0, size.width, size.height});
  Grid<Pixel> guide(region.width, region.height);
  Grid<float> hard(region.width, region.height);
  for (int y = 0; y < region.height; ++y)
    for (int x = 0; x < region.width; ++x) {
      guide.at(x, y) = picture.at(region.x + x, region.y + y);
      hard.at(x, y) = static_cast<float>(label.at(region.x + x, region.y + y));
    }
  const Grid<float> soft = guidedFilter(guide, hard, radius, 2e-4f);
  if (stop.stop_requested())
    return cancelled();
  // Only near the cut: texture far from it must not make holes.
  const Grid<std::uint8_t> inner = grown(complementOf(label), radius);
  const Grid<std::uint8_t> outer = grown(label, radius);
  // A correction holds to the pixel, but for a rim of two that may be soft.
  const Grid<std::uint8_t> keepAdded = shrunk(corrected, kObject, 2);
  const Grid<std::uint8_t> keepTaken = shrunk(corrected, kOther, 2);
  for (int y = 0; y < region.height; ++y)
    for (int x = 0; x < region.width; ++x) {
      const int px = region.x + x;
      const int py = region.y + y;
      float a = std::clamp((soft.at(x, y) - 0.3f) / 0.4f, 0.0f, 1.0f);
      if (inner.at(px, py) == 0)
        a = 1;
      if (outer.at(px, py) == 0)
        a = 0;
      if (keepAdded.at(px, py) != 0)
        a = 1;
      if (keepTaken.at(px, py) != 0)
        a = 0;
      alpha.at(px, py) = a;
    }
  return alpha;
}

} // namespace kinora::vision
