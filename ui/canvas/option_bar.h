// SPDX-License-Identifier: Apache-2.0
// The bar above the canvas: options of the tool in hand, and how the picture is shown.
#pragma once

#include <functional>
#include <vector>

#include <QToolBar>

#include "ui/session/paint_settings.h"
#include "ui/session/ui_context.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QSpinBox;

namespace kinora::ui {

// [gui] What has no room goes behind the »-button.
class OptionBar : public QToolBar {
  Q_OBJECT
 public:
  explicit OptionBar(const UiContext& context, QWidget* parent = nullptr);

 private:
  QSpinBox* addNumber(const QString& word, const QString& suffix, int least, int most, float PaintOptions::*member,
                      float unit, std::vector<QAction*>& group);
  void showTool(Tool tool);
  void showOptions(const PaintOptions& options);
  void change(const std::function<void(PaintOptions&)>& edit);

  UiContext context_;
  QLabel* title_;
  QSpinBox* grip_;
  QSpinBox* smooth_;
  QSpinBox* brush_;
  QComboBox* records_;
  QCheckBox* follow_;
  QComboBox* view_;
  QComboBox* zoom_;
  std::vector<QAction*> drawing_; // shown with Draw path
  std::vector<QAction*> masking_; // shown with Mask brush and Eraser
  std::vector<QAction*> gripped_; // shown with every tool that has a grip
};

} // namespace kinora::ui
