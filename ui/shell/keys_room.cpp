// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/keys_room.h"

#include <QFile>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QSaveFile>
#include <QStyle>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/session/action_table.h"
#include "ui/session/key_file.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"

namespace kinora::ui {
namespace {

constexpr qint64 kMostBytes = 1 << 20; // of a file of keys

QString nameOf(const QAction& action) {
  return action.text().section(QLatin1Char('\t'), 0, 0).remove(QLatin1Char('&'));
}

QString native(const QString& portable) {
  return QKeySequence::fromString(portable, QKeySequence::PortableText).toString(QKeySequence::NativeText);
}

} // namespace

KeyField::KeyField(QWidget* parent) : QLineEdit(parent) {
  setReadOnly(true);
  setPlaceholderText(tr("Press the new key"));
  setAccessibleName(tr("New key"));
}

bool KeyField::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride) {
    event->accept(); // no command of the window takes the key
    return true;
  }
  if (event->type() != QEvent::KeyPress)
    return QLineEdit::event(event);
  const auto* press = static_cast<QKeyEvent*>(event);
  switch (press->key()) {
  case Qt::Key_Tab:
  case Qt::Key_Backtab:
    return QLineEdit::event(event); // the way out by keyboard
  case Qt::Key_unknown:
  case Qt::Key_Control:
  case Qt::Key_Shift:
  case Qt::Key_Alt:
  case Qt::Key_AltGr:
  case Qt::Key_Meta:
    break;
  case Qt::Key_Escape:
    if (press->modifiers() == Qt::NoModifier) {
      Q_EMIT left();
      break;
    }
    [[fallthrough]];
  default: {
    const auto modifiers = static_cast<int>(press->modifiers() & ~Qt::KeypadModifier);
    Q_EMIT caught(QKeySequence(press->key() | modifiers).toString(QKeySequence::PortableText));
  }
  }
  event->accept();
  return true;
}

void KeyField::focusOutEvent(QFocusEvent* event) {
  QLineEdit::focusOutEvent(event);
  if (event->reason() != Qt::ActiveWindowFocusReason)
    Q_EMIT left();
}

KeysRoom::KeysRoom(const UiContext& context, QWidget* parent)
    : QWidget(parent), context_(context), search_(new QLineEdit(this)), table_(new QTableWidget(0, 3, this)),
      field_(new KeyField(this)), message_(new QLabel(this)), change_(new QPushButton(tr("Change…"), this)),
      remove_(new QPushButton(tr("Remove"), this)), standard_(new QPushButton(tr("Standard"), this)),
      takeOver_(new QPushButton(tr("Use it here"), this)), all_(new QPushButton(tr("All to standard"), this)) {
  search_->setPlaceholderText(tr("Search commands and keys"));
  search_->setAccessibleName(tr("Search commands and keys"));
  search_->setClearButtonEnabled(true);
  table_->setAccessibleName(tr("Commands and their keys"));
  table_->setHorizontalHeaderLabels({tr("Command"), tr("Keys"), tr("Works in")});
  table_->verticalHeader()->hide();
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setShowGrid(false);
  table_->setTabKeyNavigation(false);
  table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  table_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  message_->setWordWrap(true);
  message_->setProperty("tone", "secondary");
  auto* exportButton = new QPushButton(tr("Save as file…"), this);
  auto* importButton = new QPushButton(tr("Load from file…"), this);

  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(8);
  column->addWidget(search_);
  column->addWidget(table_, 1);
  column->addWidget(message_);
  auto* edit = new QHBoxLayout;
  edit->addWidget(field_, 1);
  for (QPushButton* button : {takeOver_, change_, remove_, standard_})
    edit->addWidget(button);
  edit->addStretch(1);
  column->addLayout(edit);
  auto* files = new QHBoxLayout;
  files->addWidget(all_);
  files->addStretch(1);
  files->addWidget(importButton);
  files->addWidget(exportButton);
  column->addLayout(files);

  connect(search_, &QLineEdit::textChanged, this, &KeysRoom::filter);
  connect(table_, &QTableWidget::itemSelectionChanged, this, &KeysRoom::endCatching);
  connect(table_, &QTableWidget::cellActivated, this, [this] { catchKeyOf(selected()); });
  connect(change_, &QPushButton::clicked, this, [this] { catchKeyOf(selected()); });
  connect(field_, &KeyField::caught, this, &KeysRoom::take);
  connect(field_, &KeyField::left, this, [this] {
    if (wanted_.isEmpty())
      endCatching();
  });
  connect(takeOver_, &QPushButton::clicked, this, [this] { assign(wanted_); });
  connect(remove_, &QPushButton::clicked, this, [this] {
    context_.actions.setKeys(context_.actions[selected().toStdString()], {});
    keep();
  });
  connect(standard_, &QPushButton::clicked, this, [this] {
    const QAction& action = context_.actions[selected().toStdString()];
    context_.actions.setKeys(action, ActionTable::tableKeys(context_.actions.spec(action)));
    keep();
  });
  connect(all_, &QPushButton::clicked, this, [this] {
    context_.actions.setOwnKeys({});
    keep();
  });
  connect(exportButton, &QPushButton::clicked, this, &KeysRoom::exportKeys);
  connect(importButton, &QPushButton::clicked, this, &KeysRoom::importKeys);
  connect(&context_.actions, &ActionTable::keysChanged, this, &KeysRoom::refresh);
  fill();
  endCatching();
}

QString KeysRoom::selected() const {
  const int row = table_->currentRow();
  return row < 0 ? QString() : table_->item(row, 0)->data(Qt::UserRole).toString();
}

