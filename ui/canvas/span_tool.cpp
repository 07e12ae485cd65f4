// SPDX-License-Identifier: Apache-2.0
// A drag over the focused path hides that span ("goes behind") or shows it again.
#include <QCoreApplication>

#include <algorithm>

#include "ui/canvas/tools_p.h"
#include "ui/canvas/track_geometry.h"

namespace kinora::ui {
namespace {

constexpr double kReachPx = 40;

class SpanTool final : public CanvasTool {
 public:
  SpanTool(CanvasContext& context, bool visible) : CanvasTool(context), visible_(visible) {}

  void press(const CanvasPointer& pointer) override {
    const document::TakePtr take = context_.take();
    const std::vector<TrackId> selected = context_.selectedTracks();
    if (!take)
      return;
    bool isPath = false;
    for (const document::TrackPtr& track : take->tracks)
      if (!selected.empty() && track->id == selected.back() && track->kind == document::TrackKind::Path) {
        isPath = true;
        if (const auto hit = hitTrack(*track, context_.mapping(), pointer.view, kReachPx)) {
          take_ = take->id;
          track_ = track;
          from_ = to_ = shownTime(*track, hit->at);
        }
      }
    if (!isPath)
      context_.tell(QCoreApplication::translate("Canvas", "Select the path of which a part goes behind."));
  }
  void move(const CanvasPointer& pointer) override {
    if (!track_ || !follow(pointer))
      return;
    if (!before_)
      before_ = context_.document();
    context_.preview(edited(), text());
  }
  void release(const CanvasPointer& pointer) override {
    if (!track_)
      return;
    move(pointer);
    finish();
  }
  void finish() override {
    if (before_)
      context_.commit(edited(), text());
    track_.reset();
    before_.reset();
  }
  bool cancel() override {
    if (!track_)
      return false;
    if (before_)
      context_.dropPreview();
    track_.reset();
    before_.reset();
    return true;
  }
  [[nodiscard]] bool isBusy() const override { return track_ != nullptr; }
  [[nodiscard]] Qt::CursorShape cursor() const override { return Qt::CrossCursor; }

 private:
  bool follow(const CanvasPointer& pointer) {
    const auto hit = hitTrack(*track_, context_.mapping(), pointer.view, kReachPx);
    if (hit)
      to_ = shownTime(*track_, hit->at);
    return hit && from_ != to_;
  }
  [[nodiscard]] Result<document::DocumentPtr> edited() const {
    const Time start = std::min(from_, to_);
    return document::edit::setTrackVisibility(before_, take_, track_->id, {start, std::max(from_, to_) - start},
                                              visible_);
  }
  [[nodiscard]] QString text() const {
    return visible_ ? QCoreApplication::translate("Canvas", "Show span")
                    : QCoreApplication::translate("Canvas", "Hide span");
  }

  bool visible_;
  document::DocumentPtr before_; // once something is shown
  TakeId take_;
  document::TrackPtr track_; // while the button is held
  Time from_;
  Time to_;
};

} // namespace

std::unique_ptr<CanvasTool> makeSpanTool(CanvasContext& context, bool visible) {
  return std::make_unique<SpanTool>(context, visible);
}

} // namespace kinora::ui
