// SPDX-License-Identifier: Apache-2.0
// Hides the grammars of LoRA files (diffusers and PEFT, kohya, original Wan names; linear and convolution) and how they
// change a network: W + strength * alpha / rank * up * down, bias + strength * diff_b.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/inference/weights/network_kind.h"
#include "engine/inference/weights/weights_source_p.h"

namespace kinora::inference {

// What a file changes about one weight of the original names.
struct LoraLayer {
  std::string target; // "blocks.0.self_attn.q.weight", or a bias
  int part = 0;       // rows [part / parts, (part + 1) / parts) of it
  int parts = 1;
  std::int64_t rank = 0;        // 0: a whole difference instead of two factors
  double scale = 1;             // alpha / rank
  std::size_t down = 0, up = 0; // tensors of the file; a whole difference is `up`
};

class LoraFile {
 public:
  // [any] Fits a file to the original names and shapes of a network (withOriginalKeys(...)->tensors()). Errors: Corrupt
  // (WeightsFault::BadKeys: a half without its other, no such weight in the network, shapes that do not fit),
  // Unsupported (DoRA, LoHa, LoKr, Tucker factors).
  [[nodiscard]] static Result<std::shared_ptr<const LoraFile>> fit(const OpenedWeights& file, NetworkKind kind,
                                                                   const std::vector<TensorInfo>& network);

  [[nodiscard]] const std::vector<LoraLayer>& layers() const { return layers_; }
  // Tensors for other networks of the same model (a text encoder's beside a UNet's).
  [[nodiscard]] std::size_t tensorsForOthers() const { return others_; }
  [[nodiscard]] TensorSource& tensors() const { return *source_; }

 private:
  std::shared_ptr<TensorSource> source_;
  std::vector<LoraLayer> layers_;
  std::size_t others_ = 0;
};

struct LoraUse {
  std::shared_ptr<const LoraFile> file;
  double strength = 1;
};

// The network's tensors with these changes added when they are read (in float32, then the stored type).
[[nodiscard]] std::shared_ptr<TensorSource> withLora(std::shared_ptr<TensorSource> network, std::vector<LoraUse> uses);

// The same as side branches, so that a clip can have its own without reading the network again.
class LoraBranches {
 public:
  LoraBranches() = default;
  // Reads the factors into the run type. Unsupported when a file changes biases or holds whole differences: those can
  // only be merged.
  [[nodiscard]] static Result<LoraBranches> load(const std::vector<LoraUse>& uses, at::ScalarType type,
                                                 at::Device device);
  // Adds this layer's branches to y = linear(x, W) in place. x [..., in], y [..., out].
  void addLinear(const at::Tensor& x, at::Tensor& y, std::string_view weight) const;
  // Adds them to y = conv2d(x, W, stride, padding) in place. x [B, in, h, w].
  void addConv2d(const at::Tensor& x, at::Tensor& y, std::string_view weight, at::IntArrayRef stride,
                 at::IntArrayRef padding) const;
  [[nodiscard]] bool empty() const { return branches_.empty(); }

 private:
  struct Branch {
    at::Tensor down;
    at::Tensor up; // scaled
    int part = 0;
    int parts = 1;
  };
  std::map<std::string, std::vector<Branch>, std::less<>> branches_;
};

// What a set of tensors looks like as a LoRA file, without a network.
struct LoraSummary {
  std::string grammar; // "PEFT", "kohya", "original names"
  std::size_t layers = 0;
  std::int64_t leastRank = 0, largestRank = 0;
  std::vector<NetworkKind> networks; // that its names fit
};
// layers == 0 when it is none.
[[nodiscard]] LoraSummary summarizeLora(const std::vector<TensorInfo>& tensors);

} // namespace kinora::inference
