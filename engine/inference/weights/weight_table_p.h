// SPDX-License-Identifier: Apache-2.0
// Hides where a network's tensors come from, and keeps the account: what was asked for, what was missing, left over or
// of another shape.
//
// A network's load() takes every tensor it has by name and shape. A wrong tensor does not stop it: take() answers with
// an undefined tensor (meta device for a recorder), and finish() reports all problems of the whole network at once.
//
//   WeightTable table(source, {.dtype = at::kBFloat16});
//   WanDit network = WanDit::load(table, config);
//   if (auto complete = table.finish(); !complete) return fail(complete);
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/base/result.h"
#include "engine/inference/weights/tensor_info.h"

namespace kinora::inference {

// A set of named tensors whose numbers are read only when asked for.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  // Stable for the life of the source.
  [[nodiscard]] virtual const std::vector<TensorInfo>& tensors() const = 0;
  // The tensor as stored, on the host. It may share memory with the file: never write to it.
  [[nodiscard]] virtual Result<at::Tensor> read(std::size_t index) = 0;
  // The file or folder, for messages.
  [[nodiscard]] virtual std::string name() const = 0;
};

// What a network's tensors become when they are taken.
struct LoadOptions {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  std::stop_token stop = {};                 // take() gives up after a stop; finish() says Cancelled
  std::function<void(double)> progress = {}; // share of the bytes taken so far, 0..1
};

class WeightTable {
 public:
  WeightTable(std::shared_ptr<TensorSource> source, LoadOptions options = {});
  // Gives what is asked for, on the meta device, and remembers names and shapes: the key table of a network without a
  // file.
  [[nodiscard]] static WeightTable recorder();

  // The same account under "<prefix>.": table.under("blocks").under("3").
  [[nodiscard]] WeightTable under(std::string_view prefix) const;

  // The tensor in the run type and on the run device; an empty shape means a scalar.
  [[nodiscard]] at::Tensor take(std::string_view name, at::IntArrayRef shape);
  // The same kept in float32 whatever the run type is (norms, modulation, time embeddings).
  [[nodiscard]] at::Tensor takeFloat32(std::string_view name, at::IntArrayRef shape);
  // Marks a tensor that the file may hold and the network does not use (buffers, heads of training).
  void ignore(std::string_view name);

  // Is there a tensor of this name (a recorder: no)?
  [[nodiscard]] bool has(std::string_view name) const;
  // Its shape; empty when it is absent.
  [[nodiscard]] std::vector<std::int64_t> shapeOf(std::string_view name) const;
  // Names below this prefix, without it, as stored.
  [[nodiscard]] std::vector<std::string> names() const;

  // Every name and shape asked for so far, in order.
  [[nodiscard]] const std::vector<TensorInfo>& asked() const;

  // Corrupt, naming every missing, mis-shaped and left-over tensor (the first twenty of each kind), or the first error
  // of reading.
  [[nodiscard]] Result<void> finish() const;

 private:
  struct Account;
  WeightTable(std::shared_ptr<Account> account, std::string prefix);
  at::Tensor take(std::string_view name, at::IntArrayRef shape, at::ScalarType type);

  std::shared_ptr<Account> account_;
  std::string prefix_; // ends in a dot unless empty
};

} // namespace kinora::inference
