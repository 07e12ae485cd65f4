// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/networks/clip_text_p.h"
#include "engine/inference/networks/clip_vision_p.h"
#include "engine/inference/networks/umt5_p.h"
#include "engine/inference/parity/golden_case_p.h"
#include "engine/inference/text/clip_tokenizer_p.h"
#include "engine/inference/text/prompt_tokens_p.h"
#include "engine/inference/text/sentencepiece_p.h"
#include "engine/inference/text/text_cleaning_p.h"
#include "engine/inference/weights/key_map_p.h"

namespace kinora::inference {
namespace {

bool isNetwork(const GoldenCase& golden, const char* name) {
  return golden.description.value("network", "") == name;
}

// The network from one of the case's weight files, whatever grammar it has.
template <class Network, class Load>
Network loaded(const GoldenCase& golden, const char* file, NetworkKind kind, const Load& load) {
  WeightTable table(withOriginalKeys(golden.weights(file), kind));
  Network network = load(table);
  if (auto complete = table.finish(); !complete)
    throw CaseError(complete.error().text());
  return network;
}

void add(Tensors& outputs, const std::string& variant, Tensors&& found) {
  for (auto& [name, tensor] : found)
    outputs.emplace(variant.empty() ? name : name + "@" + variant, std::move(tensor));
}

// replay(file) for the original weights, then for the diffusers ones as "name@diffusers".
template <class Replay>
Tensors inBothGrammars(const GoldenCase& golden, const Replay& replay) {
  Tensors outputs;
  add(outputs, "", replay("weights.safetensors"));
  if (golden.holds("weights.diffusers.safetensors"))
    add(outputs, "diffusers", replay("weights.diffusers.safetensors"));
  return outputs;
}

std::vector<std::string> texts(const GoldenCase& golden) {
  std::vector<std::string> found;
  for (const auto& entry : golden.description.value("strings", nlohmann::json::array()))
    found.push_back(entry.at("text").get<std::string>());
  return found;
}

// --- UMT5 ------------------------------------------------------------------------------------------------------------

Umt5Config umt5Config(const nlohmann::json& config) {
  return {.vocabulary = config.at("vocab"),
          .width = config.at("dim"),
          .attentionWidth = config.at("dim_attn"),
          .feedForward = config.at("dim_ffn"),
          .heads = config.at("num_heads"),
          .layers = config.at("num_layers"),
          .buckets = config.at("num_buckets"),
          .maxDistance = config.value("max_dist", std::int64_t{128}),
          .sharedPositions = config.value("shared_pos", false),
          .epsilon = config.value("norm_eps", 1e-6)};
}

Tensors umt5Networks(const GoldenCase& golden) {
  const std::int64_t length = golden.config().at("text_len");
  return inBothGrammars(golden, [&](const char* file) {
    const auto encoder = loaded<Umt5Encoder>(golden, file, NetworkKind::Umt5, [&](WeightTable& table) {
      return Umt5Encoder::load(table, umt5Config(golden.config()));
    });
    const at::Tensor& ids = golden.input("ids");
    const at::Tensor& mask = golden.input("mask");
    Umt5Trace trace;
    Tensors out;
    out["encoder_out"] = encoder.forward(ids, mask, &trace);
    out["block0_out"] = trace.blockOut.at(0);
    out["block0_pos_bias"] = trace.firstBias.narrow(1, 0, std::min<std::int64_t>(8, trace.firstBias.size(1)));
    out["token_embeddings_first_rows"] =
        trace.embeddings.narrow(1, 0, std::min<std::int64_t>(4, trace.embeddings.size(1)));
    std::vector<at::Tensor> rows; // as the product computes them: each prompt alone, without its padding
    for (std::int64_t row = 0; row < ids.size(0); ++row) {
      const std::int64_t count = mask[row].sum().item<std::int64_t>();
      const at::Tensor kept = ids[row].narrow(0, 0, count).contiguous();
      const std::vector<std::int64_t> own(kept.data_ptr<std::int64_t>(), kept.data_ptr<std::int64_t>() + count);
      rows.push_back(zeroPaddedPrompt(encoder.encode(own), length));
    }
    out["prompt_embeds_zero_padded"] = at::stack(rows);
    return out;
  });
}

Tensors replayUmt5(const GoldenCase& golden) {
  Tensors outputs = umt5Networks(golden);
  const std::vector<std::string> strings = texts(golden);
  if (strings.empty())
    return outputs;
  const auto tokenizer = UnigramTokenizer::open(golden.folder / "tokenizer.model");
  if (!tokenizer)
    throw CaseError(tokenizer.error().text());
  const auto most = golden.config().at("text_len").get<std::size_t>();
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const std::string cleaned = cleanedPrompt(strings[i]);
    outputs[textOutput(i, "cleaned")] = textAsTensor(cleaned);
    outputs[textOutput(i, "ids")] = at::tensor(promptTokens(*tokenizer, cleaned, most), at::kLong);
    outputs[textOutput(i, "ids_if_special_tokens_are_parsed")] =
        at::tensor(promptTokens(*tokenizer, cleaned, most, PromptMarks::Parsed), at::kLong);
  }
  return outputs;
}

// --- CLIP ------------------------------------------------------------------------------------------------------------

ClipTextConfig clipTextConfig(const nlohmann::json& config) {
  const std::string activation = config.at("hidden_act");
  if (activation != "quick_gelu" && activation != "gelu")
    throw CaseError(fmt::format("the activation {} is not known", activation));
  return {.vocabulary = config.at("vocab_size"),
          .positions = config.at("max_position_embeddings"),
          .width = config.at("hidden_size"),
          .feedForward = config.at("intermediate_size"),
          .heads = config.at("num_attention_heads"),
          .layers = config.at("num_hidden_layers"),
          .activation = activation == "gelu" ? ClipActivation::Gelu : ClipActivation::QuickGelu,
          .epsilon = config.at("layer_norm_eps"),
          .endOfText = config.at("eos_token_id")};
}

Tensors replayClipText(const GoldenCase& golden) {
  const bool open = isNetwork(golden, "openclip_h_text");
  return inBothGrammars(golden, [&](const char* file) {
    const auto kind = open ? NetworkKind::OpenClipText : NetworkKind::ClipText;
    const auto network = loaded<ClipText>(golden, file, kind, [&](WeightTable& table) {
      const ClipTextConfig config = clipTextConfig(golden.config());
      return open ? ClipText::loadOpenClip(table, config) : ClipText::load(table, config);
    });
    const ClipTextOutput result = network.forward(golden.input("ids"), /*keepHidden=*/true);
    Tensors out;
    for (std::size_t i = 0; i < result.hidden.size(); ++i)
      out[fmt::format("hidden_{}", i)] = result.hidden[i];
    out["last_hidden_state"] = result.lastHidden;
    out["penultimate_normed"] = result.penultimateNormed;
    out["pooled"] = result.pooled;
    return out;
  });
}

Tensors replayClipTokenizer(const GoldenCase& golden) {
  if (golden.config().at("vocab") != ClipTokenizer::kEnd + 1)
    throw CaseError("the vocabulary is not the bundled one");
  const ClipTokenizer tokenizer = ClipTokenizer::bundled();
  Tensors outputs;
  std::vector<at::Tensor> withEnd;
  std::vector<at::Tensor> withZero;
  const std::vector<std::string> strings = texts(golden);
  for (std::size_t i = 0; i < strings.size(); ++i) {
    outputs[textOutput(i, "ids")] = at::tensor(tokenizer.encode(strings[i]), at::kLong);
    outputs[textOutput(i, "ids_transformers")] =
        at::tensor(tokenizer.encode(strings[i], ClipTextRules::Transformers), at::kLong);
    withEnd.push_back(at::tensor(tokenizer.encodePadded(strings[i], ClipTokenizer::kEnd), at::kLong));
    withZero.push_back(at::tensor(tokenizer.encodePadded(strings[i], 0), at::kLong));
  }
  outputs["ids_pad_eos"] = at::stack(withEnd);
  outputs["ids_pad_zero"] = at::stack(withZero);
  return outputs;
}

Tensors replayClipVision(const GoldenCase& golden) {
  const nlohmann::json& json = golden.config();
  const std::int64_t width = json.at("dim");
  const ClipVisionConfig config{.imageSize = json.at("image_size"),
                                .patchSize = json.at("patch_size"),
                                .width = width,
                                .feedForward = width * json.at("mlp_ratio").get<std::int64_t>(),
                                .heads = json.at("num_heads"),
                                .layers = json.at("num_layers"),
                                .epsilon = json.value("norm_eps", 1e-5),
                                .mean = json.at("mean").get<std::array<double, 3>>(),
                                .deviation = json.at("std").get<std::array<double, 3>>()};
  return inBothGrammars(golden, [&](const char* file) {
    const auto network = loaded<ClipVision>(golden, file, NetworkKind::ClipVision,
                                            [&](WeightTable& table) { return ClipVision::load(table, config); });
    ClipVisionTrace trace;
    Tensors out;
    out["clip_fea"] = network.forward(golden.input("image"), &trace);
    out["resized"] = trace.resized;
    out["preprocessed"] = trace.preprocessed;
    out["after_pre_norm"] = trace.preNormed;
    out["block0_out"] = trace.firstBlock;
    out["all_blocks"] = trace.allBlocks;
    return out;
  });
}

} // namespace

std::vector<Replayer> textReplayers() {
  return {
      {[](const GoldenCase& golden) { return isNetwork(golden, "umt5_encoder"); }, replayUmt5},
      {[](const GoldenCase& golden) {
         return isNetwork(golden, "clip_l_text") || isNetwork(golden, "openclip_h_text");
       },
       replayClipText},
      {[](const GoldenCase& golden) { return isNetwork(golden, "clip_bpe"); }, replayClipTokenizer},
      {[](const GoldenCase& golden) { return isNetwork(golden, "clip_vision_h"); }, replayClipVision},
  };
}

} // namespace kinora::inference
