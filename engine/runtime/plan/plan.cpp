// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/plan/plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kinora::runtime {
namespace {

// Start times of frames are rounded up to whole ticks, so differences of two may fall short by one.
constexpr Duration kRounding{2};

// The clip of a lane that covers t, or none.
document::ClipPtr clipAt(const document::Lane& lane, Time t) {
  const auto after = std::upper_bound(lane.clips.begin(), lane.clips.end(), t,
                                      [](Time time, const document::ClipPtr& clip) { return time < clip->start; });
  if (after == lane.clips.begin())
    return nullptr;
  const document::ClipPtr& clip = *std::prev(after);
  return clip->range().contains(t) ? clip : nullptr;
}

// How much larger than fitted each take is shown at most; takes that are never enlarged are not in it.
std::unordered_map<TakeId, float> largestScales(const document::Document& document) {
  std::unordered_map<TakeId, float> scales;
  for (const document::LanePtr& lane : document.lanes)
    for (const document::ClipPtr& clip : lane->clips)
      if (clip->kind == document::ClipKind::Take && clip->scale > 1) {
        float& scale = scales[clip->take];
        scale = std::max(scale, clip->scale);
      }
  return scales;
}

} // namespace

PlanPtr Plan::build(document::DocumentPtr document, const PlanPtr& previous, const ModelTable& models,
                    std::optional<Size> size, Framing framing) {
  const std::shared_ptr<Plan> plan(new Plan);
  plan->modelsVersion_ = models.version();
  plan->size_ = size.value_or(document->frame.size);
  if (framing == Framing::Fit) {
    plan->canvas_ = fitInside(document->frame.size, plan->size_);
    plan->area_ = {(plan->size_.width - plan->canvas_.width) / 2, (plan->size_.height - plan->canvas_.height) / 2,
                   plan->canvas_};
  } else {
    plan->canvas_ = coverOf(document->frame.size, plan->size_);
    plan->area_ = {0, 0, plan->size_};
  }
  const FrameRate rate = document->frame.rate;
  plan->frameCount_ = rate.framesIn(document->length());
  plan->range_ = {0, plan->frameCount_};
  if (document->markIn < document->markOut) {
    const FrameRange marks{rate.framesIn(document->markIn - Time{}),
                           std::min(plan->frameCount_, rate.framesIn(document->markOut - Time{}))};
    if (marks.count() > 0)
      plan->range_ = marks;
  }
  for (const auto& item : document->media)
    plan->media_.emplace(item->id, item);
  const auto scales = largestScales(*document);

  const bool sameGrid = previous && previous->rate() == rate && previous->modelsVersion_ == plan->modelsVersion_;
  for (const document::TakePtr& take : document->takes) {
    const auto item = plan->media_.find(take->picture);
    if (item == plan->media_.end())
      continue;
    const auto scale = scales.find(take->id);
    const Size outputSize =
        renderSize(item->second->size, plan->canvas_, scale == scales.end() ? 1.0 : static_cast<double>(scale->second));
    GenerationNodePtr before;
    bool unchanged = false;
    if (previous) {
      before = previous->node(take->id);
      const auto oldTake = previous->takes_.find(take->id);
      const auto oldItem = previous->media_.find(take->picture);
      unchanged = before && sameGrid && before->outputSize == outputSize && oldTake != previous->takes_.end() &&
                  oldTake->second == take && oldItem != previous->media_.end() && oldItem->second == item->second;
    }
    GenerationNodePtr node = before;
    if (!unchanged) {
      const std::optional<std::int32_t> revision = models.revision(take->model);
      node = makeNode(*take, *item->second, outputSize, rate, revision ? &*revision : nullptr, before);
      // Another name or colour changes no pixel: the old node goes on, with everything known about it.
      if (before && !node->key.isNull() && before->key == node->key && before->picture == node->picture)
        node = before;
    }
    plan->takes_.emplace(take->id, take);
    if (!node->key.isNull())
      plan->byKey_.emplace(node->key, take->id);
    plan->nodes_.emplace(take->id, std::move(node));
  }
  plan->document_ = std::move(document);
  return plan;
}

