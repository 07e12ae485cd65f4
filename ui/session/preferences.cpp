// SPDX-License-Identifier: Apache-2.0
#include "ui/session/preferences.h"

#include <algorithm>
#include <cmath>

#include <QSettings>

namespace kinora::ui {
namespace {

constexpr int kRecentFiles = 10;
constexpr int kRecentCommands = 12;

void addFront(QStringList& list, const QString& value, int limit) {
  list.removeAll(value);
  list.prepend(value);
  while (list.size() > limit)
    list.removeLast();
}

} // namespace

void Preferences::addRecentFile(const QString& path) {
  addFront(recentFiles, path, kRecentFiles);
}

void Preferences::addRecentCommand(const QString& id) {
  addFront(recentCommands, id, kRecentCommands);
}

Preferences Preferences::read(QSettings& settings) {
  Preferences p;
  const QString theme = settings.value("theme").toString();
  p.theme = theme == QLatin1String("light")      ? ThemeMode::Light
            : theme == QLatin1String("contrast") ? ThemeMode::HighContrast
                                                 : ThemeMode::Dark;
  const double scale = settings.value("textScale", 1.0).toDouble();
  p.textScale = std::isfinite(scale) ? std::clamp(scale, 0.8, 2.0) : 1.0;
  p.reduceMotion = settings.value("reduceMotion", false).toBool();
  p.showStart = settings.value("showStart", true).toBool();
  p.everyFrame = settings.value("everyFrame", false).toBool();
  p.snapping = settings.value("snapping", true).toBool();
  p.recentFiles = settings.value("recentFiles").toStringList().mid(0, kRecentFiles);
  p.lastFolder = settings.value("lastFolder").toString();
  p.workspace = settings.value("workspace", p.workspace).toString();
  p.windowGeometry = settings.value("windowGeometry").toByteArray();
  p.recentCommands = settings.value("recentCommands").toStringList().mid(0, kRecentCommands);
  p.exportPreset = settings.value("exportPreset", p.exportPreset).toString();
  settings.beginGroup("layouts");
  const QStringList keys = settings.childKeys();
  for (const QString& key : keys)
    p.layouts.insert(key, settings.value(key).toByteArray());
  settings.endGroup();
  settings.beginGroup("keys");
  const QStringList commands = settings.childKeys();
  for (const QString& id : commands)
    p.keys.insert(id, settings.value(id).toString());
  settings.endGroup();
  p.hintsSeen = settings.value("hintsSeen").toStringList();
  return p;
}

void Preferences::write(QSettings& settings) const {
  settings.setValue("theme", theme == ThemeMode::Light          ? "light"
                             : theme == ThemeMode::HighContrast ? "contrast"
                                                                : "dark");
  settings.setValue("textScale", textScale);
  settings.setValue("reduceMotion", reduceMotion);
  settings.setValue("showStart", showStart);
  settings.setValue("everyFrame", everyFrame);
  settings.setValue("snapping", snapping);
  settings.setValue("recentFiles", recentFiles);
  settings.setValue("lastFolder", lastFolder);
  settings.setValue("workspace", workspace);
  settings.setValue("windowGeometry", windowGeometry);
  settings.setValue("recentCommands", recentCommands);
  settings.setValue("exportPreset", exportPreset);
  settings.remove("layouts");
  settings.beginGroup("layouts");
  for (auto layout = layouts.begin(); layout != layouts.end(); ++layout)
    settings.setValue(layout.key(), layout.value());
  settings.endGroup();
  settings.remove("keys");
  settings.beginGroup("keys");
  for (auto key = keys.begin(); key != keys.end(); ++key)
    settings.setValue(key.key(), key.value());
  settings.endGroup();
  settings.setValue("hintsSeen", hintsSeen);
}

} // namespace kinora::ui