void KeysRoom::fill() {
  for (const ActionSpec& spec : ActionTable::specs()) {
    const QAction& action = context_.actions[spec.id];
    if (!action.isVisible())
      continue;
    const int row = table_->rowCount();
    table_->insertRow(row);
    const QString where = spec.scope == ActionScope::Paint    ? tr("Paint")
                          : spec.scope == ActionScope::Edit   ? tr("Edit")
                          : spec.scope == ActionScope::Export ? tr("Export")
                                                              : tr("everywhere");
    auto* name = new QTableWidgetItem(action.icon(), nameOf(action));
    name->setData(Qt::UserRole, QLatin1String(spec.id));
    table_->setItem(row, 0, name);
    table_->setItem(row, 1, new QTableWidgetItem);
    table_->setItem(row, 2, new QTableWidgetItem(where));
  }
  refresh();
  table_->setCurrentCell(0, 0);
}

void KeysRoom::refresh() {
  for (int row = 0; row < table_->rowCount(); ++row) {
    const QAction& action = context_.actions[table_->item(row, 0)->data(Qt::UserRole).toString().toStdString()];
    const QStringList keys = context_.actions.keyList(action);
    QStringList shown;
    bool shared = false;
    for (const QString& key : keys) {
      shown << native(key);
      shared = shared || !context_.actions.rivals(action, key).empty();
    }
    QTableWidgetItem* item = table_->item(row, 1);
    item->setText(shown.join(QStringLiteral(", ")) + (shared ? tr(" · used twice") : QString()));
    QFont font = item->font();
    font.setBold(keys != ActionTable::tableKeys(context_.actions.spec(action)));
    item->setFont(font);
  }
}

void KeysRoom::filter(const QString& text) {
  for (int row = 0; row < table_->rowCount(); ++row) {
    const bool fits = table_->item(row, 0)->text().contains(text, Qt::CaseInsensitive) ||
                      table_->item(row, 1)->text().contains(text, Qt::CaseInsensitive);
    table_->setRowHidden(row, !fits);
  }
}

void KeysRoom::catchKeyOf(const QString& command) {
  for (int row = 0; row < table_->rowCount(); ++row)
    if (table_->item(row, 0)->data(Qt::UserRole).toString() == command) {
      search_->clear();
      table_->setCurrentCell(row, 0);
      table_->scrollToItem(table_->item(row, 0));
      catching_ = command;
      message_->setText(tr("New key of “%1”. Esc keeps the old one.").arg(table_->item(row, 0)->text()));
      field_->clear();
      field_->show();
      for (QPushButton* button : {change_, remove_, standard_})
        button->hide();
      field_->setFocus();
      return;
    }
}

void KeysRoom::take(const QString& key) {
  if (catching_.isEmpty())
    return;
  field_->setText(native(key));
  const std::vector<QAction*> rivals = context_.actions.rivals(context_.actions[catching_.toStdString()], key);
  if (rivals.empty()) {
    assign(key);
    return;
  }
  QStringList names;
  for (const QAction* rival : rivals)
    names << nameOf(*rival);
  wanted_ = key;
  message_->setProperty("tone", "warn");
  message_->style()->unpolish(message_);
  message_->style()->polish(message_);
  message_->setText(tr("%1 belongs to “%2”. Use it here and take it from there, or press another key.")
                        .arg(native(key), names.join(tr("”, “"))));
  takeOver_->show();
}

void KeysRoom::assign(const QString& key) {
  const QAction& action = context_.actions[catching_.toStdString()];
  for (const QAction* rival : context_.actions.rivals(action, key)) {
    QStringList rest = context_.actions.keyList(*rival);
    rest.removeAll(key);
    context_.actions.setKeys(*rival, rest);
  }
  // The new key becomes the one that is shown; further keys stay.
  QStringList keys = context_.actions.keyList(action);
  if (!keys.isEmpty())
    keys.removeFirst();
  keys.removeAll(key);
  keys.prepend(key);
  context_.actions.setKeys(action, keys);
  keep();
}

void KeysRoom::endCatching() {
  const bool had = !catching_.isEmpty();
  catching_.clear();
  wanted_.clear();
  field_->hide();
  takeOver_->hide();
  message_->setProperty("tone", "secondary");
  message_->style()->unpolish(message_);
  message_->style()->polish(message_);
  message_->setText(tr("Changed keys are bold. They act at once."));
  for (QPushButton* button : {change_, remove_, standard_})
    button->show();
  if (had)
    table_->setFocus();
}

void KeysRoom::keep() {
  context_.preferences.keys = context_.actions.ownKeys();
  endCatching();
}

void KeysRoom::exportKeys() {
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Save the keys"), context_.preferences.lastFolder + QStringLiteral("/kinora-keys.json"),
      tr("Keys (*.json)"));
  if (path.isEmpty())
    return;
  QSaveFile file(path);
  const QByteArray json = writeKeys(context_.actions.ownKeys());
  if (!file.open(QIODevice::WriteOnly) || file.write(json) != json.size() || !file.commit())
    message_->setText(tr("The keys were not saved to “%1”: %2.").arg(path, file.errorString()));
}

void KeysRoom::importKeys() {
  const QString path = QFileDialog::getOpenFileName(this, tr("Load keys"), context_.preferences.lastFolder,
                                                    tr("Keys (*.json);;All files (*)"));
  if (path.isEmpty())
    return;
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    message_->setText(tr("The keys of “%1” could not be read: %2.").arg(path, file.errorString()));
    return;
  }
  const auto keys = readKeys(file.read(kMostBytes));
  if (!keys) {
    message_->setText(errorText(keys.error()));
    return;
  }
  context_.actions.setOwnKeys(*keys);
  keep();
}

} // namespace kinora::ui
