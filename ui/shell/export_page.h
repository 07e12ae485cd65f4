// SPDX-License-Identifier: Apache-2.0
// The Export workspace: what to export, how, where to, how far it is, and the same by command.
#pragma once

#include <map>
#include <vector>

#include <QWidget>

#include "engine/runtime/event.h"
#include "engine/runtime/export_request.h"
#include "ui/session/ui_context.h"

class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QPushButton;
class QVBoxLayout;

namespace kinora::ui {

class ExportJob;
class NoticeArea;

// The same export as a command for a shell. project: the saved file.
[[nodiscard]] QString exportCommand(const QString& project, const runtime::ExportRequest& request, FrameRate rate);

// [gui]
class ExportPage : public QWidget {
  Q_OBJECT
 public:
  ExportPage(const UiContext& context, std::vector<runtime::ExportPreset> presets, NoticeArea& notices,
             QWidget* parent = nullptr);

  void start();
  [[nodiscard]] runtime::ExportRequest request() const;

 private:
  QWidget* buildPresets();
  QWidget* buildJobs();
  QWidget* buildCommand();
  void addFrameRows(QFormLayout& form, QWidget* side);
  void choosePlace();
  void suggestName();
  void refresh();
  [[nodiscard]] const runtime::ExportPreset* preset() const;

  UiContext context_;
  std::vector<runtime::ExportPreset> presets_;
  NoticeArea& notices_;
  QListWidget* list_ = nullptr;
  QComboBox* range_ = nullptr;
  QComboBox* size_ = nullptr;
  QComboBox* framing_ = nullptr;
  QComboBox* rate_ = nullptr;
  QLineEdit* name_ = nullptr;
  QLineEdit* folder_ = nullptr;
  QPushButton* start_ = nullptr;
  QLabel* empty_ = nullptr;
  QVBoxLayout* jobColumn_ = nullptr;
  QPlainTextEdit* command_ = nullptr;
  QLabel* unsaved_ = nullptr;
  std::map<JobId, ExportJob*> jobs_;
  bool named_ = false; // a person has typed a name
};

} // namespace kinora::ui
