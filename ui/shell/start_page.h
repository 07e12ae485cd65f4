// SPDX-License-Identifier: Apache-2.0
// What a person sees first: open a picture, try a sample, continue; or get back what a crash left behind.
#pragma once

#include <map>
#include <vector>

#include <QTimer>
#include <QWidget>

#include "ui/session/project_session.h"
#include "ui/session/ui_context.h"

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace kinora::ui {

class MachineCheck;

// [gui] Stands left of the picture.
class StartPage : public QWidget {
  Q_OBJECT
 public:
  StartPage(const UiContext& context, MachineCheck& check, QWidget* parent = nullptr);

  // Offers these in place of the samples; empty: the normal page.
  void offerRecovery(const std::vector<RecoverableProject>& projects);

 Q_SIGNALS:
  void pictureAsked(const QString& path);
  void fileAsked(const QString& path);
  void sampleAsked(const QString& path); // to look at, with the page still there
  void restoreAsked(const kinora::ui::RecoverableProject& project);
  void left(); // to Paint, with what is shown

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void build();
  void addSamples(QVBoxLayout& column);
  void addContinue(QVBoxLayout& column);
  void addRecovery(QVBoxLayout& column);
  void addCheck(QVBoxLayout& column);
  void sayCheck();
  void sayMoving();
  [[nodiscard]] QString takeName() const;
  QLabel* addLabel(QVBoxLayout& column, const QString& text, const char* property, const char* value);
  QPushButton* addLink(QVBoxLayout& column, const char* icon, const QString& text);

  UiContext context_;
  MachineCheck& check_;
  QLabel* checked_ = nullptr;
  QLabel* moving_ = nullptr;
  QTimer timer_;
  std::size_t sample_ = 0; // shown last
  std::vector<RecoverableProject> recoverable_;
  std::map<std::uint64_t, QPushButton*> waiting_; // for a thumbnail
};

} // namespace kinora::ui
