// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/streaming/chunk_loop_p.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/streaming/guarded_p.h"

namespace kinora::inference {
namespace {

at::Tensor sameTime(const at::Tensor& x, float time) {
  return at::full({x.size(0), x.size(1)}, time, x.options().dtype(at::kFloat));
}

} // namespace

ChunkLoop::ChunkLoop(CausalNetwork& network, KvCachePolicy& cache, const FlowTransport& transport,
                     ChunkSchedule schedule, std::int64_t start)
    : network_(network), cache_(cache), transport_(transport), schedule_(std::move(schedule)),
      numbers_(schedule_, start) {}

void ChunkLoop::tell(PassReport report) const {
  if (observer_)
    observer_(report);
}

void ChunkLoop::remember(const at::Tensor& clean) {
  if (schedule_.historyFrames == 0)
    return;
  history_.push_back(clean);
  std::int64_t frames = 0;
  for (const at::Tensor& chunk : history_)
    frames += chunk.size(1);
  while (frames - history_.front().size(1) >= schedule_.historyFrames) {
    frames -= history_.front().size(1);
    history_.pop_front();
  }
}

void ChunkLoop::restart(std::int64_t start) {
  cache_.reset();
  numbers_ = FrameNumbers(schedule_, start);
  chunks_ = prefills_ = recaches_ = 0;
  history_.clear();
}

Result<at::Tensor> ChunkLoop::pass(const at::Tensor& x, float time, std::int64_t start, bool rewriteSinks,
                                   const std::stop_token& stop) {
  const CachedPass cached{std::vector<std::int64_t>(1, start), x.size(1), rewriteSinks};
  return network_.flow(x, sameTime(x, time), cached, cache_, stop);
}

Result<at::Tensor> ChunkLoop::chunk(at::Tensor x, const Renoise& renoise, const std::stop_token& stop) {
  const std::int64_t start = numbers_.upcoming();
  network_.prepare(start, x.size(1));
  at::Tensor clean;
  const auto steps = static_cast<std::int64_t>(schedule_.times.size());
  for (std::int64_t step = 0; step < steps; ++step) {
    const float time = schedule_.times[static_cast<std::size_t>(step)];
    auto flow = pass(x, time, start, false, stop);
    if (!flow)
      return flow;
    clean = transport_.clean(*flow, x, sameTime(x, time));
    tell({PassKind::Denoise, chunks_, step, time, start, x, *flow, clean});
    if (step + 1 < steps)
      x = transport_.addNoise(clean, renoise(step, clean),
                              sameTime(x, schedule_.times[static_cast<std::size_t>(step + 1)]));
  }
  if (schedule_.cleanPass) {
    auto flow = pass(clean, schedule_.cleanTime, start, false, stop);
    if (!flow)
      return flow;
    tell({PassKind::Clean, chunks_, steps, schedule_.cleanTime, start, clean, *flow, {}});
  }
  return clean;
}

Result<at::Tensor> ChunkLoop::next(const at::Tensor& x, const Renoise& renoise, const std::stop_token& stop,
                                   std::optional<float> firstTime) {
  if (schedule_.times.empty() || x.dim() != 5 || x.size(1) > cache_.largestChunk())
    return fail(
        ErrorCode::InvalidArgument,
        fmt::format("making a chunk of {} frames failed: the schedule has {} steps and the cache takes chunks of "
                    "up to {} frames. Match the chunk to them.",
                    x.dim() == 5 ? x.size(1) : 0, schedule_.times.size(), cache_.largestChunk()));
  const float timeBefore = schedule_.times.front();
  if (firstTime)
    schedule_.times.front() = *firstTime;
  cache_.mark();
  auto made = guarded("making a chunk of video", [&] { return chunk(x, renoise, stop); });
  if (!made) {
    cache_.revert();
    schedule_.times.front() = timeBefore;
    return made;
  }
  cache_.commit();
  remember(*made);
  numbers_.advance(x.size(1));
  ++chunks_;
  return made;
}

Result<void> ChunkLoop::prefill(const at::Tensor& clean, const std::stop_token& stop) {
  if (clean.size(1) > cache_.largestChunk())
    return fail(ErrorCode::InvalidArgument,
                fmt::format("showing the model {} earlier frames failed: the cache takes blocks of up to {}. Give them "
                            "block by block.",
                            clean.size(1), cache_.largestChunk()));
  cache_.mark();
  const std::int64_t start = numbers_.upcoming();
  auto done = guarded("showing the model earlier frames", [&]() -> Result<at::Tensor> {
    network_.prepare(start, clean.size(1));
    return pass(clean, schedule_.cleanTime, start, false, stop);
  });
  if (!done) {
    cache_.revert();
    return tl::unexpected<Error>(done.error());
  }
  cache_.commit();
  tell({PassKind::Prefill, prefills_++, 0, schedule_.cleanTime, start, clean, *done, {}});
  remember(clean);
  numbers_.advance(clean.size(1));
  return {};
}

Result<void> ChunkLoop::recache(bool rewriteSinks, const std::stop_token& stop) {
  if (history_.empty())
    return {};
  at::Tensor clean = at::cat(std::vector<at::Tensor>(history_.begin(), history_.end()), 1);
  const std::int64_t frames = std::min(clean.size(1), schedule_.historyFrames);
  clean = clean.narrow(1, clean.size(1) - frames, frames);
  const std::int64_t start = numbers_.next() - frames;
  auto done = guarded("giving the model a new prompt", [&]() -> Result<at::Tensor> {
    network_.prepare(start, frames);
    return pass(clean, schedule_.cleanTime, start, rewriteSinks, stop);
  });
  if (!done)
    return tl::unexpected<Error>(done.error());
  tell({PassKind::Recache, recaches_++, 0, schedule_.cleanTime, start, clean, *done, {}});
  return {};
}

} // namespace kinora::inference
