// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/taehv_p.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <ATen/ATen.h>

namespace kinora::inference {
namespace {

using Kind = Taehv::Kind;
using Layer = Taehv::Layer;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

// ---- Loading ---------------------------------------------------------------------------------------------------

class Builder {
 public:
  Builder(WeightTable table, std::string half) : table_(std::move(table)), half_(std::move(half)) {}

  void conv(std::int64_t in, std::int64_t out, bool bias, std::int64_t stride = 1, std::int64_t kernel = 3) {
    Layer layer = begin(Kind::Conv);
    layer.stride = stride;
    take(layer, here(), in, out, kernel, bias);
    layers.push_back(std::move(layer));
  }
  void plain(Kind kind) { layers.push_back(begin(kind)); }
  void memory(std::int64_t width) {
    Layer layer = begin(Kind::Memory);
    take(layer, here().under("conv.0"), 2 * width, width, 3, true);
    take(layer, here().under("conv.2"), width, width, 3, true);
    take(layer, here().under("conv.4"), width, width, 3, true);
    layers.push_back(std::move(layer));
  }
  void superMemory(std::int64_t width) {
    Layer layer = begin(Kind::SuperMemory);
    take(layer, here().under("conv.0"), 1, 2 * width, 7, false); // each channel for itself
    take(layer, here().under("conv.1"), 2 * width, 4 * width, 1, true);
    take(layer, here().under("conv.3"), 4 * width, width, 1, false);
    layers.push_back(std::move(layer));
  }
  void pool(std::int64_t width, bool halves) {
    Layer layer = begin(Kind::Pool);
    layer.stride = halves ? 2 : 1;
    take(layer, here().under("conv"), layer.stride * width, width, 1, false);
    layers.push_back(std::move(layer));
  }
  // A file that grows by more frames than wanted: its last rows make the last frame.
  void grow(std::int64_t width, bool doubles) {
    Layer layer = begin(Kind::Grow);
    layer.stride = doubles ? 2 : 1;
    WeightTable table = here().under("conv");
    const std::int64_t rows = layer.stride * width;
    const std::vector<std::int64_t> stored = table.shapeOf("weight");
    if (stored.size() == 4 && stored[0] > rows && stored[0] % width == 0) {
      const at::Tensor all = table.take("weight", {stored[0], width, 1, 1});
      layer.weight.push_back(all.defined() ? all.narrow(0, stored[0] - rows, rows).contiguous(kLast) : all);
      layer.bias.emplace_back();
    } else {
      take(layer, table, width, rows, 1, false);
    }
    layers.push_back(std::move(layer));
  }

  std::vector<Layer> layers;

 private:
  [[nodiscard]] Layer begin(Kind kind) const {
    Layer layer;
    layer.kind = kind;
    layer.name = fmt::format("{}.{}", half_, layers.size());
    return layer;
  }
  [[nodiscard]] WeightTable here() const { return table_.under(std::to_string(layers.size())); }
  static void take(Layer& layer, WeightTable table, std::int64_t in, std::int64_t out, std::int64_t kernel, bool bias) {
    const at::Tensor weight = table.take("weight", {out, in, kernel, kernel});
    layer.weight.push_back(weight.defined() ? weight.contiguous(kLast) : weight);
    layer.bias.push_back(bias ? table.take("bias", {out}) : at::Tensor());
  }

