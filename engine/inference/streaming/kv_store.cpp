// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/streaming/kv_store_p.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "engine/base/check.h"

namespace kinora::inference {

KvStore::KvStore(const KvShape& shape) : shape_(shape) {
  const auto options = at::TensorOptions().dtype(shape.dtype).device(shape.device);
  const auto buffer = [&](std::int64_t slots) {
    return at::zeros({shape.rows, slots * shape.tokensPerSlot, shape.heads, shape.headDim}, options);
  };
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    keys_.push_back(buffer(shape.slots));
    values_.push_back(buffer(shape.slots));
    undoKeys_.push_back(buffer(shape.undoSlots));
    undoValues_.push_back(buffer(shape.undoSlots));
  }
  saved_.resize(static_cast<std::size_t>(shape.layers * shape.rows));
  for (auto& slots : saved_)
    slots.reserve(static_cast<std::size_t>(shape.undoSlots));
}

std::int64_t KvStore::bytes() const {
  return 2 * shape_.layers * shape_.rows * (shape_.slots + shape_.undoSlots) * shape_.tokensPerSlot * shape_.heads *
         shape_.headDim * static_cast<std::int64_t>(c10::elementSize(shape_.dtype));
}

at::Tensor KvStore::slotOf(const at::Tensor& buffer, std::int64_t row, std::int64_t slot) const {
  return buffer.select(0, row).narrow(0, slot * shape_.tokensPerSlot, shape_.tokensPerSlot);
}

void KvStore::keep(std::int64_t layer, std::int64_t row, std::int64_t slot) {
  auto& slots = saved_[static_cast<std::size_t>(layer * shape_.rows + row)];
  if (std::find(slots.begin(), slots.end(), slot) != slots.end())
    return;
  const auto place = static_cast<std::int64_t>(slots.size());
  KINORA_CHECK(place < shape_.undoSlots);
  const auto index = static_cast<std::size_t>(layer);
  slotOf(undoKeys_[index], row, place).copy_(slotOf(keys_[index], row, slot));
  slotOf(undoValues_[index], row, place).copy_(slotOf(values_[index], row, slot));
  slots.push_back(slot);
}

void KvStore::write(std::int64_t layer, std::int64_t row, std::int64_t slot, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t rows = k.size(0);
  if (marked_) {
    for (std::int64_t i = 0; i < rows; ++i)
      keep(layer, row + i, slot);
  }
  const std::int64_t begin = slot * shape_.tokensPerSlot;
  keys(layer).narrow(0, row, rows).narrow(1, begin, shape_.tokensPerSlot).copy_(k);
  values(layer).narrow(0, row, rows).narrow(1, begin, shape_.tokensPerSlot).copy_(v);
}

void KvStore::replicateRow() {
  for (std::int64_t row = 1; row < shape_.rows; ++row) {
    for (auto* buffers : {&keys_, &values_}) {
      for (at::Tensor& buffer : *buffers)
        buffer.select(0, row).copy_(buffer.select(0, 0));
    }
  }
}

void KvStore::zero() {
  for (auto* buffers : {&keys_, &values_}) {
    for (at::Tensor& buffer : *buffers)
      buffer.zero_();
  }
}

void KvStore::mark() {
  release();
  marked_ = true;
}

void KvStore::revert() {
  for (std::int64_t layer = 0; layer < shape_.layers; ++layer) {
    const auto index = static_cast<std::size_t>(layer);
    for (std::int64_t row = 0; row < shape_.rows; ++row) {
      const auto& slots = saved_[static_cast<std::size_t>(layer * shape_.rows + row)];
      for (std::size_t place = 0; place < slots.size(); ++place) {
        const auto from = static_cast<std::int64_t>(place);
        slotOf(keys_[index], row, slots[place]).copy_(slotOf(undoKeys_[index], row, from));
        slotOf(values_[index], row, slots[place]).copy_(slotOf(undoValues_[index], row, from));
      }
    }
  }
  release();
}

void KvStore::release() {
  marked_ = false;
  for (auto& slots : saved_)
    slots.clear();
}

} // namespace kinora::inference
