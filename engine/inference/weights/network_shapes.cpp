// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/network_shapes_p.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace kinora::inference {
namespace {

using nlohmann::json;

// The shapes by name.
class Shapes {
 public:
  explicit Shapes(const std::vector<TensorInfo>& tensors) {
    for (const TensorInfo& tensor : tensors)
      shapes_.emplace(tensor.name, &tensor.shape);
  }
  [[nodiscard]] bool has(std::string_view name) const { return shapes_.contains(name); }
  // An extent; 0 when the tensor or the dimension is not there.
  [[nodiscard]] std::int64_t extent(std::string_view name, std::size_t dimension) const {
    const auto found = shapes_.find(name);
    return found == shapes_.end() || found->second->size() <= dimension ? 0 : (*found->second)[dimension];
  }
  // How many different numbers follow this text: "blocks." -> layers.
  [[nodiscard]] std::int64_t count(std::string_view before) const {
    std::int64_t largest = -1;
    for (auto at = shapes_.lower_bound(before); at != shapes_.end() && at->first.starts_with(before); ++at) {
      std::int64_t number = -1;
      const std::string_view rest = at->first.substr(before.size());
      std::from_chars(rest.data(), rest.data() + rest.size(), number);
      largest = std::max(largest, number);
    }
    return largest + 1;
  }

