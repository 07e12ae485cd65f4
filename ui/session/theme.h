// SPDX-License-Identifier: Apache-2.0
// Colours, sizes, fonts and icons of the interface, read from the token file; and the style sheet made of them.
#pragma once

#include <memory>
#include <vector>

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>
#include <QPalette>
#include <QPixmap>
#include <QString>

#include "engine/base/result.h"

namespace kinora::ui {

enum class ThemeMode { Dark, Light, HighContrast };

struct TrackColour {
  QString id;
  QColor colour; // on pictures, and on dark panels
  QColor ink;    // strokes on panels of the light theme
};

// Two tokens and the contrast that they have to keep.
struct ContrastPair {
  QString front;
  QString back;
  double minimum = 0;
};

// An immutable value, cheap to copy. Unknown tokens and icons are bugs of ours and abort.
class Theme {
 public:
  // The bundled token file. scale: 0.8 to 2, multiplies all text and row sizes.
  [[nodiscard]] static Theme make(ThemeMode mode, double scale = 1);
  // Errors: corrupt (names the token).
  [[nodiscard]] static Result<Theme> parse(const QByteArray& json, ThemeMode mode, double scale);

  [[nodiscard]] ThemeMode mode() const;
  [[nodiscard]] double scale() const;
  [[nodiscard]] QColor color(const char* token) const;
  [[nodiscard]] const std::vector<TrackColour>& trackPalette() const;
  // Unknown ids get the first colour: files may hold ids of later versions.
  [[nodiscard]] const TrackColour& track(const QString& id) const;
  // What strokes and swatches on panels and lanes use: colour or ink.
  [[nodiscard]] QColor trackOnPanel(const QString& id) const;
  [[nodiscard]] const std::vector<ContrastPair>& contrastPairs() const;

  // n at scale 1, in device-independent pixels.
  [[nodiscard]] int px(double n) const;
  enum class Text { Micro, Small, Body, Title, Heading, Hero };
  [[nodiscard]] QFont font(Text size, QFont::Weight weight = QFont::Normal) const;

  // Icon by file name, tinted. The plain form has the states rest, checked, selected and disabled.
  [[nodiscard]] QIcon icon(const char* name) const;
  [[nodiscard]] QIcon icon(const char* name, const QColor& tint) const;
  [[nodiscard]] QPixmap pixmap(const char* name, const QColor& tint, int side, double devicePixelRatio = 1) const;

  [[nodiscard]] QPalette palette() const;
  // Filled template; writes the tinted marks that it names below cacheFolder.
  [[nodiscard]] QString styleSheet(const QString& cacheFolder) const;

  struct Data; // private
 private:
  explicit Theme(std::shared_ptr<const Data> d) : d_(std::move(d)) {}
  std::shared_ptr<const Data> d_;
};

// WCAG 2.2 contrast ratio, 1 to 21.
[[nodiscard]] double contrastRatio(const QColor& a, const QColor& b);

// [gui] The theme of the moment; custom widgets read it when they paint and repaint on changed().
class ThemeSource : public QObject {
  Q_OBJECT
 public:
  explicit ThemeSource(QObject* parent = nullptr);

  [[nodiscard]] const Theme& current() const { return theme_; }
  void set(ThemeMode mode, double scale);
  void setReduceMotion(bool reduce) { reduceMotion_ = reduce; }
  // Milliseconds of an animation: 0 when motion is reduced.
  [[nodiscard]] int motionMs(int normalMs) const { return reduceMotion_ ? 0 : normalMs; }

 Q_SIGNALS:
  void changed();

 private:
  Theme theme_;
  bool reduceMotion_ = false;
};

} // namespace kinora::ui
