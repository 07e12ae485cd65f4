// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/track_head_p.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {

TrackHead TrackHead::load(WeightTable& table, const TrackHeadConfig& config) {
  TrackHead head;
  head.config = config;
  head.fold = table.take("temporal_conv.weight", {config.channels, config.idDim, config.framesPerLatent, 1, 1});
  head.mix = table.take("proj.weight", {config.channels, config.channels, 1, 1, 1});
  if (config.bias) {
    head.foldBias = table.take("temporal_conv.bias", {config.channels});
    head.mixBias = table.take("proj.bias", {config.channels});
  }
  return head;
}

at::Tensor TrackHead::embedIds(const at::Tensor& ids) const {
  const std::int64_t half = config.idDim / 2;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(ids.device());
  const at::Tensor rates = at::exp(at::arange(half, options) * -std::log(10000.0) / static_cast<double>(half));
  // Ids near 1e5 make angles whose float32 rounding decides the digits: the trained head has seen those.
  const at::Tensor angles = ids.to(at::kFloat).unsqueeze(-1) * rates;
  return at::cat({at::cos(angles), at::sin(angles)}, -1);
}

at::Tensor TrackHead::cells(const TrackPoints& points, std::int64_t height, std::int64_t width) const {
  const auto cell = [&](std::int64_t axis, std::int64_t size) {
    const auto last = static_cast<double>(size - 1);
    return at::round(points.positions.select(3, axis) * last).clamp(0, last).to(at::kLong);
  };
  return cell(1, height) * width + cell(0, width);
}

at::Tensor TrackHead::idsOf(const TrackPoints& points) const {
  if (points.ids.defined())
    return points.ids;
  const at::Tensor& visible = points.visibility;
  return at::arange(visible.size(2), visible.options().dtype(at::kLong)).expand({visible.size(0), visible.size(2)});
}

at::Tensor TrackHead::denseMap(const TrackPoints& points, std::int64_t height, std::int64_t width) const {
  const std::int64_t rows = points.visibility.size(0);
  const std::int64_t frames = points.visibility.size(1);
  const at::Tensor ink = embedIds(idsOf(points)).unsqueeze(1) * points.visibility.to(at::kFloat).unsqueeze(-1);
  const at::Tensor map = at::zeros({rows, frames, height * width, config.idDim}, ink.options());
  map.scatter_add_(2, cells(points, height, width).unsqueeze(-1).expand(ink.sizes()), ink);
  return map.permute({0, 3, 1, 2}).reshape({rows, config.idDim, frames, height, width});
}

at::Tensor TrackHead::forward(const TrackPoints& points, std::int64_t height, std::int64_t width,
                              bool startOfClip) const {
  const std::int64_t group = config.framesPerLatent;
  const std::int64_t rows = points.visibility.size(0);
  const std::int64_t frames = points.visibility.size(1);
  const std::int64_t tracks = points.visibility.size(2);
  const std::int64_t lead = startOfClip ? group - 1 : 0; // frames of zeros before the clip
  const std::int64_t latents = (frames + lead) / group;
  const std::int64_t used = latents * group - lead;
  // The fold is linear and the map is nearly empty: each track's embedding is folded once for each of the four places
  // in a latent frame, and the points add these short vectors up. The dense map is never made.
  const at::Tensor strokes =
      at::einsum("bnd,cdf->bfnc", {embedIds(idsOf(points)), fold.flatten(2).to(at::kFloat)}); // [B, 4, N, channels]
  const at::Tensor place = at::arange(lead, lead + used, points.visibility.options().dtype(at::kLong));
  const at::Tensor ink = strokes.index_select(1, place.remainder(group)) *
                         points.visibility.narrow(1, 0, used).to(at::kFloat).unsqueeze(-1); // [B, T, N, channels]
  const at::Tensor target =
      cells(points, height, width).narrow(1, 0, used) + at::floor_divide(place, group).unsqueeze(-1) * (height * width);
  at::Tensor map = at::zeros({rows, latents * height * width, config.channels}, ink.options());
  map.scatter_add_(1, target.reshape({rows, used * tracks, 1}).expand({rows, used * tracks, config.channels}),
                   ink.flatten(1, 2));
  if (foldBias.defined())
    map = map + foldBias;
  return ops::linear(map, mix.flatten(1), mixBias)
      .unflatten(1, {latents, height, width})
      .permute({0, 4, 1, 2, 3})
      .contiguous();
}

std::pair<std::int64_t, std::int64_t> TrackHead::pixelFrames(std::int64_t latent, std::int64_t count) const {
  const std::int64_t fold4 = config.framesPerLatent;
  return {std::max<std::int64_t>(0, fold4 * latent - (fold4 - 1)), fold4 * (latent + count - 1) + 1};
}

at::Tensor TrackHead::window(const TrackPoints& clip, std::int64_t latent, std::int64_t count, std::int64_t height,
                             std::int64_t width) const {
  const auto [first, last] = pixelFrames(latent, count);
  const TrackPoints cut = {clip.positions.narrow(1, first, last - first),
                           clip.visibility.narrow(1, first, last - first), clip.ids};
  return forward(cut, height, width, latent == 0);
}

} // namespace kinora::inference
