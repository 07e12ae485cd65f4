// SPDX-License-Identifier: Apache-2.0
// English plurals: the strings of the sources say "%n track(s)", people read "1 track" and "2 tracks".
#pragma once

#include <QTranslator>

namespace kinora::ui {

// [gui] Installed before all other translators, so that any language that has the string wins.
class EnglishPlurals : public QTranslator {
  Q_OBJECT
 public:
  using QTranslator::QTranslator;

  // Null for strings without "(s)": they stay as they are in the sources.
  [[nodiscard]] QString translate(const char* context, const char* source, const char* disambiguation,
                                  int n) const override;
  [[nodiscard]] bool isEmpty() const override { return false; }
};

} // namespace kinora::ui
