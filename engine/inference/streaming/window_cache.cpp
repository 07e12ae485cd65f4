// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/streaming/window_cache_p.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/base/check.h"
#include "engine/inference/networks/ops_p.h"

namespace kinora::inference {
namespace {

KvShape sized(const WindowRules& rules, KvShape shape) {
  shape.slots = rules.slots;
  shape.undoSlots = rules.chunk;
  return shape;
}

} // namespace

WindowRules WindowRules::selfForcing(std::int64_t local, std::int64_t sinks) {
  return {.slots = local, .sinks = sinks};
}

WindowRules WindowRules::causVid(std::int64_t frames) {
  return {.slots = frames, .evict = false};
}

WindowRules WindowRules::infiniteForcing(std::int64_t local, std::int64_t sinks) {
  return {.slots = local, .sinks = sinks, .keys = KeyForm::Unroped};
}

WindowRules WindowRules::longLive(std::int64_t local, std::int64_t sinks) {
  return {.slots = local, .sinks = sinks, .protectSinks = true};
}

WindowRules WindowRules::motionStream(std::int64_t chunk, std::int64_t sinkChunks, std::int64_t windowChunks) {
  return {.slots = chunk * (sinkChunks + windowChunks + 1),
          .sinks = chunk * sinkChunks,
          .chunk = chunk,
          .keys = KeyForm::RopedSinks};
}

WindowRules WindowRules::dreamIdV(std::int64_t window) {
  return {.slots = 1 + window, .sinks = 1, .keys = KeyForm::RopedSinks};
}

WindowRules WindowRules::attentionSinks(std::int64_t sinks, std::int64_t window) {
  return {.slots = sinks + window, .sinks = sinks, .chunk = 1, .keys = KeyForm::Unroped};
}

WindowCache::WindowCache(const WindowRules& rules, KvShape shape, const Rope& rope, std::int64_t rows,
                         std::int64_t columns)
    : rules_(rules), store_(sized(rules, shape)), rope_(rope), rows_(rows), columns_(columns) {
  KINORA_CHECK(rows * columns == shape.tokensPerSlot);
  reset();
}

void WindowCache::reset() {
  store_.release();
  store_.zero();
  book_ = {};
  book_.order.resize(static_cast<std::size_t>(rules_.slots));
  std::iota(book_.order.begin(), book_.order.end(), 0);
  marked_ = book_;
  plan_ = {};
}

void WindowCache::mark() {
  store_.mark();
  marked_ = book_;
}

void WindowCache::revert() {
  store_.revert();
  book_ = marked_;
  plan_ = {};
}

at::Tensor WindowCache::phasesAt(at::IntArrayRef positions) {
  for (const std::int64_t position : positions)
    largestPosition_ = std::max(largestPosition_, position);
  return rope_.phases(positions, rows_, columns_, store_.shape().device);
}

Result<void> WindowCache::begin(const CachedPass& pass) {
  const std::int64_t frames = pass.frames;
  const std::int64_t start = pass.starts.at(0);
  if (frames < 1 || std::any_of(pass.starts.begin(), pass.starts.end(), [&](std::int64_t s) { return s != start; }))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("starting a pass of {} frames on the cache failed: all rows must bring the same frames. "
                            "Use a stream batch for rows that are apart.",
                            frames));
  const std::int64_t end = start + frames;
  std::int64_t held = book_.held + end - book_.seen;
  const bool spare = end <= book_.seen && start > 0 && rules_.protectSinks && !pass.rewriteSinks;
  if (end == book_.seen && plan_.frames == frames && plan_.start == start && plan_.spare == spare)
    return {}; // the next pass of the same chunk
  if (rules_.evict && end > book_.seen && frames + book_.held > rules_.slots) {
    const std::int64_t evicted = frames + book_.held - rules_.slots;
    held -= evicted;
    if (evicted > book_.held - rules_.sinks || held > rules_.slots)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("a chunk of {} frames does not fit a cache of {} frames with {} sinks. Choose smaller "
                              "chunks or a larger window.",
                              frames, rules_.slots, rules_.sinks));
    const auto first = book_.order.begin() + rules_.sinks;
    std::rotate(first, first + evicted, book_.order.begin() + book_.held);
  }
  if (held > rules_.slots || held < frames)
    return fail(
        ErrorCode::InvalidArgument,
        fmt::format("frames {} to {} do not fit the cache: it holds {} of {} frames and has seen {}. Start a new "
                    "stream.",
                    start, end, book_.held, rules_.slots, book_.seen));
  const std::int64_t firstPlace = held - frames;
  book_.held = held;
  book_.seen = end;
  plan(firstPlace, frames, spare ? rules_.sinks : 0, start);
  plan_.attended = held;
  plan_.start = start;
  plan_.frames = frames;
  plan_.spare = spare;
  return {};
}

