// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/motion/object_layer_p.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/vision/matte/regions_p.h"
#include "engine/vision/plate/fill_p.h"

namespace kinora::vision {
namespace {

constexpr float kSureAlpha = .93F;  // from here on a pixel shows nothing but the object
constexpr int kReferenceSide = 128; // the hole grows by a pixel for each of these

Rect widened(Rect r, int by, Size within) {
  return kernels::intersected({r.x - by, r.y - by, r.width + 2 * by, r.height + 2 * by},
                              {0, 0, within.width, within.height});
}

} // namespace

ObjectLayer makeObjectLayer(const Grid<Pixel>& photo, Grid<float> alpha) {
  ObjectLayer layer;
  const Rect bounds = boundsOf(alpha, 1.F / 255);
  layer.alpha = std::move(alpha);
  layer.hole = Grid<std::uint8_t>(photo.size());
  if (bounds.isEmpty())
    return layer;
  const int reach = std::max(4, std::max(photo.width, photo.height) / kReferenceSide);
  layer.crop = widened(bounds, 2, photo.size());

  // Colours of the sure inside, pushed outward under the soft edge.
  Grid<Pixel> colours(layer.crop.width, layer.crop.height);
  Grid<std::uint8_t> known(layer.crop.width, layer.crop.height);
  for (int y = 0; y < layer.crop.height; ++y) {
    const Pixel* from = photo.row(layer.crop.y + y) + layer.crop.x;
    const float* a = layer.alpha.row(layer.crop.y + y) + layer.crop.x;
    std::copy_n(from, layer.crop.width, colours.row(y));
    for (int x = 0; x < layer.crop.width; ++x)
      known.row(y)[x] = a[x] > kSureAlpha ? 255 : 0;
  }
  pushPull(colours, known);
  for (int y = 0; y < layer.crop.height; ++y) {
    const Pixel* from = photo.row(layer.crop.y + y) + layer.crop.x;
    const float* a = layer.alpha.row(layer.crop.y + y) + layer.crop.x;
    Pixel* to = colours.row(y);
    for (int x = 0; x < layer.crop.width; ++x) {
      const Pixel p = known.row(y)[x] ? from[x] : to[x];
      const float share = a[x] > kSureAlpha ? 1 : a[x];
      to[x] = {toByte(static_cast<float>(p.r) * share), toByte(static_cast<float>(p.g) * share),
               toByte(static_cast<float>(p.b) * share), toByte(static_cast<float>(p.a) * share)};
    }
  }
  layer.colours = std::move(colours);

  Grid<std::uint8_t> covered(photo.size());
  for (int y = bounds.y; y < bounds.y + bounds.height; ++y)
    for (int x = bounds.x; x < bounds.x + bounds.width; ++x)
      covered.at(x, y) = layer.alpha.at(x, y) > kLeastAlpha ? 1 : 0;
  layer.hole = grown(covered, reach);
  layer.holeBounds = widened(bounds, reach + 1, photo.size());
  return layer;
}

Grid<float> discMatte(Size size, const std::vector<Point>& centres, float grip) {
  Grid<float> alpha(size);
  const float core = grip * .6F;
  for (const Point c : centres) {
    const int x0 = std::max(0, static_cast<int>(std::floor(c.x - grip)));
    const int x1 = std::min(size.width, static_cast<int>(std::ceil(c.x + grip)) + 1);
    const int y0 = std::max(0, static_cast<int>(std::floor(c.y - grip)));
    const int y1 = std::min(size.height, static_cast<int>(std::ceil(c.y + grip)) + 1);
    for (int y = y0; y < y1; ++y)
      for (int x = x0; x < x1; ++x) {
        const float d = std::hypot(static_cast<float>(x) + .5F - c.x, static_cast<float>(y) + .5F - c.y);
        const float t = std::clamp((grip - d) / std::max(grip - core, 1e-3F), 0.F, 1.F);
        alpha.at(x, y) = std::max(alpha.at(x, y), t * t * (3 - 2 * t));
      }
  }
  return alpha;
}

} // namespace kinora::vision
