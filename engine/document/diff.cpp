// SPDX-License-Identifier: Apache-2.0
#include "engine/document/diff.h"

#include <algorithm>
#include <unordered_map>

namespace kinora::document {
namespace {

// What happened between two lists of shared parts. Equal heads and tails cost one comparison each, so that a change in
// the middle of a thousand parts looks up only what lies between.
template <class T>
struct ListChange {
  bool order = false;                               // added, removed or reordered
  std::vector<std::pair<const T*, const T*>> parts; // before and after; null = not there
};

template <class T>
ListChange<T> compare(const std::vector<std::shared_ptr<const T>>& before,
                      const std::vector<std::shared_ptr<const T>>& after) {
  std::size_t head = 0;
  const std::size_t common = std::min(before.size(), after.size());
  while (head < common && before[head] == after[head])
    ++head;
  std::size_t tail = 0;
  while (tail < common - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  ListChange<T> change;
  const std::size_t beforeEnd = before.size() - tail;
  const std::size_t afterEnd = after.size() - tail;
  bool aligned = beforeEnd == afterEnd;
  for (std::size_t i = head; aligned && i < afterEnd; ++i)
    aligned = before[i]->id == after[i]->id;
  if (aligned) {
    for (std::size_t i = head; i < afterEnd; ++i)
      if (before[i] != after[i] && !(*before[i] == *after[i]))
        change.parts.emplace_back(before[i].get(), after[i].get());
    return change;
  }
  change.order = true;
  std::unordered_map<std::uint64_t, const T*> old;
  for (std::size_t i = head; i < beforeEnd; ++i)
    old.emplace(before[i]->id.value, before[i].get());
  for (std::size_t i = head; i < afterEnd; ++i) {
    const auto found = old.find(after[i]->id.value);
    const T* was = found == old.end() ? nullptr : found->second;
    if (was == nullptr || (was != after[i].get() && !(*was == *after[i])))
      change.parts.emplace_back(was, after[i].get());
    if (was != nullptr)
      old.erase(found);
  }
  for (std::size_t i = head; i < beforeEnd; ++i)
    if (old.contains(before[i]->id.value))
      change.parts.emplace_back(before[i].get(), nullptr);
  return change;
}

template <class T, class IdType>
bool collect(const std::vector<std::shared_ptr<const T>>& before, const std::vector<std::shared_ptr<const T>>& after,
             std::vector<IdType>& ids) {
  const ListChange<T> change = compare(before, after);
  for (const auto& [was, is] : change.parts)
    ids.push_back(is != nullptr ? is->id : was->id);
  return change.order;
}

} // namespace

Diff diff(const DocumentPtr& before, const DocumentPtr& after) {
  const Document nothing;
  Diff result;
  if (before == after)
    return result;
  const Document& a = before ? *before : nothing;
  const Document& b = after ? *after : nothing;
  result.frame = !before || !after || !(a.frame == b.frame);
  result.structure = !before || !after || a.name != b.name || a.loop != b.loop || a.markIn != b.markIn ||
                     a.markOut != b.markOut || a.markers != b.markers;
  collect(a.media, b.media, result.media);
  collect(a.takes, b.takes, result.takes);
  const ListChange<Lane> lanes = compare(a.lanes, b.lanes);
  const std::vector<ClipPtr> none;
  result.structure = result.structure || lanes.order;
  for (const auto& [was, is] : lanes.parts) {
    result.lanes.push_back(is != nullptr ? is->id : was->id);
    result.structure = result.structure || was == nullptr || is == nullptr || was->enabled != is->enabled;
    collect(was != nullptr ? was->clips : none, is != nullptr ? is->clips : none, result.clips);
  }
  // A clip that changed lanes was seen twice.
  std::sort(result.clips.begin(), result.clips.end());
  result.clips.erase(std::unique(result.clips.begin(), result.clips.end()), result.clips.end());
  return result;
}

} // namespace kinora::document