Result<void> WindowCache::beginSinks(std::int64_t frames) {
  if (frames != rules_.sinks || (book_.seen > 0 && book_.held < frames))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("writing {} sink frames failed: this cache has {}. Give all of them at once.", frames,
                            rules_.sinks));
  book_.held = std::max(book_.held, frames);
  book_.seen = std::max(book_.seen, frames);
  plan(0, frames, 0, 0);
  plan_.attended = frames; // places and slots of the sinks are the same
  if (plan_.keptPhases.defined())
    plan_.keptPhases = plan_.keptPhases.narrow(0, 0, rules_.keys == KeyForm::Unroped ? frames * rows_ * columns_ : 0);
  return {};
}

// New frames take the places firstPlace, …; those below firstWritten are not kept.
void WindowCache::plan(std::int64_t firstPlace, std::int64_t frames, std::int64_t firstWritten, std::int64_t start) {
  plan_ = {};
  for (std::int64_t i = 0; i < frames; ++i) {
    const std::int64_t place = firstPlace + i;
    plan_.slots.push_back(place < firstWritten ? -1 : book_.order[static_cast<std::size_t>(place)]);
  }
  if (rules_.keys == KeyForm::Roped) {
    plan_.newPhases = phasesAt(framesFrom(start, frames));
    return;
  }
  plan_.newPhases = phasesAt(framesFrom(firstPlace, frames));
  std::vector<std::int64_t> places(static_cast<std::size_t>(book_.held)); // slot -> place
  for (std::int64_t place = 0; place < book_.held; ++place)
    places[static_cast<std::size_t>(book_.order[static_cast<std::size_t>(place)])] = place;
  if (rules_.keys == KeyForm::RopedSinks)
    places.erase(places.begin(), places.begin() + std::min(rules_.sinks, book_.held));
  plan_.keptPhases = phasesAt(places);
}

at::Tensor WindowCache::attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t tokens = rows_ * columns_;
  const at::Tensor turnedK = rules_.keys == KeyForm::Unroped ? at::Tensor() : rotate(k, plan_.newPhases);
  for (std::size_t i = 0; i < plan_.slots.size(); ++i) {
    const std::int64_t slot = plan_.slots[i];
    if (slot < 0)
      continue;
    const bool turned = rules_.keys == KeyForm::Roped || (rules_.keys == KeyForm::RopedSinks && slot < rules_.sinks);
    const auto begin = static_cast<std::int64_t>(i) * tokens;
    store_.write(layer, 0, slot, (turned ? turnedK : k).narrow(1, begin, tokens), v.narrow(1, begin, tokens));
  }
  at::Tensor keys = store_.keys(layer).narrow(1, 0, plan_.attended * tokens);
  if (rules_.keys == KeyForm::Unroped) {
    keys = rotate(keys, plan_.keptPhases);
  } else if (rules_.keys == KeyForm::RopedSinks) {
    const std::int64_t fixed = std::min(rules_.sinks, plan_.attended) * tokens;
    const std::int64_t moving = keys.size(1) - fixed;
    if (moving > 0)
      keys = at::cat({keys.narrow(1, 0, fixed), rotate(keys.narrow(1, fixed, moving), plan_.keptPhases)}, 1);
  }
  return ops::attention(rotate(q, plan_.newPhases), keys, store_.values(layer).narrow(1, 0, plan_.attended * tokens));
}

at::Tensor WindowCache::ordered(const at::Tensor& buffer) const {
  const std::int64_t tokens = rows_ * columns_;
  return buffer.unflatten(1, {rules_.slots, tokens})
      .index_select(1, at::tensor(book_.order, at::TensorOptions().dtype(at::kLong)).to(buffer.device()))
      .flatten(1, 2);
}

at::Tensor WindowCache::orderedKeys(std::int64_t layer) const {
  return ordered(store_.keys(layer));
}

at::Tensor WindowCache::orderedValues(std::int64_t layer) const {
  return ordered(store_.values(layer));
}

} // namespace kinora::inference
