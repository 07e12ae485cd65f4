// SPDX-License-Identifier: Apache-2.0
// How far the pictures of a span are, as a colour and a pattern; and the words for it.
#pragma once

#include <QBrush>
#include <QWidget>

#include "engine/runtime/event.h"
#include "ui/session/theme.h"

namespace kinora::ui {

// shift: pixels by which the pattern has moved, for spans that are being made.
[[nodiscard]] QBrush cacheBrush(const Theme& theme, runtime::SpanState state, double shift = 0);

// [gui] "ready · generating · needs work · failed", each beside its pattern.
class CacheLegend : public QWidget {
  Q_OBJECT
 public:
  explicit CacheLegend(const ThemeSource& theme, QWidget* parent = nullptr);
  [[nodiscard]] QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  const ThemeSource& theme_;
};

} // namespace kinora::ui
