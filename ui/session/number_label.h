// SPDX-License-Identifier: Apache-2.0
// Numbers that change without jitter: every digit stands in a cell as wide as the widest one.
#pragma once

#include <QFontMetricsF>
#include <QLabel>

class QPainter;

namespace kinora::ui {

// Width of the text with its digits in equal cells.
[[nodiscard]] double fixedDigitWidth(const QFontMetricsF& metrics, const QString& text);
// Draws it so, with the painter's font and pen, the baseline at the point.
void drawFixedDigits(QPainter& painter, QPointF baseline, const QString& text);

// [gui] One line of plain text, left aligned and centred in its height; always read from left to right.
class NumberLabel : public QLabel {
  Q_OBJECT
 public:
  explicit NumberLabel(QWidget* parent = nullptr);

  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;
};

} // namespace kinora::ui
