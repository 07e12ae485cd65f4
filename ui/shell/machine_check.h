// SPDX-License-Identifier: Apache-2.0
// Asks kinora-cli in a process of its own what this computer offers, so that nothing it loads slows the window down.
#pragma once

#include <optional>
#include <vector>

#include <QObject>
#include <QProcess>
#include <QTimer>

#include "engine/base/result.h"

namespace kinora::ui {

struct MachineFact {
  QString id; // "tensors", "vulkan", "transport", "models", "codecs"
  bool ok = false;
  QString text;
};

struct MachineReport {
  std::vector<MachineFact> facts;
  bool cuda = false; // an NVIDIA card answers
  QString cardName;  // of the graphics device that draws the preview; empty: drawn by the processor
  int threads = 0;   // of the processor
  bool allOk = false;
};

// [any] What "kinora-cli selfcheck --json" printed. Errors: corrupt.
[[nodiscard]] Result<MachineReport> parseMachineReport(const QByteArray& json);
// [any] The sentence of the start page.
[[nodiscard]] QString describeMachine(const MachineReport& report);

// [gui] Runs once, when somebody first wants to know.
class MachineCheck : public QObject {
  Q_OBJECT
 public:
  // program: the file of kinora-cli; empty: the one beside this program.
  explicit MachineCheck(QString program = {}, QObject* parent = nullptr);
  ~MachineCheck() override;

  // Starts after this many milliseconds unless it has run, or runs, already.
  void request(int delayMs = 0);
  // Nothing while it runs.
  [[nodiscard]] const std::optional<Result<MachineReport>>& result() const { return result_; }

 Q_SIGNALS:
  void finished();

 private:
  void start();
  void finish(Result<MachineReport> result);

  QString program_;
  QProcess process_;
  QTimer limit_;
  bool requested_ = false;
  std::optional<Result<MachineReport>> result_;
};

} // namespace kinora::ui
