// SPDX-License-Identifier: Apache-2.0
// Hides StreamDiffusionV2's cache: a few sinks and a ring of slots behind them, one for every row of the stream batch,
// each row at its own place in the stream and at its own noise level. Sinks that no longer resemble the picture may be
// replaced; every layer and row decides that for itself.
//
// Source: the public StreamDiffusionV2 code (arXiv 2511.07399). Keys are turned by their frame's number when written.
// Two quirks of its filling rule are kept, because published weights run with them: the slots between the sinks and the
// first registered one are never evicted, and a sink slot that is still empty counts as unlike the picture.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/networks/rope_p.h"
#include "engine/inference/streaming/kv_cache_policy_p.h"
#include "engine/inference/streaming/kv_store_p.h"

namespace kinora::inference {

struct RingRules {
  std::int64_t slots = 6;
  std::int64_t sinks = 3;
  double refreshBelow = -1; // mean cosine of keys and values below which a sink is replaced; <= -1: never
  std::int64_t passes = 2;  // denoising passes of a chunk; a single row keeps its slot for that many passes

  [[nodiscard]] static RingRules streamDiffusionV2(std::int64_t passes) { return {6, 3, 0.2, passes}; }
  [[nodiscard]] static RingRules streamDiffusionV2Fast(std::int64_t passes) { return {5, 2, -1, passes}; }
};

class RingCache : public KvCachePolicy {
 public:
  // shape.slots and shape.undoSlots are set from the rules; shape.rows is the number of rows of the stream batch.
  RingCache(const RingRules& rules, KvShape shape, const Rope& rope, std::int64_t rows, std::int64_t columns);

  // pass.starts has one entry before replicate(), shape.rows entries after.
  [[nodiscard]] Result<void> begin(const CachedPass& pass) override;
  [[nodiscard]] at::Tensor attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k,
                                  const at::Tensor& v) override;
  // The first row becomes all rows: the stream batch starts.
  void replicate();
  void reset() override;
  void mark() override;
  void revert() override;
  void commit() override { store_.release(); }
  [[nodiscard]] std::int64_t largestChunk() const override { return rules_.slots; }
  [[nodiscard]] std::int64_t bytes() const override { return store_.bytes(); }
  [[nodiscard]] std::int64_t largestPosition() const override { return largestPosition_; }

  [[nodiscard]] std::int64_t activeRows() const { return static_cast<std::int64_t>(book_.rows.size()); }
  // Frames; per row.
  [[nodiscard]] std::int64_t seen(std::int64_t row) const { return book_.rows[static_cast<std::size_t>(row)].seen; }
  [[nodiscard]] std::int64_t held(std::int64_t row) const { return book_.rows[static_cast<std::size_t>(row)].held; }
  // Slots (their ends, counted from 1) in the order of eviction.
  [[nodiscard]] const std::deque<std::int64_t>& evictionQueue(std::int64_t layer, std::int64_t row) const;
  // [rows, slots * S, heads, d]
  [[nodiscard]] const at::Tensor& keys(std::int64_t layer) const { return store_.keys(layer); }
  [[nodiscard]] const at::Tensor& values(std::int64_t layer) const { return store_.values(layer); }

 private:
  struct Row {
    std::int64_t seen = 0;
    std::int64_t held = 0;
  };
  struct Ring { // of one layer and row
    std::deque<std::int64_t> queue;
    std::int64_t passesLeft = 0; // including the one that moves on
  };
  struct Book {
    std::vector<Row> rows;
    std::vector<std::vector<Ring>> rings; // [layer][row]
  };
  struct RowPlan {
    bool full = false;
    std::int64_t firstSlot = 0;  // while filling
    std::int64_t registered = 0; // slot end that joins the queue, 0: none
  };
  void refreshSinks(std::int64_t layer, const at::Tensor& k, const at::Tensor& v);

  RingRules rules_;
  KvStore store_;
  Rope rope_;
  std::int64_t rows_, columns_;
  Book book_, marked_;
  std::vector<RowPlan> plan_;
  std::int64_t frames_ = 0;   // of the current pass
  at::Tensor phases_;         // [rows, frames * S, d / 2]
  std::int64_t attended_ = 0; // slots of the longest row
  at::Tensor mask_;           // [rows, 1, 1, attended * S], undefined when all rows are equally long
  std::int64_t largestPosition_ = 0;
};

} // namespace kinora::inference
