// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generation/session_pool.h"

#include <algorithm>

namespace kinora::runtime {
namespace {

constexpr std::size_t kOpenSessions = 4;

} // namespace

void SessionPool::learn(const std::string& model) {
  if (models_.revision(model))
    return;
  const auto session = make_(model);
  models_.learn(model, session ? (*session)->info().revision : 0);
}

session::MotionSession* SessionPool::find(const GenerationNode& node) const {
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [&node](const Slot& s) { return s.serves(node); });
  return slot == slots_.end() ? nullptr : slot->session.get();
}

void SessionPool::invalidate(TakeId take) {
  for (Slot& slot : slots_)
    if (slot.take == take)
      slot.key = {};
}

Result<session::MotionSession*> SessionPool::prepared(const GenerationNode& node, const std::stop_token& stop) {
  auto slot = std::find_if(slots_.begin(), slots_.end(), [&node](const Slot& s) { return s.serves(node); });
  if (slot != slots_.end()) {
    std::rotate(slot, slot + 1, slots_.end());
  } else {
    auto session = make_(node.model);
    if (!session)
      return fail(session);
    models_.learn(node.model, (*session)->info().revision);
    if (slots_.size() >= kOpenSessions)
      slots_.erase(slots_.begin());
    slots_.push_back({node.take, node.model, node.outputSize, {}, std::move(*session)});
  }
  Slot& chosen = slots_.back();
  if (chosen.key.isNull() || chosen.key != node.key) {
    auto picture = pictures_.load(node.picture);
    if (!picture)
      return fail(picture);
    chosen.key = {}; // until it is ready: a cancelled preparation is begun anew
    if (auto ready = chosen.session->prepare(node.request(*picture), stop); !ready)
      return fail(ready);
    chosen.key = node.key;
  }
  return chosen.session.get();
}

} // namespace kinora::runtime
