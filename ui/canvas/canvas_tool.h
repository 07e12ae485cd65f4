// SPDX-License-Identifier: Apache-2.0
// One tool of the canvas: a state machine over pointer events that ends each gesture with one undo step or none.
#pragma once

#include <memory>

#include <QCursor>

#include "ui/canvas/canvas_context.h"

class QPainter;

namespace kinora::ui {

struct OverlayStyle;

// [gui] Every function. Created once per canvas; the context outlives the tool.
class CanvasTool {
 public:
  explicit CanvasTool(CanvasContext& context) : context_(context) {}
  virtual ~CanvasTool() = default;
  CanvasTool(const CanvasTool&) = delete;
  CanvasTool& operator=(const CanvasTool&) = delete;

  virtual void press(const CanvasPointer& pointer) = 0;
  virtual void move(const CanvasPointer& pointer) = 0; // with the button held
  virtual void release(const CanvasPointer& pointer) = 0;
  virtual void hover(const CanvasPointer& pointer) { (void)pointer; } // without a button
  virtual void doubleClick(const CanvasPointer& pointer) { press(pointer); }
  // Qt::Key; true when the key was used.
  virtual bool key(int key, Qt::KeyboardModifiers modifiers) {
    (void)key;
    (void)modifiers;
    return false;
  }
  virtual void timeout() {}
  // Drops the gesture under way and restores everything. True when there was one.
  virtual bool cancel() = 0;
  // Ends the gesture under way, or what waits for more (a lifted pen, an open click path), as if it were finished: no
  // stroke is lost. Called before a change of tool and when the pointer goes away.
  virtual void finish() { cancel(); }
  [[nodiscard]] virtual bool isBusy() const = 0;
  // Painted over the tracks, in logical pixels of the canvas.
  virtual void paint(QPainter& painter, const OverlayStyle& style) const {
    (void)painter;
    (void)style;
  }
  [[nodiscard]] virtual Qt::CursorShape cursor() const { return Qt::ArrowCursor; }
  // Radius in canvas pixels of the ring drawn at the pointer; 0 = none.
  [[nodiscard]] virtual double ringRadius() const { return 0; }

 protected:
  CanvasContext& context_;
};

// The tool of a kind.
[[nodiscard]] std::unique_ptr<CanvasTool> makeCanvasTool(Tool tool, CanvasContext& context);

} // namespace kinora::ui
