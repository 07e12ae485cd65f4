// SPDX-License-Identifier: Apache-2.0
// Hides under which names the same tensors stand in different files: wrappers of training code, whole checkpoints of
// several networks, and the diffusers, transformers and ldm spellings.
//
// Networks ask for the ORIGINAL names without any container prefix:
//   WanDit       patch_embedding.weight, blocks.0.self_attn.q.weight, head.modulation
//   WanVae       conv1.weight, encoder.downsamples.0.residual.2.weight, decoder.head.2.bias
//   Umt5         token_embedding.weight, blocks.0.attn.q.weight, norm.weight
//   ClipText     text_model.encoder.layers.0.self_attn.q_proj.weight   (transformers' names, as in SD 1.x)
//   OpenClipText token_embedding.weight, positional_embedding, transformer.resblocks.0.attn.in_proj_weight,
//   ln_final.bias ClipVision   visual.cls_embedding, visual.transformer.0.attn.to_qkv.weight SdUnet
//   input_blocks.0.0.weight, middle_block.1.proj_in.weight, out.2.bias SdVae        encoder.conv_in.weight,
//   decoder.mid.attn_1.q.weight (1 x 1 convolutions), quant_conv.bias Taehv, Taesd encoder.0.weight, decoder.1.bias
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/inference/weights/network_kind.h"
#include "engine/inference/weights/weight_table_p.h"

namespace kinora::inference {

enum class KeyGrammar { Original, Diffusers };

// A network that was recognised inside a set of tensors.
struct FoundNetwork {
  NetworkKind kind = NetworkKind::WanDit;
  KeyGrammar grammar = KeyGrammar::Original;
  std::string prefix;  // in front of every name of it: "generator_ema.model."; empty when there is none
  std::string implied; // what this file leaves out in front of every name: "text_model."
  bool operator==(const FoundNetwork&) const = default;
};

// Every network whose landmarks are there. Of several copies of a network the averaged one (generator_ema) comes first.
[[nodiscard]] std::vector<FoundNetwork> findNetworks(const std::vector<TensorInfo>& tensors);

// A view with the names above: prefix stripped, tensors of other networks left out, parts joined (q, k and v to one
// in_proj) and linear layers shaped as 1 x 1 convolutions where the original has them. Nothing is read until it is
// asked for. Names without a rule stay as they are. A source without this network comes back unchanged, so that
// WeightTable::finish() names what is missing.
[[nodiscard]] std::shared_ptr<TensorSource> withOriginalKeys(std::shared_ptr<TensorSource> source, NetworkKind kind);

// Where a weight of the diffusers grammar stands in the original: part `part` of `parts` equal ones along the rows.
struct OriginalWeight {
  std::string module; // in the diffusers grammar, without ".weight": "blocks.0.attn1.to_q"
  std::string name;   // "blocks.0.self_attn.q.weight"
  int part = 0;
  int parts = 1;
};
// Every weight of the diffusers grammar that these original names correspond to.
[[nodiscard]] std::vector<OriginalWeight> diffusersWeights(NetworkKind kind, const std::vector<std::string>& names);

} // namespace kinora::inference
