// SPDX-License-Identifier: Apache-2.0
#include "ui/session/plurals.h"

namespace kinora::ui {

QString EnglishPlurals::translate(const char*, const char* source, const char*, int n) const {
  if (n < 0 || source == nullptr)
    return {};
  QString text = QString::fromUtf8(source);
  if (!text.contains(QLatin1String("(s)")))
    return {};
  return text.replace(QLatin1String("(s)"), n == 1 ? QString() : QStringLiteral("s"));
}

} // namespace kinora::ui
