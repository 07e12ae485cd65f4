// SPDX-License-Identifier: Apache-2.0
#include "ui/inspector/parameter_form.h"

#include <algorithm>
#include <utility>

#include <QButtonGroup>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QSignalBlocker>
#include <QToolButton>

#include "ui/inspector/timecode_edit.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

constexpr int kLabelWidth = 72;

// The colours of the theme's track palette, one button each.
class ColourRow : public QWidget {
 public:
  ColourRow(const ThemeSource& theme, QWidget* parent)
      : QWidget(parent), theme_(theme), group_(new QButtonGroup(this)) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(1);
    for (const TrackColour& colour : theme.current().trackPalette()) {
      auto* button = new QToolButton(this);
      button->setCheckable(true);
      button->setFixedSize(26, 26);
      button->setProperty("colourId", colour.id);
      button->setToolTip(colour.id);
      button->setAccessibleName(colour.id);
      group_->addButton(button);
      layout->addWidget(button);
    }
    layout->addStretch(1);
    paintIcons();
    connect(&theme, &ThemeSource::changed, this, [this] { paintIcons(); });
  }

  [[nodiscard]] QButtonGroup& group() { return *group_; }

  void setColour(const QString& id) {
    for (QAbstractButton* button : group_->buttons())
      if (button->property("colourId").toString() == id)
        button->setChecked(true);
  }

 private:
  void paintIcons() {
    for (QAbstractButton* button : group_->buttons()) {
      QPixmap swatch(QSize(32, 32));
      swatch.setDevicePixelRatio(2);
      swatch.fill(Qt::transparent);
      QPainter painter(&swatch);
      painter.setRenderHint(QPainter::Antialiasing);
      painter.setPen(Qt::NoPen);
      painter.setBrush(theme_.current().trackOnPanel(button->property("colourId").toString()));
      painter.drawRoundedRect(QRectF(0, 0, 16, 16), 3, 3);
      button->setIcon(swatch);
      button->setIconSize({16, 16});
    }
  }

  const ThemeSource& theme_;
  QButtonGroup* group_;
};

} // namespace

struct ParameterForm::Row {
  Parameter parameter;
  QLabel* label = nullptr;
  QWidget* editor = nullptr;
  std::function<void(const ParameterValue&)> show;
};

Time playheadInTake(const UiContext& context) {
  const document::ClipPtr clip = context.session.currentTakeClip();
  return clip ? Time{} + (context.engine.playhead() - clip->start) + clip->sourceIn : Time{};
}

ParameterForm::ParameterForm(const UiContext& context, ParameterTable table, QWidget* parent)
    : QWidget(parent), context_(context), grid_(new QGridLayout(this)) {
  grid_->setContentsMargins(12, 8, 12, 8);
  grid_->setHorizontalSpacing(8);
  grid_->setVerticalSpacing(8);
  grid_->setColumnMinimumWidth(0, kLabelWidth);
  grid_->setColumnStretch(1, 1);
  for (Parameter& parameter : table)
    addRow(std::move(parameter));
  connect(&context_.session, &ProjectSession::documentChanged, this, &ParameterForm::refresh);
  connect(&context_.session.selection(), &SelectionModel::changed, this, &ParameterForm::refresh);
  connect(&context_.engine, &EngineBridge::playheadChanged, this, &ParameterForm::refresh);
  refresh();
}

ParameterForm::~ParameterForm() = default;

QWidget* ParameterForm::editor(const QString& id) const {
  const auto row =
      std::find_if(rows_.begin(), rows_.end(), [&](const auto& r) { return id == QLatin1String(r->parameter.id); });
  return row == rows_.end() ? nullptr : (*row)->editor;
}

bool ParameterForm::hasRows() const {
  return std::any_of(rows_.begin(), rows_.end(), [](const auto& row) { return !row->editor->isHidden(); });
}

