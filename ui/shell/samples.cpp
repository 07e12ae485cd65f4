// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/samples.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

namespace kinora::ui {
namespace {

constexpr const char* kProject = "sample.kinora";
constexpr int kFoldersUp = 4; // build/<preset>/bin lies below the source tree

} // namespace

QString samplesFolder() {
  QDir folder(QCoreApplication::applicationDirPath());
  for (int i = 0; i <= kFoldersUp; ++i) {
    for (const char* place : {"share/kinora/samples", "assets/samples"})
      if (folder.exists(QLatin1String(place)))
        return folder.filePath(QLatin1String(place));
    if (!folder.cdUp())
      break;
  }
  return {};
}

std::vector<Sample> samplePictures() {
  const QString folder = samplesFolder();
  std::vector<Sample> found;
  const Sample known[] = {{QCoreApplication::translate("Samples", "Rocket"), QStringLiteral("rocket.jpg")},
                          {QCoreApplication::translate("Samples", "Cat"), QStringLiteral("chelsea.png")},
                          {QCoreApplication::translate("Samples", "Cup"), QStringLiteral("coffee.png")}};
  for (const Sample& sample : known)
    if (const QString path = QDir(folder).filePath(sample.path); !folder.isEmpty() && QFile::exists(path))
      found.push_back({sample.name, path});
  return found;
}

QString sampleProject() {
  const QString folder = samplesFolder();
  const QString path = QDir(folder).filePath(QLatin1String(kProject));
  return !folder.isEmpty() && QFile::exists(path) ? path : QString();
}

} // namespace kinora::ui