  WeightTable table_;
  std::string half_;
};

std::vector<Layer> loadEncoder(const WeightTable& table, const TaehvConfig& config) {
  const std::int64_t width = config.encoderWidth;
  Builder build(table, "encoder");
  build.conv(3 * config.patch * config.patch, width, true);
  build.plain(Kind::Relu);
  for (const bool halves : config.encoderTimeDown) {
    build.pool(width, halves);
    build.conv(width, width, false, 2);
    for (int i = 0; i < 3; ++i)
      build.memory(width);
  }
  build.conv(width, config.latentChannels, true);
  return std::move(build.layers);
}

std::vector<Layer> loadDecoder(const WeightTable& table, const TaehvConfig& config) {
  const auto& widths = config.decoderWidths;
  const std::int64_t pixels = 3 * config.patch * config.patch;
  Builder build(table, "decoder");
  if (config.superDecoder) {
    build.conv(config.latentChannels, widths[0], false, 1, 1);
    for (std::size_t i = 0; i < 3; ++i) {
      for (int k = 0; k < 3; ++k)
        build.superMemory(widths[i]);
      build.conv(widths[i], 4 * widths[i + 1], true);
      build.plain(Kind::Relu);
      build.plain(Kind::Shuffle);
      build.grow(widths[i + 1], config.decoderTimeUp[i]);
    }
    build.conv(widths[3], pixels, true);
    return std::move(build.layers);
  }
  build.plain(Kind::Clamp);
  build.conv(config.latentChannels, widths[0], true);
  build.plain(Kind::Relu);
  for (std::size_t i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k)
      build.memory(widths[i]);
    build.plain(Kind::Upsample);
    build.grow(widths[i], config.decoderTimeUp[i]);
    build.conv(widths[i], widths[i + 1], false);
  }
  build.plain(Kind::Relu);
  build.conv(widths[3], pixels, true);
  return std::move(build.layers);
}

// ---- One pass over any number of frames ------------------------------------------------------------------------

at::Tensor convolve(const Layer& layer, std::size_t i, const at::Tensor& x, std::int64_t stride = 1,
                    std::int64_t groups = 1) {
  const at::Tensor& weight = layer.weight[i];
  return at::conv2d(x, weight, layer.bias[i], stride, weight.size(2) / 2, 1, groups);
}

class Pass {
 public:
  Pass(const std::vector<Layer>& layers, TaehvMemory& memory, const Probe& probe, std::int64_t rows)
      : layers_(layers), memory_(memory), probe_(probe), rows_(rows) {
    memory_.slots.resize(layers.size());
    memory_.waiting.resize(layers.size());
  }

  // x [N * T, C, H, W]; an undefined tensor when every frame waits for its pool.
  at::Tensor run(at::Tensor x) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      // Growing in time and nearest neighbours in space commute, and growing the small picture is four times cheaper.
      if (layer.kind == Kind::Upsample && layers_[i + 1].kind == Kind::Grow) {
        x = upsampled(grown(layers_[i + 1], x));
        ++i;
      } else {
        x = apply(i, x);
      }
      if (!x.defined())
        return x;
      if (probe_)
        probe_(layers_[i].name, x);
    }
    return x;
  }

 private:
  at::Tensor apply(std::size_t i, const at::Tensor& x) {
    const Layer& layer = layers_[i];
    switch (layer.kind) {
    case Kind::Conv:
      return convolve(layer, 0, x, layer.stride);
    case Kind::Relu:
      return at::relu(x);
    case Kind::Clamp:
      return (x / 3).tanh_().mul_(3);
    case Kind::Memory: {
      const at::Tensor y = convolve(layer, 0, withPast(i, x)).relu_();
      const at::Tensor z = convolve(layer, 1, y).relu_();
      return convolve(layer, 2, z).add_(x).relu_();
    }
    case Kind::SuperMemory: {
      const at::Tensor mixed = convolve(layer, 0, withPast(i, x), 1, 2 * x.size(1));
      return convolve(layer, 2, convolve(layer, 1, mixed).relu_()).add_(x);
    }
    case Kind::Pool:
      return pooled(i, x);
    case Kind::Grow:
      return grown(layer, x);
    case Kind::Upsample:
      return upsampled(x);
    case Kind::Shuffle:
      return at::pixel_shuffle(x, 2).contiguous(kLast);
    case Kind::GrowUpsampled:
      return grownUpsampled(layer, x);
    }
    return x;
  }

  static at::Tensor upsampled(const at::Tensor& x) { return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}); }

  [[nodiscard]] at::Tensor byRow(const at::Tensor& x) const { return x.unflatten(0, {rows_, x.size(0) / rows_}); }

  at::Tensor& slot(std::size_t i, const at::Tensor& like) {
    at::Tensor& kept = memory_.slots[i];
    if (!kept.defined())
      kept = at::zeros_like(like, {}, kLast);
    else if (kept.sizes() != like.sizes())
      throw std::invalid_argument("a stream cannot change its size");
    return kept;
  }

  // [x | the same one frame earlier] on channels; remembers the last frame.
  at::Tensor withPast(std::size_t i, const at::Tensor& x) {
    const std::int64_t channels = x.size(1);
    const at::Tensor frames = byRow(x);
    const at::Tensor last = frames.select(1, -1);
    at::Tensor& kept = slot(i, last);
    at::Tensor joined = at::empty({x.size(0), 2 * channels, x.size(2), x.size(3)}, x.options(), kLast);
    joined.narrow(1, 0, channels).copy_(x);
    const at::Tensor past = byRow(joined).narrow(2, channels, channels);
    past.select(1, 0).copy_(kept);
    if (frames.size(1) > 1)
      past.slice(1, 1).copy_(frames.slice(1, 0, -1));
    kept.copy_(last);
    return joined;
  }

  // `stride` successive frames on channels, mixed to one.
  at::Tensor pooled(std::size_t i, const at::Tensor& x) {
    const Layer& layer = layers_[i];
    if (layer.stride == 1)
      return convolve(layer, 0, x);
    at::Tensor frames = byRow(x);
    at::Tensor& kept = slot(i, frames.select(1, -1)); // stride 2: one frame may wait
    std::int64_t& waiting = memory_.waiting[i];
    if (waiting > 0)
      frames = at::cat({kept.unsqueeze(1), frames}, 1);
    const std::int64_t whole = frames.size(1) / layer.stride;
    waiting = frames.size(1) - whole * layer.stride;
    at::Tensor ready;
    if (whole > 0)
      ready = frames.slice(1, 0, whole * layer.stride)
                  .reshape({rows_ * whole, layer.stride * x.size(1), x.size(2), x.size(3)})
                  .contiguous(kLast);
    if (waiting > 0)
      kept.copy_(frames.select(1, -1));
    return whole > 0 ? convolve(layer, 0, ready) : at::Tensor();
  }

  static at::Tensor grown(const Layer& layer, const at::Tensor& x) {
    const at::Tensor y = convolve(layer, 0, x);
    if (layer.stride == 1)
      return y;
    return y.unflatten(1, {layer.stride, x.size(1)}).flatten(0, 1).contiguous(kLast);
  }

  // Each of the four places of a small pixel is a 2 x 2 convolution of its own, on a grid that begins half a pixel out.
  static at::Tensor grownUpsampled(const Layer& layer, const at::Tensor& x) {
    const std::int64_t high = x.size(2);
    const std::int64_t wide = x.size(3);
    const at::Tensor all = at::conv2d(x, layer.weight[0], {}, 1, 1); // [N * T, 2 * 2 * stride * C, h + 1, w + 1]
    const std::int64_t channels = all.size(1) / (4 * layer.stride);
    at::Tensor out = at::empty({x.size(0) * layer.stride, channels, 2 * high, 2 * wide}, x.options(), kLast);
    const at::Tensor frames = out.unflatten(0, {x.size(0), layer.stride});
    std::int64_t from = 0;
    for (std::int64_t py = 0; py < 2; ++py) {
      for (std::int64_t px = 0; px < 2; ++px) {
        for (std::int64_t frame = 0; frame < layer.stride; ++frame, from += channels)
          frames.select(1, frame)
              .slice(2, py, std::nullopt, 2)
              .slice(3, px, std::nullopt, 2)
              .copy_(all.narrow(1, from, channels).narrow(2, py, high).narrow(3, px, wide));
      }
    }
    return out;
  }

  const std::vector<Layer>& layers_;
  TaehvMemory& memory_;
  const Probe& probe_;
  std::int64_t rows_;
};