void ParameterForm::addRow(Parameter parameter) {
  auto owned = std::make_unique<Row>();
  Row& row = *owned;
  row.parameter = std::move(parameter);
  const Parameter& p = row.parameter;
  row.label = new QLabel(p.label, this);
  row.label->setProperty("tone", "secondary");
  switch (p.kind) {
  case ParameterKind::Number: {
    auto* number = new NumberRow(p.range, this);
    number->setAccessibleLabel(p.label);
    connect(number, &NumberRow::gestureBegan, this,
            [this, &row] { context_.session.beginGesture(row.parameter.undoText); });
    connect(number, &NumberRow::gestureEnded, this, [this] { context_.session.endGesture(); });
    connect(number, &NumberRow::valueEdited, this,
            [this, &row](double value) { write(row, value, context_.session.inGesture()); });
    row.show = [number](const ParameterValue& value) { number->setValue(std::get<double>(value)); };
    row.editor = number;
    break;
  }
  case ParameterKind::Text: {
    auto* text = new QLineEdit(this);
    connect(text, &QLineEdit::editingFinished, this, [this, &row, text] { write(row, text->text(), false); });
    row.show = [text](const ParameterValue& value) {
      if (const auto& now = std::get<QString>(value); text->text() != now && !(text->hasFocus() && text->isModified()))
        text->setText(now);
    };
    row.editor = text;
    break;
  }
  case ParameterKind::Choice: {
    auto* box = new QComboBox(this);
    for (const ParameterChoice& choice : p.choices)
      box->addItem(choice.text, choice.id);
    connect(box, &QComboBox::activated, this, [this, &row, box] { write(row, box->currentData().toString(), false); });
    row.show = [box](const ParameterValue& value) { box->setCurrentIndex(box->findData(std::get<QString>(value))); };
    row.editor = box;
    break;
  }
  case ParameterKind::TrackColour: {
    auto* colours = new ColourRow(context_.theme, this);
    connect(&colours->group(), &QButtonGroup::buttonClicked, this,
            [this, &row](QAbstractButton* button) { write(row, button->property("colourId").toString(), false); });
    row.show = [colours](const ParameterValue& value) { colours->setColour(std::get<QString>(value)); };
    row.editor = colours;
    break;
  }
  case ParameterKind::Time: {
    auto* time = new TimecodeEdit(this);
    connect(time, &TimecodeEdit::valueEdited, this, [this, &row](Time value) { write(row, value, false); });
    row.show = [this, time](const ParameterValue& value) {
      time->setRate(context_.session.document()->frame.rate);
      if (!time->hasFocus() || time->value() != std::get<Time>(value))
        time->setValue(std::get<Time>(value));
    };
    row.editor = time;
    break;
  }
  }
  if (row.editor->accessibleName().isEmpty())
    row.editor->setAccessibleName(p.label);
  row.label->setBuddy(row.editor);
  const int line = static_cast<int>(rows_.size());
  grid_->addWidget(row.label, line, 0);
  grid_->addWidget(row.editor, line, 1);
  rows_.push_back(std::move(owned));
}

void ParameterForm::write(const Row& row, const ParameterValue& value, bool inGesture) {
  if (refreshing_)
    return;
  const Time playhead = playheadInTake(context_);
  const auto edit = [&row, value, playhead, this](const document::DocumentPtr& document) {
    return row.parameter.write(document, {document, context_.session.selection().current(), playhead}, value);
  };
  if (inGesture)
    context_.session.update(edit);
  else if (!context_.session.apply(row.parameter.undoText, edit))
    refresh(); // refused: show what is
}

void ParameterForm::refresh() {
  refreshing_ = true;
  const document::DocumentPtr& document = context_.session.document();
  const ParameterSource source{document, context_.session.selection().current(), playheadInTake(context_)};
  for (const auto& row : rows_) {
    const auto value = row->parameter.read(source);
    row->label->setVisible(value.has_value());
    row->editor->setVisible(value.has_value());
    if (value)
      row->show(*value);
  }
  refreshing_ = false;
}

} // namespace kinora::ui