Placement Plan::place(const document::Clip& clip, Size source) const {
  const Size fitted = fitInside(source, canvas_);
  const auto scaled = [&clip](std::int32_t side) {
    return static_cast<std::int32_t>(
        std::clamp<long>(std::lround(static_cast<double>(side) * clip.scale), 1L, kMaxImageSide));
  };
  // Offsets are in pixels of the document's frame, which an export may scale.
  const double ratio = static_cast<double>(canvas_.width) / std::max(1, document_->frame.size.width);
  Placement placement;
  placement.size = {scaled(fitted.width), scaled(fitted.height)};
  const auto offset = [ratio](float value) {
    return static_cast<std::int32_t>(std::lround(std::clamp(value * ratio, -1e6, 1e6)));
  };
  placement.x = (area_.size.width - placement.size.width) / 2 + offset(clip.position.x);
  placement.y = (area_.size.height - placement.size.height) / 2 + offset(clip.position.y);
  placement.opacity = std::clamp(clip.opacity, 0.F, 1.F);
  return placement;
}

std::vector<Layer> Plan::layersAt(std::int64_t frame) const {
  std::vector<Layer> layers;
  const Time t = rate().timeOf(frame);
  const auto& lanes = document_->lanes;
  for (auto lane = lanes.rbegin(); lane != lanes.rend(); ++lane) {
    if ((*lane)->kind != document::LaneKind::Picture || !(*lane)->enabled)
      continue;
    document::ClipPtr clip = clipAt(**lane, t);
    if (!clip)
      continue;
    Layer layer;
    layer.sourceTime = Time{} + clip->sourceIn + (t - clip->start);
    Size source;
    if (clip->kind == document::ClipKind::Take) {
      layer.kind = SourceKind::Take;
      layer.node = node(clip->take);
      if (!layer.node)
        continue;
      layer.takeFrame =
          std::clamp<std::int64_t>(rate().frameAt(layer.sourceTime + kRounding), 0, layer.node->frameCount - 1);
      source = layer.node->pictureSize;
    } else {
      const auto item = media_.find(clip->media);
      if (item == media_.end() || item->second->kind == document::MediaKind::Sound)
        continue;
      layer.media = item->second;
      layer.kind = layer.media->kind == document::MediaKind::Video ? SourceKind::Video : SourceKind::Picture;
      layer.sourceTime = layer.sourceTime + kRounding;
      source = layer.media->size;
    }
    layer.placement = place(*clip, source);
    if (layer.placement.opacity <= 0)
      continue;
    layer.clip = std::move(clip);
    layers.push_back(std::move(layer));
  }
  return layers;
}

GenerationNodePtr Plan::node(TakeId take) const {
  const auto it = nodes_.find(take);
  return it == nodes_.end() ? nullptr : it->second;
}

std::optional<std::int64_t> Plan::timelineFrame(TakeId take, std::int64_t takeFrame, std::int64_t near) const {
  const Time nearTime = rate().timeOf(near);
  document::ClipPtr chosen;
  for (const document::LanePtr& lane : document_->lanes) {
    if (lane->kind != document::LaneKind::Picture || !lane->enabled)
      continue;
    if (const document::ClipPtr under = clipAt(*lane, nearTime);
        under && under->kind == document::ClipKind::Take && under->take == take) {
      chosen = under;
      break;
    }
    if (!chosen)
      for (const document::ClipPtr& clip : lane->clips)
        if (clip->kind == document::ClipKind::Take && clip->take == take) {
          chosen = clip;
          break;
        }
  }
  if (!chosen)
    return std::nullopt;
  const Time t = chosen->start + ((rate().timeOf(takeFrame) - Time{}) - chosen->sourceIn) + kRounding;
  const std::int64_t first = rate().framesIn(chosen->start - Time{});
  const std::int64_t last = std::max(first, rate().framesIn(chosen->range().end() - Time{}) - 1);
  return std::clamp(rate().frameAt(t), first, last);
}

} // namespace kinora::runtime
