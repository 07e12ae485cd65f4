// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/dialogs.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/session/action_table.h"
#include "ui/session/preferences.h"
#include "ui/session/theme.h"
#include "ui/shell/devices_room.h"
#include "ui/shell/keys_room.h"

namespace kinora::ui {
namespace {

constexpr QLatin1String kPreferences("preferences");

QString tr(const char* text) {
  return QCoreApplication::translate("Dialogs", text);
}

QDialog* makeDialog(const QString& title, QWidget* parent, QVBoxLayout*& column) {
  auto* dialog = new QDialog(parent);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(title);
  column = new QVBoxLayout(dialog);
  column->setContentsMargins(16, 16, 16, 16);
  column->setSpacing(12);
  return dialog;
}

void finish(QDialog& dialog, QVBoxLayout& column) {
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, &dialog);
  QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
  buttons->button(QDialogButtonBox::Close)->setIcon({}); // the style's own would not follow the theme
  column.addWidget(buttons);
  dialog.show();
}

QWidget* makeGeneralRoom(const UiContext& context, QWidget* parent) {
  auto* room = new QWidget(parent);
  auto* column = new QVBoxLayout(room);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(12);
  auto* form = new QFormLayout;
  form->setHorizontalSpacing(16);
  auto* theme = new QComboBox(room);
  theme->addItems({tr("Dark"), tr("Light"), tr("High contrast")}); // in the order of ThemeMode
  theme->setAccessibleName(tr("Theme"));
  form->addRow(tr("Theme"), theme);
  auto* scale = new QSpinBox(room);
  scale->setRange(80, 200);
  scale->setSingleStep(10);
  scale->setSuffix(QChar(0x202F) + QStringLiteral("%"));
  scale->setKeyboardTracking(false);
  scale->setAccessibleName(tr("Text size"));
  form->addRow(tr("Text size"), scale);
  column->addLayout(form);
  const auto addSwitch = [&](const QString& text, bool on, auto change) {
    auto* box = new QCheckBox(text, room);
    box->setChecked(on);
    QObject::connect(box, &QCheckBox::toggled, room, change);
    column->addWidget(box);
  };
  addSwitch(tr("Reduce motion"), context.preferences.reduceMotion, [context](bool on) {
    context.preferences.reduceMotion = on;
    context.theme.setReduceMotion(on);
  });
  addSwitch(tr("Show the start page"), context.preferences.showStart,
            [context](bool on) { context.preferences.showStart = on; });
  addSwitch(tr("Show every frame, however long it takes"), context.preferences.everyFrame, [context](bool on) {
    if (context.actions["play.everyFrame"].isChecked() != on)
      context.actions["play.everyFrame"].trigger();
  });
  column->addStretch(1);
  const auto show = [context, theme, scale] {
    theme->setCurrentIndex(static_cast<int>(context.preferences.theme));
    const QSignalBlocker quiet(scale);
    scale->setValue(qRound(context.preferences.textScale * 100));
  };
  show();
  QObject::connect(&context.theme, &ThemeSource::changed, room, show);
  QObject::connect(theme, &QComboBox::activated, room, [context](int index) {
    context.preferences.theme = static_cast<ThemeMode>(index);
    context.theme.set(context.preferences.theme, context.preferences.textScale);
  });
  QObject::connect(scale, &QSpinBox::valueChanged, room, [context](int percent) {
    context.preferences.textScale = percent / 100.;
    context.theme.set(context.preferences.theme, context.preferences.textScale);
  });
  return room;
}

} // namespace

void showPreferences(const UiContext& context, MachineCheck& check, PreferencesRoom room, QWidget* parent,
                     const QString& command) {
  auto* dialog = parent->findChild<QDialog*>(kPreferences, Qt::FindDirectChildrenOnly);
  if (dialog == nullptr) {
    QVBoxLayout* column = nullptr;
    dialog = makeDialog(tr("Preferences"), parent, column);
    dialog->setObjectName(kPreferences);
    auto* row = new QHBoxLayout;
    row->setSpacing(16);
    auto* rooms = new QListWidget(dialog);
    rooms->setAccessibleName(tr("Rooms of the preferences"));
    rooms->addItems({tr("General"), tr("Keys"), tr("This computer")});
    rooms->setFixedWidth(context.theme.current().px(150));
    auto* pages = new QStackedWidget(dialog);
    pages->addWidget(makeGeneralRoom(context, pages));
    pages->addWidget(new KeysRoom(context, pages));
    pages->addWidget(new DevicesRoom(context, check, pages));
    row->addWidget(rooms);
    row->addWidget(pages, 1);
    column->addLayout(row, 1);
    QObject::connect(rooms, &QListWidget::currentRowChanged, pages, &QStackedWidget::setCurrentIndex);
    dialog->resize(context.theme.current().px(760), context.theme.current().px(560));
    finish(*dialog, *column);
  }
  dialog->findChild<QListWidget*>()->setCurrentRow(static_cast<int>(room));
  dialog->raise();
  dialog->activateWindow();
  if (!command.isEmpty())
    dialog->findChild<KeysRoom*>()->catchKeyOf(command);
}

void showAbout(QWidget* parent) {
  QVBoxLayout* column = nullptr;
  QDialog* dialog = makeDialog(tr("About Kinora"), parent, column);
  auto* name = new QLabel(tr("Kinora %1").arg(QCoreApplication::applicationVersion()), dialog);
  name->setProperty("textSize", "heading");
  column->addWidget(name);
  auto* text = new QLabel(tr("Paint a path on a picture and the picture moves.\n"
                             "Licence: Apache 2.0. Built with Qt %1, FFmpeg, OpenCV and PyTorch; "
                             "the file NOTICE names every part.")
                              .arg(QLatin1String(qVersion())),
                          dialog);
  text->setWordWrap(true);
  column->addWidget(text);
  finish(*dialog, *column);
}

} // namespace kinora::ui
