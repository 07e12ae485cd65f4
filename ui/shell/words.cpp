// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/words.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>

namespace kinora::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("Words", text);
}

QString withUnit(const QString& number, const QString& unit) {
  return number + QChar(0x202F) + unit;
}

} // namespace

QString dash() {
  return QString(QChar(0x2013));
}

QString milliseconds(double ms) {
  return withUnit(QString::number(ms, 'f', ms < 10 ? 1 : 0), tr("ms"));
}

QString framesPerSecond(double fps) {
  if (fps >= 999.5) // frames that cost nothing, such as copies of a still
    return withUnit(QStringLiteral(">999"), tr("fps"));
  return withUnit(QString::number(fps, 'f', fps < 10 ? 1 : 0), tr("fps"));
}

QString byteSize(std::int64_t bytes) {
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(std::max<std::int64_t>(0, bytes)) / 1000;
  int unit = 0;
  while (value >= 999.5 && unit < 3) {
    value /= 1000;
    ++unit;
  }
  return withUnit(QString::number(value, 'f', unit >= 2 && value < 100 ? 1 : 0), tr(kUnits[unit]));
}

QString spokenDuration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(std::clamp(seconds, 0., 1e9)));
  if (whole < 120)
    return QStringLiteral("%1:%2").arg(whole / 60).arg(whole % 60, 2, 10, QLatin1Char('0'));
  const std::int64_t minutes = (whole + 59) / 60;
  if (minutes < 60)
    return withUnit(QString::number(minutes), tr("min"));
  return withUnit(QString::number(minutes / 60), tr("h")) + QLatin1Char(' ') +
         withUnit(QString::number(minutes % 60), tr("min"));
}

} // namespace kinora::ui
