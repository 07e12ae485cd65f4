// SPDX-License-Identifier: Apache-2.0
#include "ui/timeline/cache_legend.h"

#include <array>
#include <utility>

#include <QPainter>

namespace kinora::ui {
namespace {

constexpr int kBar = 18; // width of a pattern
constexpr int kGap = 6;
constexpr int kBetween = 16;

// 45 degree lines: every `step` pixels, crossed when failed.
QPixmap hatch(const QColor& colour, int step, double width, bool crossed) {
  QPixmap tile(step, step);
  tile.fill(Qt::transparent);
  QPainter painter(&tile);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(colour, width));
  for (int i = -1; i <= 1; ++i) {
    painter.drawLine(QPointF(i * step, step), QPointF((i + 1) * step, 0));
    if (crossed)
      painter.drawLine(QPointF(i * step, 0), QPointF((i + 1) * step, step));
  }
  return tile;
}

std::array<std::pair<runtime::SpanState, QString>, 4> words() {
  using enum runtime::SpanState;
  return {{{Ready, CacheLegend::tr("ready")},
           {Generating, CacheLegend::tr("generating")},
           {NeedsWork, CacheLegend::tr("needs work")},
           {Failed, CacheLegend::tr("failed")}}};
}

} // namespace

QBrush cacheBrush(const Theme& theme, runtime::SpanState state, double shift) {
  switch (state) {
  case runtime::SpanState::Ready:
    return QBrush(theme.color("cache.cached"));
  case runtime::SpanState::Generating: {
    QBrush brush(hatch(theme.color("cache.rendering"), 4, 1.4, false));
    brush.setTransform(QTransform::fromTranslate(shift, 0));
    return brush;
  }
  case runtime::SpanState::NeedsWork:
    return QBrush(hatch(theme.color("cache.dirty"), 8, 1.6, false));
  case runtime::SpanState::Failed:
    break;
  }
  return QBrush(hatch(theme.color("cache.error"), 4, 1.2, true));
}

CacheLegend::CacheLegend(const ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  setAccessibleName(tr("Patterns of the line under the ruler"));
  connect(&theme_, &ThemeSource::changed, this, [this] {
    updateGeometry();
    update();
  });
}

QSize CacheLegend::sizeHint() const {
  const QFontMetrics metrics(theme_.current().font(Theme::Text::Micro));
  int width = 0;
  for (const auto& [state, word] : words())
    width += kBar + kGap + metrics.horizontalAdvance(word) + kBetween;
  return {width, metrics.height()};
}

void CacheLegend::paintEvent(QPaintEvent*) {
  const Theme& theme = theme_.current();
  QPainter painter(this);
  painter.setFont(theme.font(Theme::Text::Micro));
  painter.setPen(theme.color("text.secondary"));
  int x = kBetween; // from the title before it
  for (const auto& [state, word] : words()) {
    painter.fillRect(QRect(x, height() / 2 - 2, kBar, 4), cacheBrush(theme, state));
    x += kBar + kGap;
    const int wide = painter.fontMetrics().horizontalAdvance(word);
    painter.drawText(QRect(x, 0, wide + 2, height()), Qt::AlignVCenter | Qt::AlignLeft, word);
    x += wide + kBetween;
  }
}

} // namespace kinora::ui
