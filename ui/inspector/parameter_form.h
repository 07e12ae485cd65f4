// SPDX-License-Identifier: Apache-2.0
// Rows of label and editor made from a parameter table, kept equal to the document, one undo step a gesture.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <QWidget>

#include "ui/inspector/parameter.h"
#include "ui/session/ui_context.h"

class QGridLayout;
class QLabel;

namespace kinora::ui {

// [gui] Refreshes itself on changes of document, selection and playhead.
class ParameterForm : public QWidget {
  Q_OBJECT
 public:
  ParameterForm(const UiContext& context, ParameterTable table, QWidget* parent = nullptr);
  ~ParameterForm() override;

  // The editor of a parameter, or null.
  [[nodiscard]] QWidget* editor(const QString& id) const;
  // True when at least one row applies to what is selected.
  [[nodiscard]] bool hasRows() const;
  void refresh();

 private:
  struct Row;
  void addRow(Parameter parameter);
  void write(const Row& row, const ParameterValue& value, bool inGesture);

  UiContext context_;
  QGridLayout* grid_;
  std::vector<std::unique_ptr<Row>> rows_;
  bool refreshing_ = false;
};

// Time of the playhead on the current take's time line; zero when no clip shows it.
[[nodiscard]] Time playheadInTake(const UiContext& context);

} // namespace kinora::ui
