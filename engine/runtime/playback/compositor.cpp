// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/playback/compositor.h"

#include <algorithm>
#include <utility>

#include "kernels/composite.h"
#include "kernels/resize.h"
#include "kernels/views.h"

namespace kinora::runtime {
namespace {

using kernels::Rect;
using kernels::Rgba8;

constexpr std::size_t kScaledKept = 8;

Rect visiblePart(const Placement& p, kernels::ImageView<Rgba8> frame) {
  return kernels::intersected({p.x, p.y, p.size.width, p.size.height}, frame.bounds());
}

void copyRows(kernels::ConstImageView<Rgba8> from, kernels::ImageView<Rgba8> to, const WorkerPool& pool) {
  pool.parallelFor(to.height, 128, [&](std::int64_t begin, std::int64_t end) {
    for (auto y = static_cast<std::int32_t>(begin); y < end; ++y)
      std::copy_n(from.row(y), to.width, to.row(y));
  });
}

} // namespace

void Compositor::compose(std::span<const PlacedImage> layers, kernels::ImageView<Rgba8> frame) {
  // What lies under an opaque picture that fills the frame is never seen.
  std::size_t first = layers.size();
  bool covered = false;
  while (first > 0 && !covered) {
    --first;
    const PlacedImage& layer = layers[first];
    covered = layer.opaque && layer.placement.opacity >= 1 && visiblePart(layer.placement, frame) == frame.bounds();
  }
  if (!covered)
    for (std::int32_t y = 0; y < frame.height; ++y)
      std::fill_n(frame.row(y), frame.width, Rgba8{0, 0, 0, 255});
  for (std::size_t i = first; i < layers.size(); ++i) {
    const PlacedImage& layer = layers[i];
    const Rect part = visiblePart(layer.placement, frame);
    if (part.isEmpty())
      continue;
    const Image image = scaled(layer.image, layer.placement.size);
    if (image.isNull())
      continue;
    const auto source = kernels::view<Rgba8>(image).sub(
        {part.x - layer.placement.x, part.y - layer.placement.y, part.width, part.height});
    if (layer.opaque && layer.placement.opacity >= 1)
      copyRows(source, frame.sub(part), pool_);
    else
      kernels::composite(source, frame.sub(part), {kernels::AlphaMode::Straight, layer.placement.opacity}, pool_);
  }
}

Image Compositor::scaled(const Image& image, Size size) {
  if (image.size() == size)
    return image;
  const auto known = std::find_if(scaled_.begin(), scaled_.end(), [&](const Scaled& s) {
    return s.source.sharesPixels(image) && s.result.size() == size;
  });
  if (known != scaled_.end())
    return known->result;
  auto made = MutableImage::allocate(PixelFormat::Rgba8, size);
  if (!made)
    return {};
  const bool shrinks = size.width < image.size().width;
  kernels::resize(kernels::view<Rgba8>(image), kernels::view<Rgba8>(*made),
                  {shrinks ? kernels::Filter::Area : kernels::Filter::Bicubic, kernels::AlphaMode::Straight}, pool_);
  scaled_.push_back({image, std::move(*made).freeze(image.time(), image.color())});
  if (scaled_.size() > kScaledKept)
    scaled_.pop_front();
  return scaled_.back().result;
}

} // namespace kinora::runtime
