// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/key_rules_p.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kinora::inference {
namespace {

using Names = std::set<std::string, std::less<>>;

const std::vector<KeyRule>& wanDitTop() {
  static const std::vector<KeyRule> rules = {
      {"condition_embedder.time_embedder.linear_1", "time_embedding.0"},
      {"condition_embedder.time_embedder.linear_2", "time_embedding.2"},
      {"condition_embedder.time_proj", "time_projection.1"},
      {"condition_embedder.text_embedder.linear_1", "text_embedding.0"},
      {"condition_embedder.text_embedder.linear_2", "text_embedding.2"},
      {"condition_embedder.image_embedder.norm1", "img_emb.proj.0"},
      {"condition_embedder.image_embedder.ff.net.0.proj", "img_emb.proj.1"},
      {"condition_embedder.image_embedder.ff.net.2", "img_emb.proj.3"},
      {"condition_embedder.image_embedder.norm2", "img_emb.proj.4"},
      {"condition_embedder.image_embedder.pos_embed", "img_emb.emb_pos"},
      {"scale_shift_table", "head.modulation"},
      {"proj_out", "head.head"},
      {"patch_embedding", "patch_embedding"},
  };
  return rules;
}

const std::vector<KeyRule>& wanDitBlock() {
  static const std::vector<KeyRule> rules = {
      {"attn1.to_q", "self_attn.q"},
      {"attn1.to_k", "self_attn.k"},
      {"attn1.to_v", "self_attn.v"},
      {"attn1.to_out.0", "self_attn.o"},
      {"attn1.norm_q", "self_attn.norm_q"},
      {"attn1.norm_k", "self_attn.norm_k"},
      {"attn2.to_q", "cross_attn.q"},
      {"attn2.to_k", "cross_attn.k"},
      {"attn2.to_v", "cross_attn.v"},
      {"attn2.to_out.0", "cross_attn.o"},
      {"attn2.norm_q", "cross_attn.norm_q"},
      {"attn2.norm_k", "cross_attn.norm_k"},
      {"attn2.add_k_proj", "cross_attn.k_img"},
      {"attn2.add_v_proj", "cross_attn.v_img"},
      {"attn2.norm_added_k", "cross_attn.norm_k_img"},
      {"ffn.net.0.proj", "ffn.0"},
      {"ffn.net.2", "ffn.2"},
      {"norm2", "norm3"},
      {"scale_shift_table", "modulation"},
  };
  return rules;
}

const std::vector<KeyRule>& umt5() {
  static const std::vector<KeyRule> rules = {
      {"shared", "token_embedding"},
      {"encoder.embed_tokens", "token_embedding"}, // the same tensor, stored twice by some programs
      {"encoder.final_layer_norm", "norm"},
      {"encoder.block.*.layer.0.SelfAttention.q", "blocks.*.attn.q"},
      {"encoder.block.*.layer.0.SelfAttention.k", "blocks.*.attn.k"},
      {"encoder.block.*.layer.0.SelfAttention.v", "blocks.*.attn.v"},
      {"encoder.block.*.layer.0.SelfAttention.o", "blocks.*.attn.o"},
      {"encoder.block.*.layer.0.SelfAttention.relative_attention_bias", "blocks.*.pos_embedding.embedding"},
      {"encoder.block.*.layer.0.layer_norm", "blocks.*.norm1"},
      {"encoder.block.*.layer.1.layer_norm", "blocks.*.norm2"},
      {"encoder.block.*.layer.1.DenseReluDense.wi_0", "blocks.*.ffn.gate.0"},
      {"encoder.block.*.layer.1.DenseReluDense.wi_1", "blocks.*.ffn.fc1"},
      {"encoder.block.*.layer.1.DenseReluDense.wo", "blocks.*.ffn.fc2"},
      {"decoder", ""},
      {"lm_head", ""},
  };
  return rules;
}

const std::vector<KeyRule>& clipText() {
  static const std::vector<KeyRule> rules = {
      {"text_model.embeddings.position_ids", ""},
      {"text_model", "text_model"},
      {"vision_model", ""},
      {"visual_projection", ""},
      {"text_projection", ""},
      {"logit_scale", ""},
  };
  return rules;
}

const std::vector<KeyRule>& openClipTop() {
  static const std::vector<KeyRule> rules = {
      {"text_model.embeddings.token_embedding", "token_embedding"},
      {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
      {"text_model.final_layer_norm", "ln_final"},
      {"text_model.embeddings.position_ids", ""},
      {"text_projection.weight", "text_projection", Change::Transpose},
      {"logit_scale", "logit_scale"},
      {"vision_model", ""},
      {"visual_projection", ""},
  };
  return rules;
}

const std::vector<KeyRule>& openClipLayer() {
  static const std::vector<KeyRule> rules = {
      {"self_attn.q_proj.weight", "attn.in_proj_weight", Change::None, 0, 3},
      {"self_attn.k_proj.weight", "attn.in_proj_weight", Change::None, 1, 3},
      {"self_attn.v_proj.weight", "attn.in_proj_weight", Change::None, 2, 3},
      {"self_attn.q_proj.bias", "attn.in_proj_bias", Change::None, 0, 3},
      {"self_attn.k_proj.bias", "attn.in_proj_bias", Change::None, 1, 3},
      {"self_attn.v_proj.bias", "attn.in_proj_bias", Change::None, 2, 3},
      {"self_attn.out_proj", "attn.out_proj"},
      {"layer_norm1", "ln_1"},
      {"layer_norm2", "ln_2"},
      {"mlp.fc1", "mlp.c_fc"},
      {"mlp.fc2", "mlp.c_proj"},
  };
  return rules;
}

const std::vector<KeyRule>& clipVisionTop() {
  static const std::vector<KeyRule> rules = {
      {"vision_model.embeddings.class_embedding", "visual.cls_embedding", Change::Rank3},
      {"vision_model.embeddings.patch_embedding", "visual.patch_embedding"},
      {"vision_model.embeddings.position_embedding.weight", "visual.pos_embedding", Change::Rank3},
      {"vision_model.embeddings.position_ids", ""},
      {"vision_model.pre_layrnorm", "visual.pre_norm"},
      {"vision_model.post_layernorm", "visual.post_norm"},
      {"visual_projection.weight", "visual.head", Change::Transpose},
      {"text_model", ""},
      {"text_projection", ""},
      {"logit_scale", ""},
  };
  return rules;
}

const std::vector<KeyRule>& clipVisionLayer() {
  static const std::vector<KeyRule> rules = {
      {"self_attn.q_proj.weight", "attn.to_qkv.weight", Change::None, 0, 3},
      {"self_attn.k_proj.weight", "attn.to_qkv.weight", Change::None, 1, 3},
      {"self_attn.v_proj.weight", "attn.to_qkv.weight", Change::None, 2, 3},
      {"self_attn.q_proj.bias", "attn.to_qkv.bias", Change::None, 0, 3},
      {"self_attn.k_proj.bias", "attn.to_qkv.bias", Change::None, 1, 3},
      {"self_attn.v_proj.bias", "attn.to_qkv.bias", Change::None, 2, 3},
      {"self_attn.out_proj", "attn.proj"},
      {"layer_norm1", "norm1"},
      {"layer_norm2", "norm2"},
      {"mlp.fc1", "mlp.0"},
      {"mlp.fc2", "mlp.2"},
  };
  return rules;
}

// A module that is called the same on both sides, with everything below it.
const std::vector<KeyRule>& whole() {
  static const std::vector<KeyRule> rules = {{"", ""}};
  return rules;
}

const std::vector<KeyRule>& unetResnet() {
  static const std::vector<KeyRule> rules = {
      {"norm1", "in_layers.0"},  {"conv1", "in_layers.2"},  {"time_emb_proj", "emb_layers.1"},
      {"norm2", "out_layers.0"}, {"conv2", "out_layers.3"}, {"conv_shortcut", "skip_connection"},
  };
  return rules;
}

const std::vector<KeyRule>& ldmResnet() {
  static const std::vector<KeyRule> rules = {
      {"norm1", "norm1"}, {"conv1", "conv1"}, {"norm2", "norm2"}, {"conv2", "conv2"}, {"conv_shortcut", "nin_shortcut"},
  };
  return rules;
}

const std::vector<KeyRule>& ldmAttention() {
  static const std::vector<KeyRule> rules = {
      {"group_norm", "norm"},
      {"to_q.weight", "q.weight", Change::Conv1x1},
      {"to_k.weight", "k.weight", Change::Conv1x1},
      {"to_v.weight", "v.weight", Change::Conv1x1},
      {"to_out.0.weight", "proj_out.weight", Change::Conv1x1},
      {"to_q.bias", "q.bias"},
      {"to_k.bias", "k.bias"},
      {"to_v.bias", "v.bias"},
      {"to_out.0.bias", "proj_out.bias"},
      // Files of earlier versions.
      {"query.weight", "q.weight", Change::Conv1x1},
      {"key.weight", "k.weight", Change::Conv1x1},
      {"value.weight", "v.weight", Change::Conv1x1},
      {"proj_attn.weight", "proj_out.weight", Change::Conv1x1},
      {"query.bias", "q.bias"},
      {"key.bias", "k.bias"},
      {"value.bias", "v.bias"},
      {"proj_attn.bias", "proj_out.bias"},
  };
  return rules;
}

// A residual block of the Wan autoencoders; down- and upsampling stand at the same places under the same names.
const std::vector<KeyRule>& wanVaeBlock() {
  static const std::vector<KeyRule> rules = {
      {"norm1", "residual.0"},       {"conv1", "residual.2"},  {"norm2", "residual.3"},    {"conv2", "residual.6"},
      {"conv_shortcut", "shortcut"}, {"resample", "resample"}, {"time_conv", "time_conv"},
  };
  return rules;
}

// The number that follows this text in a name; -1 when the name does not begin so.
int numberAfter(std::string_view name, std::string_view before) {
  if (!name.starts_with(before))
    return -1;
  int number = -1;
  std::from_chars(name.data() + before.size(), name.data() + name.size(), number);
  return number;
}

// One more than the largest number that follows; 0 when there is none. Damaged names cannot ask for more than 64 levels
// of 64 layers.
int countAfter(const Names& names, std::string_view before) {
  int count = 0;
  for (auto name = names.lower_bound(before); name != names.end() && name->starts_with(before); ++name)
    count = std::max(count, std::min(numberAfter(*name, before), 63) + 1);
  return count;
}

bool holds(const Names& names, std::string_view start) {
  const auto name = names.lower_bound(start);
  return name != names.end() && name->starts_with(start);
}

// First number at which "<before><number><behind>" is there; fallback when none is.
int firstWith(const Names& names, std::string_view before, std::string_view behind, int fallback) {
  for (int i = 0; i < countAfter(names, before); ++i) {
    if (holds(names, fmt::format("{}{}{}", before, i, behind)))
      return i;
  }
  return fallback;
}

std::vector<KeyBlock> unetBlocks(const Names& names) {
  static const std::vector<KeyRule> top = {
      {"conv_in", "input_blocks.0.0"},
      {"time_embedding.linear_1", "time_embed.0"},
      {"time_embedding.linear_2", "time_embed.2"},
      {"class_embedding.linear_1", "label_emb.0.0"},
      {"class_embedding.linear_2", "label_emb.0.2"},
      {"conv_norm_out", "out.0"},
      {"conv_out", "out.2"},
  };
  const bool theirs = holds(names, "down_blocks.");
  const int layers =
      theirs ? countAfter(names, "down_blocks.0.resnets.") : firstWith(names, "input_blocks.", ".0.op.", 1) - 1;
  const int stride = layers + 1;
  const int levels =
      theirs ? countAfter(names, "down_blocks.") : countAfter(names, "input_blocks.") / std::max(stride, 1);
  std::vector<KeyBlock> blocks = {{"", "", top},
                                  {"mid_block.resnets.0", "middle_block.0", unetResnet()},
                                  {"mid_block.attentions.0", "middle_block.1", whole()},
                                  {"mid_block.resnets.1", "middle_block.2", unetResnet()}};
  for (int level = 0; level < levels; ++level) {
    for (int layer = 0; layer < layers; ++layer) {
      const int at = 1 + level * stride + layer;
      blocks.push_back(
          {fmt::format("down_blocks.{}.resnets.{}", level, layer), fmt::format("input_blocks.{}.0", at), unetResnet()});
      blocks.push_back(
          {fmt::format("down_blocks.{}.attentions.{}", level, layer), fmt::format("input_blocks.{}.1", at), whole()});
    }
    blocks.push_back({fmt::format("down_blocks.{}.downsamplers.0.conv", level),
                      fmt::format("input_blocks.{}.0.op", (level + 1) * stride), whole()});
    // The way up has one layer more than the way down; its upsampler stands behind the attention where there is one.
    const bool attends = theirs ? holds(names, fmt::format("up_blocks.{}.attentions.", level))
                                : holds(names, fmt::format("output_blocks.{}.1.proj_in.", level * stride));
    for (int layer = 0; layer < stride; ++layer) {
      const int at = level * stride + layer;
      blocks.push_back(
          {fmt::format("up_blocks.{}.resnets.{}", level, layer), fmt::format("output_blocks.{}.0", at), unetResnet()});
      if (attends)
        blocks.push_back(
            {fmt::format("up_blocks.{}.attentions.{}", level, layer), fmt::format("output_blocks.{}.1", at), whole()});
    }
    blocks.push_back({fmt::format("up_blocks.{}.upsamplers.0.conv", level),
                      fmt::format("output_blocks.{}.{}.conv", level * stride + layers, attends ? 2 : 1), whole()});
  }
  return blocks;
}

std::vector<KeyBlock> ldmVaeBlocks(const Names& names) {
  static const std::vector<KeyRule> top = {
      {"encoder.conv_in", "encoder.conv_in"},
      {"encoder.conv_norm_out", "encoder.norm_out"},
      {"encoder.conv_out", "encoder.conv_out"},
      {"decoder.conv_in", "decoder.conv_in"},
      {"decoder.conv_norm_out", "decoder.norm_out"},
      {"decoder.conv_out", "decoder.conv_out"},
      {"quant_conv", "quant_conv"},
      {"post_quant_conv", "post_quant_conv"},
  };
  const int levels = std::max({countAfter(names, "decoder.up_blocks."), countAfter(names, "decoder.up."),
                               countAfter(names, "encoder.down_blocks."), countAfter(names, "encoder.down.")});
  std::vector<KeyBlock> blocks = {{"", "", top}};
  for (const std::string_view side : {"encoder", "decoder"}) {
    blocks.push_back({fmt::format("{}.mid_block.resnets.0", side), fmt::format("{}.mid.block_1", side), ldmResnet()});
    blocks.push_back({fmt::format("{}.mid_block.resnets.1", side), fmt::format("{}.mid.block_2", side), ldmResnet()});
    blocks.push_back(
        {fmt::format("{}.mid_block.attentions.0", side), fmt::format("{}.mid.attn_1", side), ldmAttention()});
  }
  blocks.push_back({"encoder.down_blocks.*.resnets.*", "encoder.down.*.block.*", ldmResnet()});
  blocks.push_back({"encoder.down_blocks.*.downsamplers.0", "encoder.down.*.downsample", whole()});
  for (int level = 0; level < levels; ++level) {
    // The original counts the way up from the finest level.
    const int ours = levels - 1 - level;
    blocks.push_back({fmt::format("decoder.up_blocks.{}.resnets.*", level), fmt::format("decoder.up.{}.block.*", ours),
                      ldmResnet()});
    blocks.push_back({fmt::format("decoder.up_blocks.{}.upsamplers.0", level),
                      fmt::format("decoder.up.{}.upsample", ours), whole()});
  }
  return blocks;
}

std::vector<KeyBlock> wanVaeBlocks(const Names& names, bool nested) {
  static const std::vector<KeyRule> top = {
      {"quant_conv", "conv1"},
      {"post_quant_conv", "conv2"},
      {"encoder.conv_in", "encoder.conv1"},
      {"encoder.norm_out", "encoder.head.0"},
      {"encoder.conv_out", "encoder.head.2"},
      {"decoder.conv_in", "decoder.conv1"},
      {"decoder.norm_out", "decoder.head.0"},
      {"decoder.conv_out", "decoder.head.2"},
  };
  std::vector<KeyBlock> blocks = {{"", "", top}};
  for (const std::string_view side : {"encoder", "decoder"}) {
    blocks.push_back({fmt::format("{}.mid_block.resnets.0", side), fmt::format("{}.middle.0", side), wanVaeBlock()});
    blocks.push_back({fmt::format("{}.mid_block.attentions.0", side), fmt::format("{}.middle.1", side), whole()});
    blocks.push_back({fmt::format("{}.mid_block.resnets.1", side), fmt::format("{}.middle.2", side), wanVaeBlock()});
  }
  if (nested) {
    // Wan 2.2: each level is a group of its own, its resampler behind the residual blocks.
    const int down = std::max(countAfter(names, "encoder.down_blocks.0.resnets."),
                              firstWith(names, "encoder.downsamples.0.downsamples.", ".resample.", 0));
    const int up = std::max(countAfter(names, "decoder.up_blocks.0.resnets."),
                            firstWith(names, "decoder.upsamples.0.upsamples.", ".resample.", 0));
    blocks.push_back({"encoder.down_blocks.*.resnets.*", "encoder.downsamples.*.downsamples.*", wanVaeBlock()});
    blocks.push_back(
        {"encoder.down_blocks.*.downsampler", fmt::format("encoder.downsamples.*.downsamples.{}", down), whole()});
    blocks.push_back({"decoder.up_blocks.*.resnets.*", "decoder.upsamples.*.upsamples.*", wanVaeBlock()});
    blocks.push_back({"decoder.up_blocks.*.upsampler", fmt::format("decoder.upsamples.*.upsamples.{}", up), whole()});
    return blocks;
  }
  blocks.push_back({"encoder.down_blocks.*", "encoder.downsamples.*", wanVaeBlock()});
  const bool theirs = holds(names, "decoder.up_blocks.");
  const int layers = theirs ? countAfter(names, "decoder.up_blocks.0.resnets.")
                            : firstWith(names, "decoder.upsamples.", ".resample.", 0);
  const int stride = layers + 1;
  const int levels =
      theirs ? countAfter(names, "decoder.up_blocks.") : (countAfter(names, "decoder.upsamples.") + 1) / stride;
  for (int level = 0; level < levels; ++level) {
    for (int layer = 0; layer < layers; ++layer)
      blocks.push_back({fmt::format("decoder.up_blocks.{}.resnets.{}", level, layer),
                        fmt::format("decoder.upsamples.{}", level * stride + layer), wanVaeBlock()});
    blocks.push_back({fmt::format("decoder.up_blocks.{}.upsamplers.0", level),
                      fmt::format("decoder.upsamples.{}", level * stride + layers), whole()});
  }
  return blocks;
}

std::vector<KeyBlock> taesdBlocks(const Names& names) {
  const int layers = std::max(countAfter(names, "decoder.layers."), countAfter(names, "decoder.") - 1);
  std::vector<KeyBlock> blocks = {{"encoder.layers.*", "encoder.*", whole()}};
  // The original decoder begins with a clamp, which the other grammar does not count.
  for (int layer = 0; layer < layers; ++layer)
    blocks.push_back({fmt::format("decoder.layers.{}", layer), fmt::format("decoder.{}", layer + 1), whole()});
  return blocks;
}

} // namespace

std::vector<KeyBlock> keyBlocks(NetworkKind kind, const Names& names) {
  switch (kind) {
  case NetworkKind::WanDit:
    return {{"blocks.*", "blocks.*", wanDitBlock()}, {"", "", wanDitTop()}};
  case NetworkKind::WanVae:
    return wanVaeBlocks(names, false);
  case NetworkKind::WanVae22:
    return wanVaeBlocks(names, true);
  case NetworkKind::Umt5:
    return {{"", "", umt5()}};
  case NetworkKind::ClipText:
    return {{"", "", clipText()}};
  case NetworkKind::OpenClipText:
    return {{"text_model.encoder.layers.*", "transformer.resblocks.*", openClipLayer()}, {"", "", openClipTop()}};
  case NetworkKind::ClipVision:
    return {{"vision_model.encoder.layers.*", "visual.transformer.*", clipVisionLayer()}, {"", "", clipVisionTop()}};
  case NetworkKind::SdUnet:
    return unetBlocks(names);
  case NetworkKind::SdVae:
    return ldmVaeBlocks(names);
  case NetworkKind::Taesd:
    return taesdBlocks(names);
  case NetworkKind::Taehv:
    break; // one grammar only
  }
  return {};
}

std::span<const Landmark> landmarks() {
  static constexpr std::array<std::string_view, 2> wan = {"head.modulation", "patch_embedding.weight"};
  static constexpr std::array<std::string_view, 2> wanDiffusers = {"condition_embedder.time_proj.weight",
                                                                   "patch_embedding.weight"};
  static constexpr std::array<std::string_view, 2> vae = {"encoder.downsamples.0.residual.2.weight",
                                                          "decoder.head.0.gamma"};
  static constexpr std::array<std::string_view, 2> vaeDiffusers = {"decoder.norm_out.gamma",
                                                                   "encoder.down_blocks.0.conv1.weight"};
  static constexpr std::array<std::string_view, 2> vae22 = {"encoder.downsamples.0.downsamples.0.residual.2.weight",
                                                            "decoder.head.0.gamma"};
  static constexpr std::array<std::string_view, 2> vae22Diffusers = {"decoder.norm_out.gamma",
                                                                     "encoder.down_blocks.0.resnets.0.conv1.weight"};
  static constexpr std::array<std::string_view, 3> taehv = {"encoder.0.weight", "decoder.1.weight",
                                                            "encoder.12.conv.weight"};
  static constexpr std::array<std::string_view, 3> taehvSuper = {"encoder.0.weight", "decoder.1.conv.3.weight",
                                                                 "encoder.12.conv.weight"};
  static constexpr std::array<std::string_view, 2> umt5Own = {"token_embedding.weight",
                                                              "blocks.0.pos_embedding.embedding.weight"};
  static constexpr std::array<std::string_view, 2> umt5Diffusers = {
      "encoder.final_layer_norm.weight", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"};
  static constexpr std::array<std::string_view, 1> clip = {"text_model.embeddings.token_embedding.weight"};
  static constexpr std::array<std::string_view, 2> clipShort = {"embeddings.token_embedding.weight",
                                                                "encoder.layers.0.self_attn.q_proj.weight"};
  static constexpr std::array<std::string_view, 2> visionShort = {"embeddings.class_embedding",
                                                                  "encoder.layers.0.self_attn.q_proj.weight"};
  static constexpr std::array<std::string_view, 2> openClip = {"token_embedding.weight",
                                                               "transformer.resblocks.0.attn.in_proj_weight"};
  static constexpr std::array<std::string_view, 2> vision = {"visual.cls_embedding", "visual.pos_embedding"};
  static constexpr std::array<std::string_view, 1> visionDiffusers = {"vision_model.embeddings.class_embedding"};
  static constexpr std::array<std::string_view, 2> unet = {"input_blocks.0.0.weight",
                                                           "middle_block.0.in_layers.0.weight"};
  static constexpr std::array<std::string_view, 2> unetDiffusers = {"conv_norm_out.weight",
                                                                    "down_blocks.0.resnets.0.time_emb_proj.weight"};
  static constexpr std::array<std::string_view, 2> sdVae = {"encoder.conv_in.weight", "decoder.mid.attn_1.norm.weight"};
  static constexpr std::array<std::string_view, 2> sdVaeDiffusers = {
      "encoder.conv_in.weight", "decoder.mid_block.attentions.0.group_norm.weight"};
  static constexpr std::array<std::string_view, 2> taesd = {"encoder.1.conv.0.weight", "decoder.3.conv.0.weight"};
  static constexpr std::array<std::string_view, 2> taesdDiffusers = {"encoder.layers.0.weight",
                                                                     "decoder.layers.0.weight"};
  using enum NetworkKind;
  static constexpr auto kOriginal = KeyGrammar::Original;
  static constexpr auto kDiffusers = KeyGrammar::Diffusers;
  static const std::array kLandmarks = {
      Landmark{WanDit, kOriginal, wan},
      Landmark{WanDit, kDiffusers, wanDiffusers},
      Landmark{WanVae, kOriginal, vae},
      Landmark{WanVae, kDiffusers, vaeDiffusers},
      Landmark{WanVae22, kOriginal, vae22},
      Landmark{WanVae22, kDiffusers, vae22Diffusers},
      Landmark{Taehv, kOriginal, taehv},
      Landmark{Taehv, kOriginal, taehvSuper},
      Landmark{Umt5, kOriginal, umt5Own},
      Landmark{Umt5, kDiffusers, umt5Diffusers},
      Landmark{ClipText, kDiffusers, clip},
      Landmark{OpenClipText, kOriginal, openClip},
      Landmark{OpenClipText, kDiffusers, clip},
      Landmark{ClipVision, kOriginal, vision},
      Landmark{ClipVision, kDiffusers, visionDiffusers},
      Landmark{SdUnet, kOriginal, unet},
      Landmark{SdUnet, kDiffusers, unetDiffusers},
      Landmark{SdVae, kOriginal, sdVae},
      Landmark{SdVae, kDiffusers, sdVaeDiffusers},
      Landmark{Taesd, kOriginal, taesd},
      Landmark{ClipText, kDiffusers, clipShort, "text_model."},
      Landmark{OpenClipText, kDiffusers, clipShort, "text_model."},
      Landmark{ClipVision, kDiffusers, visionShort, "vision_model."},
      Landmark{Taesd, kDiffusers, taesdDiffusers},
  };
  return kLandmarks;
}

std::span<const std::string_view> keptPrefixes(NetworkKind kind) {
  static constexpr std::array<std::string_view, 1> vision = {"visual."};
  static constexpr std::array<std::string_view, 4> openClip = {"token_embedding.", "transformer.", "ln_final.",
                                                               "positional_embedding"};
  static constexpr std::array<std::string_view, 4> sdVae = {"encoder.", "decoder.", "quant_conv.", "post_quant_conv."};
  static constexpr std::array<std::string_view, 2> tiny = {"encoder.", "decoder."};
  switch (kind) {
  case NetworkKind::ClipVision:
    return vision;
  case NetworkKind::OpenClipText:
    return openClip;
  case NetworkKind::SdVae:
    return sdVae;
  case NetworkKind::Taehv:
  case NetworkKind::Taesd:
    return tiny;
  default:
    return {};
  }
}

std::span<const std::string_view> wrapperSegments() {
  static constexpr std::array<std::string_view, 3> segments = {"_fsdp_wrapped_module", "_orig_mod",
                                                               "_checkpoint_wrapped_module"};
  return segments;
}

int prefixRank(std::string_view prefix) {
  struct Rank {
    std::string_view part;
    int rank;
  };
  // Public causal checkpoints are used with their averaged weights when the file has both; critics are never wanted.
  static constexpr std::array ranks = {
      Rank{"generator_ema.", 0}, Rank{"critic.", 9},        Rank{"fake_score.", 9},
      Rank{"real_score.", 9},    Rank{"discriminator.", 9}, Rank{"optimizer", 9},
  };
  for (const Rank& rank : ranks) {
    if (prefix.starts_with(rank.part) || prefix.find("." + std::string(rank.part)) != std::string_view::npos)
      return rank.rank;
  }
  return 1;
}

} // namespace kinora::inference
