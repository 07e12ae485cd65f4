// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/command_palette.h"

#include <QEvent>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStyle>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "ui/session/theme.h"
#include "ui/shell/command_list_p.h"

namespace kinora::ui {
namespace {

constexpr int kWidth = 560;
constexpr int kHeight = 420;
constexpr int kFromTop = 56;

class CommandDelegate : public QStyledItemDelegate {
 public:
  CommandDelegate(const ThemeSource& theme, QObject* parent) : QStyledItemDelegate(parent), theme_(theme) {}

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    return {0, theme_.current().px(30)};
  }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = theme_.current();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const bool runnable = index.data(CommandListModel::RunnableRole).toBool();
    painter->save();
    if (selected)
      painter->fillRect(option.rect, theme.color("select.bg"));
    QRect rest = option.rect.adjusted(12, 0, -12, 0);
    const int side = theme.px(16);
    const auto icon = index.data(Qt::DecorationRole).value<QIcon>();
    const auto placed = [&](const QRect& place) { return QStyle::visualRect(option.direction, option.rect, place); };
    icon.paint(painter, placed({rest.left(), rest.center().y() - side / 2, side, side}), Qt::AlignCenter,
               selected   ? QIcon::Selected
               : runnable ? QIcon::Normal
                          : QIcon::Disabled);
    rest.setLeft(rest.left() + side + 12);
    painter->setFont(theme.font(Theme::Text::Body));
    painter->setPen(theme.color(selected ? "select.on" : runnable ? "text.primary" : "text.muted"));
    painter->drawText(placed(rest), Qt::AlignVCenter | Qt::AlignLeft, index.data().toString());
    rest.setLeft(rest.left() + painter->fontMetrics().horizontalAdvance(index.data().toString()) + 12);
    painter->setFont(theme.font(Theme::Text::Small));
    painter->setPen(theme.color(selected ? "select.on" : "text.muted"));
    const QString keys = index.data(CommandListModel::KeysRole).toString();
    painter->drawText(placed(rest), Qt::AlignVCenter | Qt::AlignRight, keys);
    rest.setRight(rest.right() - painter->fontMetrics().horizontalAdvance(keys) - 12);
    const QString path = index.data(CommandListModel::PathRole).toString();
    painter->drawText(placed(rest), Qt::AlignVCenter | Qt::AlignLeft,
                      painter->fontMetrics().elidedText(path, Qt::ElideRight, rest.width()));
    painter->restore();
  }

 private:
  const ThemeSource& theme_;
};

} // namespace

CommandPalette::CommandPalette(const UiContext& context, QWidget* parent)
    : QDialog(parent, Qt::Popup | Qt::FramelessWindowHint), context_(context), field_(new QLineEdit(this)),
      list_(new QListView(this)), model_(new CommandListModel(context, this)) {
  setWindowTitle(tr("Find command"));
  setObjectName(QStringLiteral("palette"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, 8);
  field_->setPlaceholderText(tr("Find a command · @ path, take or clip · : time · # setting · ? help"));
  field_->setAccessibleName(tr("Find a command"));
  field_->setClearButtonEnabled(false);
  field_->installEventFilter(this);
  column->addWidget(field_);
  list_->setModel(model_);
  list_->setItemDelegate(new CommandDelegate(context.theme, list_));
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setAccessibleName(tr("Commands"));
  list_->setUniformItemSizes(true);
  column->addWidget(list_);
  connect(field_, &QLineEdit::textChanged, this, [this](const QString& text) {
    model_->find(text);
    list_->setCurrentIndex(model_->index(0));
  });
  connect(list_, &QListView::clicked, this, &CommandPalette::run);
}

void CommandPalette::appear(const QString& text) {
  const double scale = context_.theme.current().scale();
  resize(static_cast<int>(kWidth * scale), static_cast<int>(kHeight * scale));
  const QWidget* owner = parentWidget();
  move(owner->mapToGlobal(QPoint((owner->width() - width()) / 2, kFromTop)));
  field_->setText(text);
  model_->find(text);
  list_->setCurrentIndex(model_->index(0));
  show();
  field_->setFocus();
}

void CommandPalette::run() {
  const QModelIndex index = list_->currentIndex();
  if (!index.isValid() || !model_->entry(index.row()).enabled)
    return;
  const std::function<void()> chosen = model_->entry(index.row()).run;
  accept();
  chosen();
}

void CommandPalette::askForKey() {
  const QModelIndex index = list_->currentIndex();
  if (!index.isValid())
    return;
  const QString command = model_->entry(index.row()).command;
  if (command.isEmpty())
    return;
  reject();
  Q_EMIT keyAsked(command);
}

void CommandPalette::complete() {
  if (const QModelIndex index = list_->currentIndex(); index.isValid())
    field_->setText(prefix() + index.data().toString());
}

// The sign that chooses what is looked for.
QString CommandPalette::prefix() const {
  const QString text = field_->text();
  return !text.isEmpty() && QStringLiteral("@#?>").contains(text.front()) ? text.left(1) : QString();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (watched != field_ || event->type() != QEvent::KeyPress)
    return QDialog::eventFilter(watched, event);
  const int rows = model_->rowCount();
  const int row = list_->currentIndex().row();
  const auto* key = static_cast<QKeyEvent*>(event);
  switch (key->key()) {
  case Qt::Key_Down:
    if (rows > 0)
      list_->setCurrentIndex(model_->index((row + 1) % rows));
    return true;
  case Qt::Key_Up:
    if (rows > 0)
      list_->setCurrentIndex(model_->index((row + rows - 1) % rows));
    return true;
  case Qt::Key_Tab:
    complete();
    return true;
  case Qt::Key_Return:
  case Qt::Key_Enter:
    if (key->modifiers().testFlag(Qt::ControlModifier))
      askForKey();
    else
      run();
    return true;
  default:
    return false;
  }
}

void CommandPalette::changeEvent(QEvent* event) {
  QDialog::changeEvent(event);
  if (event->type() == QEvent::ActivationChange && isVisible() && !isActiveWindow())
    reject();
}

} // namespace kinora::ui
