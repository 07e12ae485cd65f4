// SPDX-License-Identifier: Apache-2.0
// Kinora's window: menus, workspaces, panels, picture, time and the truth about how it runs.
#pragma once

#include <QMainWindow>
#include <QStringList>

#include "ui/session/action_table.h"
#include "ui/session/ui_context.h"

class QStackedWidget;

namespace kinora::gpu {
class Device;
class FrameTransport;
} // namespace kinora::gpu

namespace kinora::ui {

class Centre;
class CommandPalette;
class DockPanel;
class EditCommands;
class ExportPage;
class FirstHints;
class MachineCheck;
class NoticeArea;
class PlayCommands;
class ProjectActions;
class StartPage;
class StatusStrip;
class TopBar;
class TracksPanel;
class TransportBar;
class Workspaces;

// [gui] device may be null; everything passed must outlive the window.
class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  MainWindow(const UiContext& context, gpu::Device* device, gpu::FrameTransport& transport);
  ~MainWindow() override;

  // Projects, pictures, videos and sounds; without any, the start page where it is wanted.
  void openFiles(const QStringList& paths);
  void setWorkspace(Workspace workspace);
  [[nodiscard]] Workspace workspace() const;
  [[nodiscard]] NoticeArea& notices() { return *notices_; }

 protected:
  void closeEvent(QCloseEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void buildCentre(gpu::Device* device, gpu::FrameTransport& transport);
  void buildPanels();
  void connectSession();
  void connectActions();
  void applyTheme();
  void setTextScale(double scale);
  void refreshTitle();
  void moveFocus(bool forward);
  void showStart(bool shown);
  void openSample();

  UiContext context_;
  TopBar* top_;
  StatusStrip* status_;
  NoticeArea* notices_;
  QStackedWidget* pages_;
  Centre* picture_ = nullptr;
  StartPage* start_ = nullptr;
  ExportPage* export_ = nullptr;
  TransportBar* transport_;
  TracksPanel* tracks_ = nullptr;
  Workspaces* workspaces_;
  ProjectActions* project_;
  PlayCommands* play_;
  EditCommands* edit_;
  CommandPalette* palette_;
  MachineCheck* check_;
  FirstHints* hints_;
  bool closing_ = false;
};

} // namespace kinora::ui
