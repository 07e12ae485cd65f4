// SPDX-License-Identifier: Apache-2.0
// Draw path: a drag records where and when; the picture follows while it happens.
#pragma once

#include <optional>
#include <vector>

#include "ui/canvas/canvas_tool.h"

namespace kinora::ui {

// Each stroke makes a path of a group (object) of its own. With Ctrl held over the object of the selected path it joins
// that object instead. A stroke longer than the rest of the take is fitted into it.
class DrawPathTool : public CanvasTool {
 public:
  using CanvasTool::CanvasTool;

  // What is being recorded, for the badge and the generator's ghost.
  struct Recording {
    TrackId track;
    Duration elapsed;
    const std::vector<document::TrackPoint>* points = nullptr;
    Time start;
  };
  [[nodiscard]] std::optional<Recording> recording() const;
  // Of the path that is being recorded.
  [[nodiscard]] const std::string& name() const { return track_.name; }

  void press(const CanvasPointer& pointer) override;
  void move(const CanvasPointer& pointer) override;
  void release(const CanvasPointer& pointer) override;
  void timeout() override;
  bool cancel() override;
  void finish() override;
  [[nodiscard]] bool isBusy() const override { return state_ != State::Idle; }
  void paint(QPainter& painter, const OverlayStyle& style) const override;
  [[nodiscard]] Qt::CursorShape cursor() const override { return Qt::BlankCursor; }
  [[nodiscard]] double ringRadius() const override;

 private:
  enum class State { Idle, Drawing, Lifted };
  void append(const CanvasPointer& pointer);
  void send(session::ControlPhase phase, std::int64_t stampNs);
  void end();
  [[nodiscard]] bool isDot() const;

  State state_ = State::Idle;
  document::Track track_; // what will be added; its points grow
  std::int64_t pressedMs_ = 0;
  std::int64_t lastStampNs_ = 0;
};

} // namespace kinora::ui
