// SPDX-License-Identifier: Apache-2.0
// Cards that tell what went wrong or is worth knowing, above the picture and never over it.
#pragma once

#include <functional>
#include <vector>

#include <QWidget>

#include "engine/base/result.h"

class QVBoxLayout;

namespace kinora::ui {

class ThemeSource;

enum class NoticeKind { Info, Warning, Error };

struct NoticeButton {
  QString text;
  std::function<void()> pressed; // the card closes first
};

struct Notice {
  NoticeKind kind = NoticeKind::Info;
  QString title;
  QString text;
  std::vector<NoticeButton> buttons; // at most three
  QString details;                   // for Copy details; empty: no such button
};

// [gui] The same title and text is shown once; at most four cards, the oldest goes.
class NoticeArea : public QWidget {
  Q_OBJECT
 public:
  explicit NoticeArea(const ThemeSource& theme, QWidget* parent = nullptr);

  void show(const Notice& notice);
  void showError(const QString& title, const Error& error);
  [[nodiscard]] int count() const;
  void clear();

 private:
  const ThemeSource& theme_;
  QVBoxLayout* column_;
};

} // namespace kinora::ui