 private:
  std::map<std::string_view, const std::vector<std::int64_t>*> shapes_;
};

struct WanRow {
  std::int64_t dim, layers, channels;
  bool image;
  std::string_view name;
};
constexpr std::array kWanModels = {
    WanRow{1536, 30, 16, false, "Wan 2.1 text to video, 1.3B (and causal models made from it)"},
    WanRow{5120, 40, 16, false, "Wan 2.1 or 2.2 text to video, 14B"},
    WanRow{5120, 40, 36, true, "Wan 2.1 image to video, 14B"},
    WanRow{5120, 40, 36, false, "Wan 2.2 image to video, 14B"},
    WanRow{1536, 30, 36, true, "Wan 2.1 Fun inpainting, 1.3B"},
    WanRow{1536, 30, 48, true, "Wan 2.1 Fun control, 1.3B"},
    WanRow{3072, 30, 48, false, "Wan 2.2 text and image to video, 5B"},
    WanRow{1536, 30, 52, true, "Wan 2.1 with tracks, 1.3B"},
    WanRow{5120, 40, 52, true, "Wan 2.1 with tracks, 14B"},
};

void wanDit(const Shapes& shapes, NetworkShape& result) {
  const std::int64_t dim = shapes.extent("patch_embedding.weight", 0);
  const std::int64_t layers = shapes.count("blocks.");
  const std::int64_t channels = shapes.extent("patch_embedding.weight", 1);
  const std::int64_t patch = std::max<std::int64_t>(shapes.extent("patch_embedding.weight", 2), 1) *
                             std::max<std::int64_t>(shapes.extent("patch_embedding.weight", 3), 1) *
                             std::max<std::int64_t>(shapes.extent("patch_embedding.weight", 4), 1);
  const bool image = shapes.has("img_emb.proj.1.weight");
  result.numbers = {{"width", dim},
                    {"layers", layers},
                    {"input channels", channels},
                    {"output channels", shapes.extent("head.head.weight", 0) / patch},
                    {"feed-forward width", shapes.extent("blocks.0.ffn.0.weight", 0)},
                    {"text width", shapes.extent("text_embedding.0.weight", 1)},
                    {"time frequencies", shapes.extent("time_embedding.0.weight", 1)}};
  if (image)
    result.features.push_back("image branch");
  if (shapes.has("img_emb.emb_pos"))
    result.features.push_back("first and last picture");
  if (shapes.has("ref_conv.weight"))
    result.features.push_back("reference picture");
  if (shapes.has("blocks.0.self_attn.k_pose.weight"))
    result.features.push_back("pose branch");
  if (dim == 1536 && layers == 30 && shapes.has("ref_conv.weight") && channels == 48) {
    result.variant = shapes.has("blocks.0.self_attn.k_pose.weight") ? "DreamID-V" : "DreamID-V Faster";
  } else {
    for (const WanRow& row : kWanModels) {
      if (row.dim == dim && row.layers == layers && row.channels == channels && row.image == image)
        result.variant = row.name;
    }
  }
  result.needs = {channels == 48 && !image && dim == 3072 ? NetworkKind::WanVae22 : NetworkKind::WanVae,
                  NetworkKind::Umt5};
  if (image)
    result.needs.push_back(NetworkKind::ClipVision);
}

void unet(const Shapes& shapes, NetworkShape& result) {
  const std::int64_t context = shapes.extent("input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", 1);
  const std::int64_t channels = shapes.extent("input_blocks.0.0.weight", 1);
  const std::int64_t width = shapes.extent("input_blocks.0.0.weight", 0);
  result.numbers = {{"width", width}, {"input channels", channels}, {"text width", context}};
  if (channels == 9)
    result.features.push_back("inpainting");
  if (width == 320 && context == 768)
    result.variant = "Stable Diffusion 1.x";
  else if (width == 320 && context == 1024)
    result.variant = "Stable Diffusion 2.x";
  result.needs = {NetworkKind::SdVae, context == 1024 ? NetworkKind::OpenClipText : NetworkKind::ClipText};
}

struct ConfigRow {
  NetworkKind kind;
  std::string_view number; // of NetworkShape
  std::string_view key;    // of config.json
};
constexpr std::array kConfigKeys = {
    ConfigRow{NetworkKind::WanDit, "width", "dim"},
    ConfigRow{NetworkKind::WanDit, "layers", "num_layers"},
    ConfigRow{NetworkKind::WanDit, "input channels", "in_dim"},
    ConfigRow{NetworkKind::WanDit, "input channels", "in_channels"},
    ConfigRow{NetworkKind::WanDit, "output channels", "out_dim"},
    ConfigRow{NetworkKind::WanDit, "output channels", "out_channels"},
    ConfigRow{NetworkKind::WanDit, "feed-forward width", "ffn_dim"},
    ConfigRow{NetworkKind::WanDit, "text width", "text_dim"},
    ConfigRow{NetworkKind::WanDit, "time frequencies", "freq_dim"},
    ConfigRow{NetworkKind::WanVae, "latent channels", "z_dim"},
    ConfigRow{NetworkKind::WanVae, "width", "base_dim"},
    ConfigRow{NetworkKind::WanVae22, "latent channels", "z_dim"},
    ConfigRow{NetworkKind::WanVae22, "width", "base_dim"},
    ConfigRow{NetworkKind::Umt5, "width", "d_model"},
    ConfigRow{NetworkKind::Umt5, "layers", "num_layers"},
    ConfigRow{NetworkKind::Umt5, "vocabulary", "vocab_size"},
    ConfigRow{NetworkKind::Umt5, "feed-forward width", "d_ff"},
    ConfigRow{NetworkKind::Umt5, "heads", "num_heads"},
    ConfigRow{NetworkKind::ClipText, "width", "hidden_size"},
    ConfigRow{NetworkKind::ClipText, "layers", "num_hidden_layers"},
    ConfigRow{NetworkKind::ClipText, "vocabulary", "vocab_size"},
    ConfigRow{NetworkKind::OpenClipText, "width", "hidden_size"},
    ConfigRow{NetworkKind::OpenClipText, "vocabulary", "vocab_size"},
    ConfigRow{NetworkKind::ClipVision, "width", "hidden_size"},
    ConfigRow{NetworkKind::ClipVision, "layers", "num_hidden_layers"},
    ConfigRow{NetworkKind::SdUnet, "input channels", "in_channels"},
    ConfigRow{NetworkKind::SdUnet, "text width", "cross_attention_dim"},
    ConfigRow{NetworkKind::SdVae, "latent channels", "latent_channels"},
};

} // namespace

