// SPDX-License-Identifier: Apache-2.0
#include <QAbstractItemView>
#include <QApplication>
#include <QHelpEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QStyle>
#include <QToolTip>

#include "ui/session/theme.h"
#include "ui/session/track_model.h"
#include "ui/shell/track_delegate_p.h"

namespace kinora::ui {
namespace {

constexpr int kSwatch = 1;
// From the right: solo, lock, eye.
constexpr int kToggles[] = {TrackModel::SoloRole, TrackModel::LockedRole, TrackModel::EnabledRole};

const char* iconOf(int role, bool on) {
  switch (role) {
  case TrackModel::EnabledRole:
    return on ? "eye" : "eye-off";
  case TrackModel::LockedRole:
    return on ? "lock" : "unlock";
  default:
    return "solo";
  }
}

} // namespace

TrackDelegate::TrackDelegate(const ThemeSource& theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

QRect TrackDelegate::toggle(const QRect& row, int fromRight) const {
  const int side = theme_.current().px(24);
  return {row.right() + 1 - side * (fromRight + 1), row.center().y() - side / 2, side, side};
}

QRect TrackDelegate::swatch(const QRect& row) const {
  const int width = theme_.current().px(14);
  const int height = theme_.current().px(12);
  return {row.left() + 4, row.center().y() - height / 2, width, height};
}

int TrackDelegate::hit(const QRect& row, QPoint at) const {
  at = QStyle::visualPos(QGuiApplication::layoutDirection(), row, at);
  for (int i = 0; i < 3; ++i)
    if (toggle(row, i).contains(at))
      return kToggles[i];
  return swatch(row).adjusted(-4, -6, 4, 6).contains(at) ? kSwatch : 0;
}

QSize TrackDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const {
  return {theme_.current().px(160), theme_.current().px(26)};
}

void TrackDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const Theme& theme = theme_.current();
  const bool selected = option.state.testFlag(QStyle::State_Selected);
  const bool enabled = index.data(TrackModel::EnabledRole).toBool() || !index.data(TrackModel::EnabledRole).isValid();
  const QColor text = selected ? theme.color("select.on") : theme.color(enabled ? "text.primary" : "text.muted");
  const QColor quiet = theme.color(selected ? "select.on" : "text.muted");
  const double ratio = painter->device()->devicePixelRatioF();
  const QRect& row = option.rect;
  // Places are worked out from left to right and mirrored when they are drawn.
  const auto placed = [&](const QRect& place) { return QStyle::visualRect(option.direction, row, place); };

  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  if (selected)
    painter->fillRect(row, theme.color("select.bg"));
  else if (option.state.testFlag(QStyle::State_MouseOver))
    painter->fillRect(row, theme.color("bg.hover"));

  const auto kind = static_cast<TrackRow>(index.data(TrackModel::RowRole).toInt());
  const QRect mark = swatch(row);
  if (kind == TrackRow::Track) {
    painter->setPen(selected ? QPen(theme.color("select.on"), 1) : QPen(Qt::NoPen));
    painter->setBrush(theme.trackOnPanel(index.data(TrackModel::ColourRole).toString()));
    painter->drawRoundedRect(QRectF(placed(mark)).adjusted(.5, .5, -.5, -.5), 3, 3);
  } else {
    const char* icon = kind == TrackRow::Motion ? "folder" : kind == TrackRow::Pins ? "pin" : "camera-rig";
    const int side = theme.px(16);
    painter->drawPixmap(
        placed({mark.left() - 1, row.center().y() - side / 2, side, side}),
        theme.pixmap(icon, selected ? theme.color("select.on") : theme.color("text.secondary"), side, ratio));
  }

  int right = row.right() + 1;
  if (index.data(TrackModel::EnabledRole).isValid()) {
    for (int i = 0; i < 3; ++i) {
      const int role = kToggles[i];
      const bool on = index.data(role).toBool();
      const bool remarkable = role == TrackModel::EnabledRole ? !on : on; // differs from the usual
      const bool strong = role == TrackModel::EnabledRole || remarkable;
      const QColor tint = selected ? theme.color("select.on") : theme.color(strong ? "text.primary" : "text.disabled");
      const QRect place = toggle(row, i);
      const int side = theme.px(15);
      if (remarkable && role == TrackModel::SoloRole) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme.color("fill.info"));
        painter->drawRoundedRect(placed(place).adjusted(2, 2, -2, -2), 4, 4);
      }
      painter->setOpacity(selected && !strong ? .6 : 1);
      painter->drawPixmap(placed({place.center().x() - side / 2, place.center().y() - side / 2, side, side}),
                          theme.pixmap(iconOf(role, on), tint, side, ratio));
      painter->setOpacity(1);
      right = place.left();
    }
  } else {
    right -= theme.px(24) * 3;
  }

  const QString detail = index.data(TrackModel::DetailRole).toString();
  painter->setFont(theme.font(Theme::Text::Small));
  painter->setPen(quiet);
  const QRect detailRect(row.left(), row.top(), right - row.left() - 4, row.height());
  painter->drawText(placed(detailRect), Qt::AlignRight | Qt::AlignVCenter, detail);
  const int detailWidth = painter->fontMetrics().horizontalAdvance(detail);

  painter->setFont(theme.font(Theme::Text::Body, selected ? QFont::Medium : QFont::Normal));
  painter->setPen(text);
  const int left = mark.right() + theme.px(8);
  const QRect nameRect(left, row.top(), right - left - detailWidth - 12, row.height());
  painter->drawText(placed(nameRect), Qt::AlignVCenter | Qt::AlignLeft,
                    painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, nameRect.width()));
  if (option.state.testFlag(QStyle::State_HasFocus) && option.state.testFlag(QStyle::State_KeyboardFocusChange)) {
    painter->setPen(QPen(theme.color("focus.ring"), 2));
    painter->setBrush(Qt::NoBrush);
    painter->drawRect(row.adjusted(1, 1, -1, -1));
  }
  painter->restore();
}

void TrackDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                         const QModelIndex&) const {
  const int left = swatch(option.rect).right() + 4;
  const QRect place(left, option.rect.top(), toggle(option.rect, 2).left() - left, option.rect.height());
  editor->setGeometry(QStyle::visualRect(option.direction, option.rect, place));
}

bool TrackDelegate::editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                                const QModelIndex& index) {
  if (event->type() != QEvent::MouseButtonPress && event->type() != QEvent::MouseButtonDblClick &&
      event->type() != QEvent::MouseButtonRelease)
    return false;
  const auto* mouse = static_cast<QMouseEvent*>(event);
  const int what = hit(option.rect, mouse->pos());
  if (mouse->button() != Qt::LeftButton || what == 0 || !index.data(TrackModel::EnabledRole).isValid())
    return false;
  const bool track = static_cast<TrackRow>(index.data(TrackModel::RowRole).toInt()) == TrackRow::Track;
  if (what == kSwatch && !track)
    return false;
  if (event->type() != QEvent::MouseButtonPress)
    return true; // belongs to the press
  if (what != kSwatch) {
    model->setData(index, !index.data(what).toBool(), what);
    return true;
  }
  QMenu menu;
  const QPersistentModelIndex row(index);
  for (const TrackColour& colour : theme_.current().trackPalette()) {
    QPixmap pixmap(14, 14);
    pixmap.fill(theme_.current().trackOnPanel(colour.id));
    QAction* entry = menu.addAction(QIcon(pixmap), colour.id);
    entry->setCheckable(true);
    entry->setChecked(colour.id == index.data(TrackModel::ColourRole).toString());
    entry->setData(colour.id);
  }
  if (const QAction* chosen = menu.exec(mouse->globalPosition().toPoint()); chosen != nullptr && row.isValid())
    model->setData(row, chosen->data(), TrackModel::ColourRole);
  return true;
}

bool TrackDelegate::helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
                              const QModelIndex& index) {
  QString text;
  if (index.data(TrackModel::EnabledRole).isValid()) {
    switch (hit(option.rect, event->pos())) {
    case TrackModel::EnabledRole:
      text = index.data(TrackModel::EnabledRole).toBool() ? tr("Hide") : tr("Show");
      break;
    case TrackModel::LockedRole:
      text = index.data(TrackModel::LockedRole).toBool() ? tr("Unlock") : tr("Lock");
      break;
    case TrackModel::SoloRole:
      text = tr("Solo: only these paths act");
      break;
    case kSwatch:
      text = tr("Colour");
      break;
    default:
      text = index.data().toString();
    }
  }
  QToolTip::showText(event->globalPos(), text, view);
  return true;
}

} // namespace kinora::ui
