// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/streaming/ring_cache_p.h"

#include <algorithm>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/base/check.h"
#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

KvShape sized(const RingRules& rules, KvShape shape) {
  shape.slots = rules.slots;
  shape.undoSlots = rules.slots;
  return shape;
}

} // namespace

RingCache::RingCache(const RingRules& rules, KvShape shape, const Rope& rope, std::int64_t rows, std::int64_t columns)
    : rules_(rules), store_(sized(rules, shape)), rope_(rope), rows_(rows), columns_(columns) {
  KINORA_CHECK(rows * columns == shape.tokensPerSlot);
  reset();
}

void RingCache::reset() {
  store_.release();
  store_.zero();
  Ring fresh;
  fresh.passesLeft = rules_.passes;
  book_.rows.assign(1, {});
  book_.rings.assign(static_cast<std::size_t>(store_.shape().layers), {fresh});
  marked_ = book_;
}

void RingCache::replicate() {
  const auto rows = static_cast<std::size_t>(store_.shape().rows);
  store_.replicateRow();
  const Row first = book_.rows.front();
  book_.rows.assign(rows, first);
  for (std::vector<Ring>& rings : book_.rings) {
    const Ring ring = rings.front();
    rings.assign(rows, ring);
  }
}

void RingCache::mark() {
  store_.mark();
  marked_ = book_;
}

void RingCache::revert() {
  store_.revert();
  book_ = marked_;
}

const std::deque<std::int64_t>& RingCache::evictionQueue(std::int64_t layer, std::int64_t row) const {
  return book_.rings[static_cast<std::size_t>(layer)][static_cast<std::size_t>(row)].queue;
}

Result<void> RingCache::begin(const CachedPass& pass) {
  if (pass.frames < 1 || pass.frames > rules_.slots || pass.starts.size() != book_.rows.size())
    return fail(
        ErrorCode::InvalidArgument,
        fmt::format("starting a pass of {} frames for {} rows failed: the cache has {} slots and {} rows. Match "
                    "the stream batch to the cache.",
                    pass.frames, pass.starts.size(), rules_.slots, book_.rows.size()));
  frames_ = pass.frames;
  plan_.assign(book_.rows.size(), {});
  std::vector<at::Tensor> phases;
  attended_ = 0;
  bool level = true;
  for (std::size_t i = 0; i < book_.rows.size(); ++i) {
    Row& row = book_.rows[i];
    const std::int64_t start = pass.starts[i];
    const std::int64_t end = start + pass.frames;
    RowPlan& plan = plan_[i];
    plan.full = end > rules_.slots || row.held >= rules_.slots;
    if (plan.full) {
      row.held = rules_.slots;
      for (const std::vector<Ring>& rings : book_.rings) {
        if (rings[i].queue.empty())
          return fail(
              ErrorCode::InvalidArgument,
              fmt::format("frame {} finds no slot to take over: the first chunk filled the cache of {} slots at "
                          "once. Start with a shorter chunk.",
                          start, rules_.slots));
      }
    } else {
      row.held += end - row.seen;
      if (row.held < pass.frames)
        return fail(ErrorCode::InvalidArgument,
                    fmt::format("row {} goes back to frame {} after frame {}, which a ring cannot. Start a new stream.",
                                i, start, row.seen));
      plan.firstSlot = row.held - pass.frames;
      const std::int64_t next = end + pass.frames;
      if (next > rules_.sinks && next <= rules_.slots)
        plan.registered = next;
    }
    row.seen = end;
    level = level && row.held == book_.rows[0].held;
    attended_ = std::max(attended_, row.held);
    phases.push_back(rope_.phases(framesFrom(start, pass.frames), rows_, columns_, store_.shape().device));
    largestPosition_ = std::max(largestPosition_, end - 1);
  }
  phases_ = at::stack(phases);
  mask_ = at::Tensor();
  if (!level) {
    std::vector<std::int64_t> lengths;
    for (const Row& row : book_.rows)
      lengths.push_back(row.held * rows_ * columns_);
    const auto options = at::TensorOptions().dtype(at::kLong);
    const auto count = static_cast<std::int64_t>(lengths.size());
    mask_ = at::arange(attended_ * rows_ * columns_, options)
                .lt(at::tensor(lengths, options).unsqueeze(1))
                .reshape({count, 1, 1, attended_ * rows_ * columns_})
                .to(store_.shape().device);
  }
  return {};
}

void RingCache::refreshSinks(std::int64_t layer, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t rows = k.size(0);
  const std::int64_t tokens = rows_ * columns_;
  // Mean over the tokens of a frame, [rows, frames, heads * d].
  const auto mean = [&](const at::Tensor& x, std::int64_t frames) {
    return x.narrow(0, 0, rows)
        .narrow(1, 0, frames * tokens)
        .reshape({rows, frames, tokens, -1})
        .to(at::kFloat)
        .mean(2);
  };
  const at::Tensor alike = (at::cosine_similarity(mean(store_.keys(layer), rules_.sinks), mean(k, 1), -1) +
                            at::cosine_similarity(mean(store_.values(layer), rules_.sinks), mean(v, 1), -1)) /
                           2;
  const auto [least, sink] = alike.min(-1);
  const at::Tensor leastHost = least.cpu();
  const at::Tensor sinkHost = sink.cpu();
  for (std::int64_t row = 0; row < rows; ++row) {
    if (leastHost[row].item<float>() < static_cast<float>(rules_.refreshBelow))
      book_.rings[static_cast<std::size_t>(layer)][static_cast<std::size_t>(row)].queue.push_front(
          sinkHost[row].item<std::int64_t>() + 1);
  }
}

at::Tensor RingCache::attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t tokens = rows_ * columns_;
  const at::Tensor turned = rotate(k, phases_);
  if (rules_.refreshBelow > -1 && rules_.sinks > 0 && frames_ == 1)
    refreshSinks(layer, turned, v);
  const bool single = book_.rows.size() == 1;
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const RowPlan& plan = plan_[i];
    Ring& ring = book_.rings[static_cast<std::size_t>(layer)][i];
    const auto row = static_cast<std::int64_t>(i);
    std::int64_t slot = plan.firstSlot;
    if (plan.full) {
      const std::int64_t end = ring.queue.front();
      slot = std::max<std::int64_t>(0, end - frames_);
      if (single && ring.passesLeft > 1) {
        --ring.passesLeft;
      } else {
        ring.queue.pop_front();
        if (end > rules_.sinks)
          ring.queue.push_back(end);
        ring.passesLeft = rules_.passes;
      }
    } else if (plan.registered > 0 && (ring.queue.empty() || ring.queue.back() != plan.registered)) {
      ring.queue.push_back(plan.registered);
    }
    for (std::int64_t frame = 0; frame < frames_; ++frame) {
      store_.write(layer, row, slot + frame, turned.narrow(0, row, 1).narrow(1, frame * tokens, tokens),
                   v.narrow(0, row, 1).narrow(1, frame * tokens, tokens));
    }
  }
  const auto kept = [&](const at::Tensor& buffer) {
    return buffer.narrow(0, 0, activeRows()).narrow(1, 0, attended_ * tokens);
  };
  return ops::attention(rotate(q, phases_), kept(store_.keys(layer)), kept(store_.values(layer)), mask_);
}

} // namespace kinora::inference