NetworkShape shapeOf(NetworkKind kind, const std::vector<TensorInfo>& tensors) {
  const Shapes shapes(tensors);
  NetworkShape result;
  switch (kind) {
  case NetworkKind::WanDit:
    wanDit(shapes, result);
    break;
  case NetworkKind::WanVae:
  case NetworkKind::WanVae22:
    result.numbers = {{"latent channels", shapes.extent("conv2.weight", 0)},
                      {"width", shapes.extent("encoder.conv1.weight", 0)}};
    break;
  case NetworkKind::Taehv: {
    // The larger decoder begins with another layer.
    const bool super = shapes.has("decoder.1.conv.3.weight");
    const std::int64_t latents = shapes.extent(super ? "decoder.0.weight" : "decoder.1.weight", 1);
    if (super)
      result.features.push_back("larger decoder");
    result.numbers = {{"latent channels", latents}, {"input channels", shapes.extent("encoder.0.weight", 1)}};
    result.variant = latents == 16 ? "taew2_1" : latents == 48 ? "taew2_2" : "";
    break;
  }
  case NetworkKind::Umt5:
    result.numbers = {{"width", shapes.extent("token_embedding.weight", 1)},
                      {"layers", shapes.count("blocks.")},
                      {"heads", shapes.extent("blocks.0.pos_embedding.embedding.weight", 1)},
                      {"feed-forward width", shapes.extent("blocks.0.ffn.fc1.weight", 0)},
                      {"vocabulary", shapes.extent("token_embedding.weight", 0)}};
    if (shapes.extent("token_embedding.weight", 1) == 4096 && shapes.count("blocks.") == 24)
      result.variant = "UMT5-XXL";
    break;
  case NetworkKind::ClipText:
    result.numbers = {{"width", shapes.extent("text_model.embeddings.token_embedding.weight", 1)},
                      {"layers", shapes.count("text_model.encoder.layers.")},
                      {"vocabulary", shapes.extent("text_model.embeddings.token_embedding.weight", 0)}};
    if (result.numbers[0].second == 768 && result.numbers[1].second == 12)
      result.variant = "CLIP ViT-L/14";
    break;
  case NetworkKind::OpenClipText:
    result.numbers = {{"width", shapes.extent("token_embedding.weight", 1)},
                      {"layers", shapes.count("transformer.resblocks.")},
                      {"vocabulary", shapes.extent("token_embedding.weight", 0)}};
    if (result.numbers[0].second == 1024 && result.numbers[1].second >= 23)
      result.variant = "OpenCLIP ViT-H/14";
    break;
  case NetworkKind::ClipVision:
    result.numbers = {{"width", shapes.extent("visual.cls_embedding", 2)},
                      {"layers", shapes.count("visual.transformer.")},
                      {"patch", shapes.extent("visual.patch_embedding.weight", 2)},
                      {"tokens", shapes.extent("visual.pos_embedding", 1)}};
    if (result.numbers[0].second == 1280 && result.numbers[1].second == 32)
      result.variant = "CLIP ViT-H/14";
    break;
  case NetworkKind::SdUnet:
    unet(shapes, result);
    break;
  case NetworkKind::SdVae:
    result.numbers = {{"latent channels", shapes.extent("post_quant_conv.weight", 0)},
                      {"width", shapes.extent("encoder.conv_in.weight", 0)}};
    break;
  case NetworkKind::Taesd:
    result.numbers = {{"latent channels", shapes.extent("decoder.1.weight", 1)}};
    break;
  }
  return result;
}

std::vector<std::string> disagreements(NetworkKind kind, const NetworkShape& shape, const json& config) {
  std::vector<std::string> sentences;
  if (!config.is_object())
    return sentences;
  for (const ConfigRow& row : kConfigKeys) {
    const auto said = row.kind == kind ? config.find(row.key) : config.end();
    if (said == config.end() || !said->is_number_integer())
      continue;
    const auto number = std::find_if(shape.numbers.begin(), shape.numbers.end(),
                                     [&](const auto& entry) { return entry.first == row.number; });
    if (number != shape.numbers.end() && *said != number->second)
      sentences.push_back(
          fmt::format("config.json says {} {}, the tensors say {}", row.key, said->dump(), number->second));
  }
  return sentences;
}

} // namespace kinora::inference