void check(bool sound, const char* problem) {
  if (!sound)
    throw std::invalid_argument(problem);
}

} // namespace

TaehvConfig TaehvConfig::taew21Super() {
  TaehvConfig config;
  config.superDecoder = true;
  config.decoderWidths = {512, 256, 128, 64};
  return config;
}

TaehvConfig TaehvConfig::taew22() {
  TaehvConfig config;
  config.latentChannels = 48;
  config.patch = 2;
  return config;
}

std::int64_t TaehvConfig::framesPerLatentIn() const {
  return std::int64_t{1} << std::count(encoderTimeDown.begin(), encoderTimeDown.end(), true);
}

std::int64_t TaehvConfig::framesPerLatentOut() const {
  return std::int64_t{1} << std::count(decoderTimeUp.begin(), decoderTimeUp.end(), true);
}

Taehv Taehv::load(WeightTable& table, const TaehvConfig& config) {
  return {.config = config,
          .encoder = loadEncoder(table.under("encoder"), config),
          .decoder = loadDecoder(table.under("decoder"), config)};
}

void Taehv::joinUpsampling() {
  std::vector<Layer> joined;
  for (std::size_t i = 0; i < decoder.size(); ++i) {
    if (decoder[i].kind != Kind::Upsample || i + 2 >= decoder.size()) {
      joined.push_back(std::move(decoder[i]));
      continue;
    }
    const Layer& grow = decoder[i + 1];
    const Layer& conv = decoder[i + 2];
    const at::Tensor kernel = conv.weight[0].to(at::kDouble); // [out, middle, 3, 3]
    const at::Tensor mix = grow.weight[0].to(at::kDouble).flatten(1).unflatten(0, {grow.stride, kernel.size(1)});
    // [stride, out, in, 3, 3], then rows and columns summed where nearest neighbours show the same small pixel.
    const at::Tensor whole = at::einsum("omyx,smi->soiyx", {kernel, mix});
    const auto part = [](const at::Tensor& k, std::int64_t axis, std::int64_t place) {
      const at::Tensor a = k.select(axis, 0);
      const at::Tensor b = k.select(axis, 1);
      const at::Tensor c = k.select(axis, 2);
      return place == 0 ? at::stack({a, b + c}, axis) : at::stack({a + b, c}, axis);
    };
    std::vector<at::Tensor> places;
    for (std::int64_t py = 0; py < 2; ++py)
      for (std::int64_t px = 0; px < 2; ++px)
        places.push_back(part(part(whole, 3, py), 4, px).flatten(0, 1));
    Layer layer;
    layer.kind = Kind::GrowUpsampled;
    layer.name = conv.name;
    layer.stride = grow.stride;
    layer.weight = {at::cat(places).to(conv.weight[0].scalar_type()).contiguous(kLast)};
    layer.bias = {at::Tensor()};
    joined.push_back(std::move(layer));
    i += 2;
  }
  decoder = std::move(joined);
}

