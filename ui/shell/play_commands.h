// SPDX-License-Identifier: Apache-2.0
// The Play menu, and the keys whose meaning depends on focus: Space, the arrows, Home and End.
#pragma once

#include <QElapsedTimer>
#include <QObject>

#include "engine/base/time.h"
#include "ui/session/ui_context.h"

class QKeyEvent;
class QWidget;

namespace kinora::ui {

// [gui] A filter on the application: space pressed and released within 250 ms without a drag plays, also with the focus
// on a button that got it from the mouse; in text fields it types; on a control reached by keyboard it activates.
class PlayCommands : public QObject {
  Q_OBJECT
 public:
  PlayCommands(const UiContext& context, QWidget& window);
  ~PlayCommands() override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void shuttle(double direction);
  void toEdit(bool forward);
  void mark(bool in);
  [[nodiscard]] Time lastFrame() const;
  [[nodiscard]] bool keyPress(QKeyEvent& event);
  [[nodiscard]] bool plainKey(const QKeyEvent& event);

  UiContext context_;
  QWidget& window_;
  QElapsedTimer spaceSince_; // invalid: space is not down
  bool focusByKeyboard_ = false;
};

// True for widgets in which keys write text.
[[nodiscard]] bool takesText(const QWidget* widget);

} // namespace kinora::ui
