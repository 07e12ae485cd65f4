// SPDX-License-Identifier: Apache-2.0
// What a person chose once for all projects, kept between runs.
#pragma once

#include <QByteArray>
#include <QMap>
#include <QString>
#include <QStringList>

#include "ui/session/theme.h"

class QSettings;

namespace kinora::ui {

struct Preferences {
  ThemeMode theme = ThemeMode::Dark;
  double textScale = 1; // 0.8..2
  bool reduceMotion = false;
  bool showStart = true;
  bool everyFrame = false;
  bool snapping = true;
  QStringList recentFiles; // newest first, at most 10
  QString lastFolder;
  QString workspace = QStringLiteral("paint");
  QByteArray windowGeometry;
  QMap<QString, QByteArray> layouts; // by workspace and screen set
  QStringList recentCommands;        // ids, newest first, at most 12
  QString exportPreset = QStringLiteral("h264-mp4");
  QMap<QString, QString> keys; // changed by a person: command to keys, see ActionTable::ownKeys()
  QStringList hintsSeen;       // ids of first hints that were shown

  void addRecentFile(const QString& path);
  void addRecentCommand(const QString& id);

  // Values out of range become the nearest allowed one.
  [[nodiscard]] static Preferences read(QSettings& settings);
  void write(QSettings& settings) const;
  friend bool operator==(const Preferences&, const Preferences&) = default;
};

} // namespace kinora::ui
