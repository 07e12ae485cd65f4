// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/streaming/causal_batch_p.h"

#include <utility>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/inference/streaming/guarded_p.h"

namespace kinora::inference {
namespace {

ChunkSchedule alone(ChunkSchedule schedule) {
  schedule.cleanPass = false;
  schedule.refreshAt = 0;
  return schedule;
}

} // namespace

CausalBatch::CausalBatch(CausalNetwork& network, RingCache& cache, const FlowTransport& transport,
                         ChunkSchedule schedule, std::int64_t framesPerTick)
    : network_(network), cache_(cache), transport_(transport), schedule_(std::move(schedule)),
      first_(network, cache, transport, alone(schedule_)), framesPerTick_(framesPerTick), numbers_(schedule_, 0) {}

Result<at::Tensor> CausalBatch::prepare(const at::Tensor& x, const Renoise& renoise, const std::stop_token& stop) {
  first_.restart();
  starts_.clear();
  auto made = first_.next(x, renoise, stop);
  if (!made)
    return made;
  cache_.replicate();
  const auto rows = static_cast<std::int64_t>(schedule_.times.size());
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape[0] = rows;
  shape[1] = framesPerTick_;
  rows_ = at::zeros(shape, made->options());
  times_ = at::tensor(schedule_.times, at::TensorOptions().dtype(at::kFloat))
               .unsqueeze(1)
               .repeat({1, framesPerTick_})
               .to(x.device());
  numbers_ = FrameNumbers(schedule_, x.size(1));
  starts_.assign(static_cast<std::size_t>(rows), x.size(1));
  ticks_ = 0;
  return made;
}

Result<std::optional<at::Tensor>> CausalBatch::tick(const at::Tensor& x, float firstTime, const Renoise& renoise,
                                                    const std::stop_token& stop) {
  if (starts_.empty() || x.size(1) != framesPerTick_)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("a tick of the stream batch takes {} frames, after the batch was prepared; {} came",
                            framesPerTick_, x.size(1)));
  const std::vector<std::int64_t> startsBefore = starts_;
  const std::int64_t start = numbers_.upcoming();
  const std::int64_t rows = rows_.size(0);
  const at::Tensor noisy = at::cat({x.to(rows_.scalar_type()), rows_.narrow(0, 0, rows - 1)}, 0);
  starts_.pop_back();
  starts_.insert(starts_.begin(), start);

  cache_.mark();
  auto made = guarded("making the next frames of the stream", [&]() -> Result<at::Tensor> {
    network_.prepare(start, framesPerTick_);
    const at::Tensor times = times_.clone();
    times.select(0, 0).fill_(firstTime);
    auto flow = network_.flow(noisy, times, {starts_, framesPerTick_, false}, cache_, stop);
    if (!flow)
      return flow;
    flow_ = *flow;
    at::Tensor next = transport_.clean(flow_, noisy, times);
    for (std::int64_t row = 0; row + 1 < rows; ++row) {
      const at::Tensor clean = next.narrow(0, row, 1);
      clean.copy_(transport_.addNoise(clean, renoise(row, clean), times.narrow(0, row + 1, 1)));
    }
    return next;
  });
  if (!made) {
    cache_.revert();
    starts_ = startsBefore;
    return tl::unexpected<Error>(made.error());
  }
  cache_.commit();
  rows_ = *made;
  numbers_.advance(framesPerTick_);
  ++ticks_;
  if (ticks_ < rows)
    return std::optional<at::Tensor>();
  return std::optional<at::Tensor>(rows_.narrow(0, rows - 1, 1));
}

} // namespace kinora::inference
