// SPDX-License-Identifier: Apache-2.0
// kinora: the studio's window. Builds every object, says who lives how long, and runs.
#include <filesystem>
#include <memory>

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QMessageBox>
#include <QSettings>
#include <QStandardPaths>
#include <QTimer>

#include <fmt/format.h>

#include "app/kinora/runtime_engine.h"
#include "engine/base/log.h"
#include "engine/base/thread_role.h"
#include "engine/base/worker_pool.h"
#include "engine/gpu/device.h"
#include "engine/gpu/frame_transport.h"
#include "engine/vision/draft_motion_session.h"
#include "ui/session/action_table.h"
#include "ui/session/engine_bridge.h"
#include "ui/session/paint_settings.h"
#include "ui/session/plurals.h"
#include "ui/session/preferences.h"
#include "ui/session/project_session.h"
#include "ui/session/theme.h"
#include "ui/session/ui_context.h"
#include "ui/shell/main_window.h"

namespace {

using namespace kinora;

constexpr int kKeepPreferencesMs = 5000;

std::filesystem::path folder(QStandardPaths::StandardLocation place, const char* name) {
  return ui::toPath(QDir(QStandardPaths::writableLocation(place)).filePath(QLatin1String(name)));
}

session::MotionSessionFactory motionFactory(const WorkerPool& workers) {
  return [&workers](const std::string& model) -> Result<std::unique_ptr<session::MotionSession>> {
    if (model == "draft")
      return vision::makeDraftMotionSession(workers);
    return fail(ErrorCode::NotFound, fmt::format("The model “{}” is not installed. Choose the draft model.", model));
  };
}

} // namespace

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("Kinora"));
  QApplication::setApplicationName(QStringLiteral("Kinora"));
  QApplication::setApplicationVersion(QStringLiteral(KINORA_VERSION));
  const ScopedThreadRole role(ThreadRole::Gui);
  ui::EnglishPlurals plurals;
  QApplication::installTranslator(&plurals);

  QCommandLineParser arguments;
  arguments.setApplicationDescription(QObject::tr("Paint a path on a picture and the video follows while you drag."));
  arguments.addHelpOption();
  arguments.addVersionOption();
  arguments.addPositionalArgument(QStringLiteral("file"), QObject::tr("A project, picture, video or sound to open."),
                                  QStringLiteral("[file…]"));
  arguments.process(application);

  QSettings settings;
  ui::Preferences preferences = ui::Preferences::read(settings);

  // Destroyed in reverse: the window first, then the engine's threads, then what they use.
  WorkerPool workers;
  gpu::DeviceOptions deviceOptions;
  deviceOptions.surfaces = true;
  auto device = gpu::Device::create(deviceOptions);
  if (!device)
    log::warning("gpu", "{}", device.error().text());
  // A device that the processor imitates draws far slower than the processor paints (tests/bench/ui): it is only used
  // by who names it.
  const bool draws = device && (!(*device)->capabilities().software || qEnvironmentVariableIsSet("KINORA_VK_DEVICE"));
  const auto transport = gpu::makeHostTransport();

  runtime::EngineOptions engineOptions;
  engineOptions.storeFolder = folder(QStandardPaths::CacheLocation, "frames");
  auto engine = runtime::Engine::create(engineOptions, workers, transport.get(), motionFactory(workers));
  if (!engine) {
    QMessageBox::critical(nullptr, QStringLiteral("Kinora"), ui::errorText(engine.error()));
    return 1;
  }
  RuntimeEngine port(std::move(*engine));
  ui::EngineBridge bridge(port);
  bridge.setEveryFrame(preferences.everyFrame);

  ui::ThemeSource theme;
  theme.set(preferences.theme, preferences.textScale);
  theme.setReduceMotion(preferences.reduceMotion);
  ui::ProjectSession session(workers, folder(QStandardPaths::AppLocalDataLocation, "recovery"));
  ui::ActionTable actions(theme);
  ui::PaintSettings paint;
  const ui::UiContext context{session, bridge, theme, actions, paint, preferences};

  ui::MainWindow window(context, draws ? device->get() : nullptr, *transport);
  window.show();
  window.openFiles(arguments.positionalArguments());

  // What a person chose outlives a crash too.
  QTimer keep;
  QObject::connect(&keep, &QTimer::timeout, &window, [&preferences, &settings, kept = preferences]() mutable {
    if (preferences == kept)
      return;
    preferences.write(settings);
    kept = preferences;
  });
  keep.start(kKeepPreferencesMs);

  const int status = QApplication::exec();
  preferences.write(settings);
  return status;
}
