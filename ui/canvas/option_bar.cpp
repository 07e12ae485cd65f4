// SPDX-License-Identifier: Apache-2.0
#include "ui/canvas/option_bar.h"

#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLayout>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>

#include "ui/canvas/tool_strip.h"
#include "ui/session/action_table.h"
#include "ui/session/theme.h"

namespace kinora::ui {

OptionBar::OptionBar(const UiContext& context, QWidget* parent) : QToolBar(parent), context_(context) {
  const Theme& theme = context_.theme.current();
  setMovable(false);
  setFloatable(false);
  setIconSize(QSize(theme.px(18), theme.px(18)));
  setFixedHeight(theme.px(38));
  setAccessibleName(tr("Options of the tool"));
  setProperty("surface", "panel");
  setAttribute(Qt::WA_StyledBackground);
  layout()->setContentsMargins(12, 0, 8, 0);
  layout()->setSpacing(8);

  title_ = new QLabel(this);
  title_->setProperty("weight", "semibold");
  addWidget(title_);
  grip_ = addNumber(tr("Grip"), tr(" px"), 1, 400, &PaintOptions::grip, 1, gripped_);
  brush_ = addNumber(tr("Size"), tr(" px"), 1, 4000, &PaintOptions::brushSize, 1, masking_);
  smooth_ = addNumber(tr("Smooth"), tr(" %"), 0, 100, &PaintOptions::smooth, 0.01F, drawing_);
  auto* records = new QLabel(tr("Records"), this);
  records->setProperty("tone", "secondary");
  drawing_.push_back(addWidget(records));
  records_ = new QComboBox(this);
  records_->addItems({tr("As drawn"), tr("Constant speed"), tr("To clip length")});
  records_->setAccessibleName(tr("Records"));
  connect(records_, &QComboBox::activated, this,
          [this](int index) { change([index](PaintOptions& o) { o.records = static_cast<RecordMode>(index); }); });
  drawing_.push_back(addWidget(records_));
  follow_ = new QCheckBox(tr("Follow while drawing"), this);
  connect(follow_, &QCheckBox::clicked, this, [this](bool on) { change([on](PaintOptions& o) { o.follow = on; }); });
  drawing_.push_back(addWidget(follow_));

  auto* space = new QWidget(this);
  space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  addWidget(space);
  auto* view = new QLabel(tr("View"), this);
  view->setProperty("tone", "secondary");
  addWidget(view);
  view_ = new QComboBox(this);
  view_->addItems({tr("Result"), tr("Picture"), tr("Side by side")});
  view_->setAccessibleName(tr("View"));
  connect(view_, &QComboBox::activated, this,
          [this](int index) { change([index](PaintOptions& o) { o.view = static_cast<PictureView>(index); }); });
  addWidget(view_);
  for (const char* id : {"view.grid", "view.safeAreas"}) {
    addAction(&context_.actions[id]);
    if (auto* button = qobject_cast<QToolButton*>(widgetForAction(&context_.actions[id])))
      button->setAccessibleName(context_.actions[id].text());
  }
  addSeparator();
  zoom_ = new QComboBox(this);
  zoom_->setEditable(true);
  zoom_->setInsertPolicy(QComboBox::NoInsert);
  zoom_->setAccessibleName(tr("Zoom"));
  zoom_->setFixedWidth(theme.px(76));
  zoom_->addItem(tr("Fit"), 0.0);
  for (const int percent : {25, 50, 100, 200, 400, 800})
    zoom_->addItem(tr("%1 %").arg(percent), percent / 100.0);
  connect(zoom_, &QComboBox::activated, this,
          [this](int index) { context_.paint.requestZoom(zoom_->itemData(index).toDouble()); });
  connect(zoom_->lineEdit(), &QLineEdit::editingFinished, this, [this] {
    bool isNumber = false;
    const double percent = zoom_->currentText().remove(QLatin1Char('%')).trimmed().toDouble(&isNumber);
    if (isNumber && percent > 0 && std::abs(percent / 100 - context_.paint.shownZoom()) > 0.004)
      context_.paint.requestZoom(percent / 100);
  });
  addWidget(zoom_);

  connect(&context_.paint, &PaintSettings::zoomShown, this,
          [this](double factor) { zoom_->setEditText(tr("%1 %").arg(std::lround(factor * 100))); });
  connect(&context_.paint, &PaintSettings::toolChanged, this, &OptionBar::showTool);
  connect(&context_.paint, &PaintSettings::optionsChanged, this, &OptionBar::showOptions);
  zoom_->setEditText(tr("%1 %").arg(std::lround(context_.paint.shownZoom() * 100)));
  showTool(context_.paint.tool());
  showOptions(context_.paint.options());
}

QSpinBox* OptionBar::addNumber(const QString& word, const QString& suffix, int least, int most,
                               float PaintOptions::*member, float unit, std::vector<QAction*>& group) {
  auto* label = new QLabel(word, this);
  label->setProperty("tone", "secondary");
  group.push_back(addWidget(label));
  auto* number = new QSpinBox(this);
  number->setRange(least, most);
  number->setSuffix(suffix);
  number->setAlignment(Qt::AlignRight);
  number->setButtonSymbols(QAbstractSpinBox::NoButtons);
  number->setFixedWidth(context_.theme.current().px(64));
  number->setAccessibleName(word);
  number->setKeyboardTracking(false);
  connect(number, &QSpinBox::valueChanged, this, [this, member, unit](int value) {
    change([&](PaintOptions& options) { options.*member = static_cast<float>(value) * unit; });
  });
  group.push_back(addWidget(number));
  return number;
}

void OptionBar::change(const std::function<void(PaintOptions&)>& edit) {
  PaintOptions options = context_.paint.options();
  edit(options);
  context_.paint.setOptions(options);
}

void OptionBar::showTool(Tool tool) {
  for (const ToolEntry& entry : canvasTools())
    if (entry.tool == tool)
      title_->setText(context_.actions[entry.action].text());
  if (tool == Tool::HideSpan || tool == Tool::ShowSpan) // lent, not in the strip
    title_->setText(context_.actions[tool == Tool::HideSpan ? "paint.hideSpan" : "paint.showSpan"].text());
  const bool draws = tool == Tool::DrawPath;
  for (QAction* part : drawing_)
    part->setVisible(draws);
  for (QAction* part : masking_)
    part->setVisible(tool == Tool::MaskBrush || tool == Tool::MaskEraser);
  for (QAction* part : gripped_)
    part->setVisible(draws);
}

void OptionBar::showOptions(const PaintOptions& options) {
  const auto show = [](QSpinBox* number, float value) {
    const QSignalBlocker quiet(number);
    number->setValue(static_cast<int>(std::lround(value)));
  };
  show(grip_, options.grip);
  show(brush_, options.brushSize);
  show(smooth_, options.smooth * 100);
  records_->setCurrentIndex(static_cast<int>(options.records));
  follow_->setChecked(options.follow);
  view_->setCurrentIndex(static_cast<int>(options.view));
}

} // namespace kinora::ui
