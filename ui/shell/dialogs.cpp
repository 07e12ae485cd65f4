// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/dialogs.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/session/action_table.h"
#include "ui/session/preferences.h"
#include "ui/session/theme.h"

namespace kinora::ui {
namespace {

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

} // namespace

void showPreferences(const UiContext& context, QWidget* parent) {
  QVBoxLayout* column = nullptr;
  QDialog* dialog = makeDialog(tr("Preferences"), parent, column);
  auto* form = new QFormLayout;
  auto* theme = new QComboBox(dialog);
  theme->addItems({tr("Dark"), tr("Light")});
  theme->setCurrentIndex(context.preferences.theme == ThemeMode::Light ? 1 : 0);
  form->addRow(tr("Theme"), theme);
  auto* scale = new QSpinBox(dialog);
  scale->setRange(80, 200);
  scale->setSingleStep(10);
  scale->setSuffix(QStringLiteral(" %"));
  scale->setKeyboardTracking(false);
  scale->setValue(qRound(context.preferences.textScale * 100));
  form->addRow(tr("Text size"), scale);
  column->addLayout(form);
  const auto addSwitch = [&](const QString& text, bool on, auto change) {
    auto* box = new QCheckBox(text, dialog);
    box->setChecked(on);
    QObject::connect(box, &QCheckBox::toggled, dialog, change);
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
  QObject::connect(theme, &QComboBox::activated, dialog, [context](int index) {
    if (context.actions["view.light"].isChecked() != (index == 1))
      context.actions["view.light"].trigger();
  });
  QObject::connect(scale, &QSpinBox::valueChanged, dialog, [context](int percent) {
    context.preferences.textScale = percent / 100.;
    context.theme.set(context.preferences.theme, context.preferences.textScale);
  });
  finish(*dialog, *column);
}

void showKeys(const UiContext& context, QWidget* parent) {
  QVBoxLayout* column = nullptr;
  QDialog* dialog = makeDialog(tr("Keys"), parent, column);
  auto* table = new QTableWidget(0, 3, dialog);
  table->setHorizontalHeaderLabels({tr("Command"), tr("Keys"), tr("Works in")});
  table->verticalHeader()->hide();
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setShowGrid(false);
  for (const ActionSpec& spec : ActionTable::specs()) {
    const QAction& action = context.actions[spec.id];
    if (*spec.keys == '\0' || !action.isVisible())
      continue;
    const int row = table->rowCount();
    table->insertRow(row);
    const QString where = spec.scope == ActionScope::Paint    ? tr("Paint")
                          : spec.scope == ActionScope::Edit   ? tr("Edit")
                          : spec.scope == ActionScope::Export ? tr("Export")
                                                              : tr("everywhere");
    table->setItem(row, 0, new QTableWidgetItem(action.text().section(QLatin1Char('\t'), 0, 0)));
    table->setItem(row, 1, new QTableWidgetItem(context.actions.keys(action)));
    table->setItem(row, 2, new QTableWidgetItem(where));
  }
  table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  column->addWidget(table);
  dialog->resize(520, 600);
  finish(*dialog, *column);
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
