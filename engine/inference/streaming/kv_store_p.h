// SPDX-License-Identifier: Apache-2.0
// Hides where keys and values of earlier chunks lie, and how a cancelled chunk gives back what it overwrote.
//
// A slot holds the tokens of one latent frame. All memory is taken in the constructor; writing copies in place.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace kinora::inference {

struct KvShape {
  std::int64_t layers = 0;
  std::int64_t rows = 1;
  std::int64_t slots = 0;
  std::int64_t tokensPerSlot = 0; // S
  std::int64_t heads = 0;
  std::int64_t headDim = 0;
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  std::int64_t undoSlots = 0; // slots of a row that one chunk may overwrite and still give back
};

class KvStore {
 public:
  explicit KvStore(const KvShape& shape);

  [[nodiscard]] const KvShape& shape() const { return shape_; }
  // [rows, slots * S, heads, headDim]
  [[nodiscard]] const at::Tensor& keys(std::int64_t layer) const { return keys_[static_cast<std::size_t>(layer)]; }
  [[nodiscard]] const at::Tensor& values(std::int64_t layer) const { return values_[static_cast<std::size_t>(layer)]; }
  // Both, undo included.
  [[nodiscard]] std::int64_t bytes() const;

  // k, v [n, S, heads, headDim] into this slot of rows [row, row + n).
  void write(std::int64_t layer, std::int64_t row, std::int64_t slot, const at::Tensor& k, const at::Tensor& v);
  // Row 0 into all others.
  void replicateRow();
  void zero();

  // From here on write() keeps what it overwrites, until the next mark() or release().
  void mark();
  void revert();
  void release();

 private:
  void keep(std::int64_t layer, std::int64_t row, std::int64_t slot);
  [[nodiscard]] at::Tensor slotOf(const at::Tensor& buffer, std::int64_t row, std::int64_t slot) const;

  KvShape shape_;
  std::vector<at::Tensor> keys_, values_;
  std::vector<at::Tensor> undoKeys_, undoValues_; // [rows, undoSlots * S, heads, headDim]
  bool marked_ = false;
  std::vector<std::vector<std::int64_t>> saved_; // [layer * rows + row]: slots in the order of the undo buffer
};

} // namespace kinora::inference
