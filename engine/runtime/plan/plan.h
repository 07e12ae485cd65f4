// SPDX-License-Identifier: Apache-2.0
// A document as the loops see it: what is on screen at a frame, from which source, at which place. Immutable; a new
// plan keeps every node of the one before whose take did not change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/base/geometry.h"
#include "engine/base/time.h"
#include "engine/document/document.h"
#include "engine/runtime/export_request.h"
#include "engine/runtime/plan/model_table.h"
#include "engine/runtime/plan/node.h"

namespace kinora::runtime {

// Where a picture goes: a rectangle in pixels of the plan's area.
struct Placement {
  std::int32_t x = 0;
  std::int32_t y = 0;
  Size size;
  float opacity = 1;

  friend constexpr bool operator==(const Placement&, const Placement&) = default;
};

enum class SourceKind : std::uint8_t { Picture, Video, Take };

// One clip at one moment.
struct Layer {
  document::ClipPtr clip;
  SourceKind kind = SourceKind::Picture;
  std::shared_ptr<const document::MediaItem> media; // Picture and Video
  GenerationNodePtr node;                           // Take
  Time sourceTime;                                  // within the media or take
  std::int64_t takeFrame = 0;                       // Take: index of its frame
  Placement placement;
};

class Plan;
using PlanPtr = std::shared_ptr<const Plan>;

// Frames [first, end) of the timeline.
struct FrameRange {
  std::int64_t first = 0;
  std::int64_t end = 0;

  [[nodiscard]] constexpr std::int64_t count() const { return end - first; }
  friend constexpr bool operator==(FrameRange, FrameRange) = default;
};

// Where the document's frame is seen within the finished picture.
struct FrameArea {
  std::int32_t x = 0;
  std::int32_t y = 0;
  Size size;

  friend constexpr bool operator==(const FrameArea&, const FrameArea&) = default;
};

class Plan {
 public:
  // [any] previous may be null. size: instead of the document's frame (export in another size; framing says how a
  // frame of another shape goes into it). A take whose picture is not in the document has no node and shows nothing.
  [[nodiscard]] static PlanPtr build(document::DocumentPtr document, const PlanPtr& previous, const ModelTable& models,
                                     std::optional<Size> size = {}, Framing framing = Framing::Fit);

  [[nodiscard]] const document::DocumentPtr& document() const { return document_; }
  // Of the finished picture; what lies outside its area is black.
  [[nodiscard]] Size frameSize() const { return size_; }
  [[nodiscard]] FrameArea area() const { return area_; }
  [[nodiscard]] FrameRate rate() const { return document_->frame.rate; }
  [[nodiscard]] std::int64_t frameCount() const { return frameCount_; }
  // What playback runs through: in to out where marks are set, else everything. Empty for an empty timeline.
  [[nodiscard]] FrameRange playRange() const { return range_; }

  // What is on screen at a frame, lowest layer first.
  [[nodiscard]] std::vector<Layer> layersAt(std::int64_t frame) const;
  // Null when there is none.
  [[nodiscard]] GenerationNodePtr node(TakeId take) const;
  [[nodiscard]] bool hasKey(const ContentKey& key) const { return byKey_.contains(key); }
  [[nodiscard]] const std::unordered_map<TakeId, GenerationNodePtr>& nodes() const { return nodes_; }
  // The frame of the timeline that shows a take's frame: in the clip at `near` if that shows the take, else in the
  // first that does; nothing when no clip does.
  [[nodiscard]] std::optional<std::int64_t> timelineFrame(TakeId take, std::int64_t takeFrame, std::int64_t near) const;

 private:
  Plan() = default;
  [[nodiscard]] Placement place(const document::Clip& clip, Size source) const;

  document::DocumentPtr document_;
  Size size_;
  FrameArea area_;
  Size canvas_; // the document's frame in pixels of the area, which may cut it off
  std::int64_t frameCount_ = 0;
  FrameRange range_;
  std::uint64_t modelsVersion_ = 0;
  std::unordered_map<MediaId, std::shared_ptr<const document::MediaItem>> media_;
  std::unordered_map<TakeId, GenerationNodePtr> nodes_;
  std::unordered_map<TakeId, document::TakePtr> takes_; // the value that each node was made of
  std::unordered_map<ContentKey, TakeId> byKey_;
};

} // namespace kinora::runtime