at::Tensor Taehv::encode(const at::Tensor& video) const {
  TaehvEncoder stream(*this);
  const at::Tensor latents = stream.encode(video);
  return at::cat({latents, stream.flush()}, 1);
}

at::Tensor Taehv::decode(const at::Tensor& latents) const {
  return TaehvDecoder(*this).decode(latents);
}

at::Tensor TaehvEncoder::encode(const at::Tensor& frames) {
  const TaehvConfig& config = network_.config;
  const std::int64_t stride = config.spatialStride();
  check(frames.dim() == 5 && frames.size(1) >= 1 && frames.size(2) == 3 && frames.size(3) % stride == 0 &&
            frames.size(4) % stride == 0,
        "frames to encode are [N, T, 3, H, W] with H and W multiples of the autoencoder's stride");
  const at::Tensor x =
      at::pixel_unshuffle(frames.flatten(0, 1).to(network_.encoder[0].weight[0].scalar_type()), config.patch);
  const at::Tensor latents = Pass(network_.encoder, memory_, probe_, frames.size(0)).run(x.contiguous(kLast));
  last_ = frames.slice(1, -1).clone();
  seen_ += frames.size(1);
  if (latents.defined())
    return latents.unflatten(0, {frames.size(0), latents.size(0) / frames.size(0)}).contiguous();
  return at::empty({frames.size(0), 0, config.latentChannels, frames.size(3) / stride, frames.size(4) / stride},
                   x.options());
}

at::Tensor TaehvEncoder::flush() {
  check(last_.defined(), "a stream that saw no frame has nothing to flush");
  const std::int64_t group = network_.config.framesPerLatentIn();
  const std::int64_t missing = (group - seen_ % group) % group;
  if (missing > 0)
    return encode(last_.expand({last_.size(0), missing, last_.size(2), last_.size(3), last_.size(4)}));
  const std::int64_t stride = network_.config.spatialStride();
  return at::empty({last_.size(0), 0, network_.config.latentChannels, last_.size(3) / stride, last_.size(4) / stride},
                   last_.options().dtype(network_.encoder[0].weight[0].scalar_type()));
}

void TaehvEncoder::reset() {
  memory_ = {};
  last_ = at::Tensor();
  seen_ = 0;
}

at::Tensor TaehvDecoder::decode(const at::Tensor& latents) {
  check(latents.dim() == 5 && latents.size(1) >= 1 && latents.size(2) == network_.config.latentChannels,
        "latents to decode are [N, t, Z, h, w]");
  const std::int64_t rows = latents.size(0);
  const at::Tensor x = latents.flatten(0, 1).to(network_.decoder.back().weight[0].scalar_type()).contiguous(kLast);
  const at::Tensor raw = Pass(network_.decoder, memory_, probe_, rows).run(x);
  if (probe_)
    probe_("decoder", raw);
  const at::Tensor frames =
      at::pixel_shuffle(raw, network_.config.patch).clamp(0, 1).unflatten(0, {rows, raw.size(0) / rows});
  const std::int64_t trimmed = memory_.first ? network_.config.framesToTrim() : 0;
  memory_.first = false;
  return frames.slice(1, trimmed).contiguous();
}

} // namespace kinora::inference
