// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/taesd_p.h"

#include <stdexcept>
#include <string>

#include <ATen/ATen.h>

namespace kinora::inference {
namespace {

using Kind = Taesd::Kind;
using Layer = Taesd::Layer;

constexpr auto kLast = at::MemoryFormat::ChannelsLast;

class Builder {
 public:
  explicit Builder(WeightTable table) : table_(std::move(table)) {}

  void conv(std::int64_t in, std::int64_t out, bool bias, std::int64_t stride = 1) {
    Layer layer;
    layer.stride = stride;
    take(layer, here(), in, out, bias);
    layers.push_back(std::move(layer));
  }
  void blocks(int count, std::int64_t width) {
    for (int i = 0; i < count; ++i) {
      Layer layer;
      layer.kind = Kind::Block;
      for (const char* part : {"conv.0", "conv.2", "conv.4"})
        take(layer, here().under(part), width, width, true);
      layers.push_back(std::move(layer));
    }
  }
  void plain(Kind kind) {
    layers.emplace_back();
    layers.back().kind = kind;
  }

  std::vector<Layer> layers;

 private:
  [[nodiscard]] WeightTable here() const { return table_.under(std::to_string(layers.size())); }
  static void take(Layer& layer, WeightTable table, std::int64_t in, std::int64_t out, bool bias) {
    const at::Tensor weight = table.take("weight", {out, in, 3, 3});
    layer.weight.push_back(weight.defined() ? weight.contiguous(kLast) : weight);
    layer.bias.push_back(bias ? table.take("bias", {out}) : at::Tensor());
  }

  WeightTable table_;
};

at::Tensor convolve(const Layer& layer, std::size_t i, const at::Tensor& x) {
  return at::conv2d(x, layer.weight[i], layer.bias[i], layer.stride, 1);
}

at::Tensor run(const std::vector<Layer>& layers, at::Tensor x) {
  for (const Layer& layer : layers) {
    switch (layer.kind) {
    case Kind::Conv:
      x = convolve(layer, 0, x);
      break;
    case Kind::Block: {
      const at::Tensor y = convolve(layer, 0, x).relu_();
      const at::Tensor z = convolve(layer, 1, y).relu_();
      x = convolve(layer, 2, z).add_(x).relu_();
      break;
    }
    case Kind::Clamp:
      x = (x / 3).tanh_().mul_(3);
      break;
    case Kind::Relu:
      x = at::relu(x);
      break;
    case Kind::Upsample:
      x = at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
      break;
    }
  }
  return x;
}

} // namespace

Taesd Taesd::load(WeightTable& table, const TaesdConfig& config) {
  const std::int64_t width = config.width;
  Builder encoder(table.under("encoder"));
  encoder.conv(3, width, true);
  encoder.blocks(1, width);
  for (int level = 0; level < 3; ++level) {
    encoder.conv(width, width, false, 2);
    encoder.blocks(3, width);
  }
  encoder.conv(width, config.latentChannels, true);

  Builder decoder(table.under("decoder"));
  decoder.plain(Kind::Clamp);
  decoder.conv(config.latentChannels, width, true);
  decoder.plain(Kind::Relu);
  for (int level = 0; level < 3; ++level) {
    decoder.blocks(3, width);
    decoder.plain(Kind::Upsample);
    decoder.conv(width, width, false);
  }
  decoder.blocks(1, width);
  decoder.conv(width, 3, true);
  return {.config = config, .encoder = std::move(encoder.layers), .decoder = std::move(decoder.layers)};
}

at::Tensor Taesd::encode(const at::Tensor& image) const {
  if (image.dim() != 4 || image.size(1) != 3 || image.size(2) % 8 != 0 || image.size(3) % 8 != 0)
    throw std::invalid_argument("pictures to encode are [B, 3, H, W] with H and W multiples of 8");
  return run(encoder, image.to(encoder[0].weight[0].scalar_type()).contiguous(kLast)).contiguous();
}

at::Tensor Taesd::decode(const at::Tensor& latents) const {
  if (latents.dim() != 4 || latents.size(1) != config.latentChannels)
    throw std::invalid_argument("latents to decode are [B, Z, h, w]");
  return run(decoder, latents.to(decoder[1].weight[0].scalar_type()).contiguous(kLast)).clamp(0, 1).contiguous();
}

} // namespace kinora::inference
