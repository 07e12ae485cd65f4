// SPDX-License-Identifier: Apache-2.0
#include "ui/shell/machine_check.h"

#include <utility>

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

namespace kinora::ui {
namespace {

constexpr int kLimitMs = 60'000;
constexpr const char* kProgram = "kinora-cli";
// In the order in which people read them.
constexpr const char* kFacts[] = {"models", "tensors", "vulkan", "transport", "codecs"};

} // namespace

Result<MachineReport> parseMachineReport(const QByteArray& json) {
  const QJsonDocument document = QJsonDocument::fromJson(json);
  if (!document.isObject())
    return fail(ErrorCode::Corrupt, "The check of this computer gave no answer that can be read.");
  MachineReport report;
  for (const char* id : kFacts) {
    const QJsonObject fact = document[QLatin1String(id)].toObject();
    if (!fact["text"].isString())
      return fail(ErrorCode::Corrupt, std::string("The check of this computer said nothing about ") + id + ".");
    report.facts.push_back({QLatin1String(id), fact["ok"].toBool(), fact["text"].toString()});
  }
  const QJsonObject tensors = document["tensors"]["facts"].toObject();
  report.cuda = tensors["cuda"].toBool();
  report.threads = tensors["threads"].toInt();
  report.cardName = document["vulkan"]["facts"]["device"].toString();
  report.allOk = document["ok"].toBool();
  return report;
}

QString describeMachine(const MachineReport& report) {
  if (!report.cuda)
    return MachineCheck::tr("No NVIDIA graphics card found. The small motion model runs on the processor. Nothing is "
                            "downloaded and no account is needed.");
  const QString card =
      report.cardName.contains(QLatin1String("NVIDIA")) ? report.cardName : MachineCheck::tr("An NVIDIA graphics card");
  return MachineCheck::tr("%1 found. The small motion model runs on the processor all the same. Nothing is "
                          "downloaded and no account is needed.")
      .arg(card);
}

MachineCheck::MachineCheck(QString program, QObject* parent) : QObject(parent), program_(std::move(program)) {
  limit_.setSingleShot(true);
  connect(&limit_, &QTimer::timeout, &process_, &QProcess::kill);
  connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart)
      finish(fail(ErrorCode::NotFound,
                  "The check of this computer could not be started: " + process_.errorString().toStdString() + "."));
  });
  connect(&process_, &QProcess::finished, this, [this](int, QProcess::ExitStatus status) {
    if (status == QProcess::CrashExit)
      finish(fail(ErrorCode::Device, "The check of this computer ended before it had an answer. The window goes on "
                                     "without it; run “kinora-cli selfcheck” to see why."));
    else
      finish(parseMachineReport(process_.readAllStandardOutput()));
  });
#ifdef Q_OS_UNIX
  process_.setChildProcessModifier([] { // the picture that moves comes first
    static_cast<void>(::nice(10));
  });
#endif
}

MachineCheck::~MachineCheck() {
  process_.disconnect(this);
  process_.kill();
  process_.waitForFinished();
}

void MachineCheck::request(int delayMs) {
  if (std::exchange(requested_, true))
    return;
  QTimer::singleShot(delayMs, this, &MachineCheck::start);
}

void MachineCheck::start() {
  if (program_.isEmpty())
    program_ = QStandardPaths::findExecutable(QLatin1String(kProgram), {QCoreApplication::applicationDirPath()});
  if (program_.isEmpty()) {
    finish(fail(ErrorCode::NotFound, "This computer was not checked: kinora-cli does not lie beside the program."));
    return;
  }
  limit_.start(kLimitMs);
  process_.start(program_, {QStringLiteral("selfcheck"), QStringLiteral("--json")}, QIODevice::ReadOnly);
}

void MachineCheck::finish(Result<MachineReport> result) {
  limit_.stop();
  result_ = std::move(result);
  Q_EMIT finished();
}

} // namespace kinora::ui
