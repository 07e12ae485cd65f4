// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/tool_strip.h"

#include <utility>

#include <QApplication>
#include <QFrame>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/session/action_table.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

constexpr int kHoldMs = 350; // a letter held for longer lends its tool
constexpr int kSameKeyMs = 40;

QIcon swatch(const QColor& colour, int side) {
  QPixmap picture(side, side);
  picture.fill(Qt::transparent);
  QPainter painter(&picture);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(colour);
  painter.setPen(Qt::NoPen);
  painter.drawRoundedRect(QRectF(1, 1, side - 2, side - 2), 4, 4);
  painter.end();
  QIcon icon(picture);
  icon.addPixmap(picture, QIcon::Selected);
  return icon;
}

// The palette's names as people read them.
QString colourName(const QString& id) {
  static const std::pair<const char*, const char*> names[] = {
      {"amber", QT_TRANSLATE_NOOP("Canvas", "Amber")}, {"sky", QT_TRANSLATE_NOOP("Canvas", "Sky")},
      {"mint", QT_TRANSLATE_NOOP("Canvas", "Mint")},   {"pink", QT_TRANSLATE_NOOP("Canvas", "Pink")},
      {"coral", QT_TRANSLATE_NOOP("Canvas", "Coral")}, {"violet", QT_TRANSLATE_NOOP("Canvas", "Violet")},
      {"lemon", QT_TRANSLATE_NOOP("Canvas", "Lemon")}, {"white", QT_TRANSLATE_NOOP("Canvas", "White")}};
  for (const auto& [key, name] : names)
    if (id == QLatin1String(key))
      return QCoreApplication::translate("Canvas", name);
  return id;
}

} // namespace

const std::vector<ToolEntry>& canvasTools() {
  static const std::vector<ToolEntry> tools{
      {"paint.tool.select", Tool::Select, false},    {"paint.tool.editPoints", Tool::EditPoints, false},
      {"paint.tool.drawPath", Tool::DrawPath, true}, {"paint.tool.clickPath", Tool::ClickPath, false},
      {"paint.tool.pin", Tool::Pin, false},          {"paint.tool.camera", Tool::Camera, true},
      {"paint.tool.mask", Tool::MaskBrush, false},   {"paint.tool.eraser", Tool::MaskEraser, false},
      {"paint.tool.hand", Tool::Hand, true},         {"paint.tool.zoom", Tool::Zoom, false},
  };
  return tools;
}

ToolStrip::ToolStrip(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), colour_(new QToolButton(this)), now_(context.paint.tool()), previous_(now_) {
  setProperty("surface", "panel");
  setAttribute(Qt::WA_StyledBackground);
  setAccessibleName(tr("Tools"));
  const Theme& theme = context_.theme.current();
  setFixedWidth(theme.px(44));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(4, 8, 4, 8);
  column->setSpacing(4);
  for (const ToolEntry& entry : canvasTools()) {
    if (entry.beginsGroup) {
      auto* line = new QFrame(this);
      line->setProperty("line", "h");
      column->addWidget(line);
    }
    QAction& action = context_.actions[entry.action];
    auto* button = new QToolButton(this);
    button->setProperty("tool", true);
    button->setDefaultAction(&action);
    button->setIconSize(QSize(theme.px(20), theme.px(20)));
    button->setFixedSize(theme.px(36), theme.px(34));
    button->setAccessibleName(action.text());
    button->setFocusPolicy(Qt::TabFocus);
    column->addWidget(button, 0, Qt::AlignHCenter);
    action.setAutoRepeat(false);
    connect(&action, &QAction::triggered, this, [this, &action, tool = entry.tool] {
      const QList<QKeySequence> keys = action.shortcuts();
      if (!keys.isEmpty() && keys.front().count() == 1) {
        // Whoever sets the tool may have heard of the key first.
        const bool isNew = now_ != tool || (changed_.isValid() && !changed_.hasExpired(kSameKeyMs));
        before_ = isNew ? std::optional(now_ != tool ? now_ : previous_) : std::nullopt;
        heldKey_ = keys.front()[0].key();
        heldFor_.start();
        qApp->installEventFilter(this);
      }
    });
  }
  column->addStretch(1);
  colour_->setPopupMode(QToolButton::InstantPopup);
  colour_->setFixedSize(theme.px(36), theme.px(34));
  colour_->setToolTip(tr("Colour of the next path"));
  colour_->setAccessibleName(tr("Colour of the next path"));
  colour_->setFocusPolicy(Qt::TabFocus);
  auto* menu = new QMenu(colour_);
  connect(menu, &QMenu::aboutToShow, this, [this, menu] {
    menu->clear();
    const auto choose = [this](const QString& id) {
      PaintOptions options = context_.paint.options();
      options.colour = id;
      context_.paint.setOptions(options);
    };
    menu->addAction(tr("Each path the next colour"), this, [choose] { choose(QString()); });
    for (const TrackColour& colour : context_.theme.current().trackPalette())
      menu->addAction(swatch(context_.theme.current().trackOnPanel(colour.id), 16), colourName(colour.id), this,
                      [choose, id = colour.id] { choose(id); });
  });
  colour_->setMenu(menu);
  column->addWidget(colour_, 0, Qt::AlignHCenter);
  connect(&context_.paint, &PaintSettings::optionsChanged, this, &ToolStrip::showColour);
  connect(&context_.paint, &PaintSettings::toolChanged, this, [this](Tool tool) {
    previous_ = std::exchange(now_, tool);
    changed_.start();
  });
  connect(&context_.theme, &ThemeSource::changed, this, &ToolStrip::showColour);
  showColour();
}

bool ToolStrip::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyRelease) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == heldKey_ && !key->isAutoRepeat()) {
      qApp->removeEventFilter(this);
      heldKey_ = 0;
      if (before_ && heldFor_.hasExpired(kHoldMs))
        context_.paint.setTool(*before_);
      before_.reset();
    }
  }
  return QWidget::eventFilter(watched, event);
}

void ToolStrip::showColour() {
  const QString id = context_.paint.options().colour;
  const Theme& theme = context_.theme.current();
  const int side = theme.px(20);
  if (id.isEmpty()) { // all of them in one tile
    QPixmap picture(side, side);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    const auto& palette = theme.trackPalette();
    const double half = (side - 2) / 2.0;
    for (int i = 0; i < 4; ++i)
      painter.fillRect(QRectF(1 + i % 2 * half, 1 + i / 2 * half, half, half),
                       theme.trackOnPanel(palette[static_cast<std::size_t>(i) % palette.size()].id));
    painter.end();
    colour_->setIcon(QIcon(picture));
  } else {
    colour_->setIcon(swatch(theme.trackOnPanel(id), side));
  }
  colour_->setIconSize(QSize(side, side));
}

} // namespace kinora::ui
