// SPDX-License-Identifier: Apache-2.0
#include "app/cli/render.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/cli/console.h"
#include "engine/base/doorbell.h"
#include "engine/base/worker_pool.h"
#include "engine/runtime/engine.h"
#include "engine/vision/draft_motion_session.h"

namespace kinora::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Finished frames of earlier runs, for --resume.
fs::path frameCacheFolder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
    return fs::path(cache) / "kinora" / "frames";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : ".") / ".cache" / "kinora" / "frames";
}

session::MotionSessionFactory motionFactory(const WorkerPool& workers) {
  return [&workers](const std::string& model) -> Result<std::unique_ptr<session::MotionSession>> {
    if (model == "draft")
      return vision::makeDraftMotionSession(workers);
    return fail(ErrorCode::NotFound, fmt::format("The model “{}” is not installed. Use --model draft.", model));
  };
}

} // namespace

Result<void> checkOutput(const runtime::ExportRequest& request) {
  const auto presets = runtime::exportPresets();
  if (request.preset.empty()) {
    if (!runtime::presetForPath(request.file))
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("The ending of “{}” fits no format. Use .mp4, .mov, .mkv, or choose one with --preset.",
                              request.file.filename().string()));
  } else {
    const auto chosen =
        std::find_if(presets.begin(), presets.end(), [&](const auto& p) { return p.id == request.preset; });
    if (chosen == presets.end()) {
      std::string known;
      for (const auto& preset : presets)
        known += (known.empty() ? "" : ", ") + preset.id;
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("The preset “{}” is unknown. There are: {}.", request.preset, known));
    }
    if (!chosen->usable)
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("The preset “{}” cannot be used on this machine: {}.", request.preset, chosen->whyNot));
  }
  const fs::path folder = request.file.has_parent_path() ? request.file.parent_path() : fs::path(".");
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    return fail(ErrorCode::Io,
                fmt::format("The folder “{}” for the output is not there. Make it first.", folder.string()));
  if (::access(folder.c_str(), W_OK) != 0)
    return fail(ErrorCode::Io, fmt::format("The folder “{}” cannot be written to. Choose another.", folder.string()));
  return {};
}

ExitCode render(const RenderJob& job, const Globals& globals) {
  if (globals.device != "cpu")
    return report(
        {ErrorCode::Device,
         fmt::format("The device “{}” cannot be used: the draft model runs on the processor. Leave --device out.",
                     globals.device),
         {}},
        Stage::Reading, globals);
  WorkerPool workers(globals.threads);
  runtime::EngineOptions options;
  if (job.resume)
    options.storeFolder = frameCacheFolder();
  Doorbell bell; // outlives the engine, which rings it
  auto engine = runtime::Engine::create(options, workers, nullptr, motionFactory(workers));
  if (!engine)
    return report(engine.error(), Stage::Writing, globals);
  (*engine)->setWakeUp([&bell] { bell.ring(); });
  const std::stop_callback wake(globals.stop, [&bell] { bell.ring(); });

  const auto begin = Clock::now();
  Progress progress("Rendering", globals.quiet);
  const JobId id = (*engine)->startExport(job.document, job.request);
  std::int64_t frames = 0;
  bool cancelled = false;
  for (;;) {
    if (globals.stop.stop_requested() && !cancelled) {
      (*engine)->cancelExport(id);
      cancelled = true;
    }
    while (auto event = (*engine)->nextEvent()) {
      if (const auto* state = std::get_if<runtime::ExportProgress>(&*event); state && state->job == id) {
        frames = state->framesTotal;
        progress.show(state->framesDone, state->framesTotal, state->secondsLeft);
      } else if (const auto* end = std::get_if<runtime::ExportFinished>(&*event); end && end->job == id) {
        if (!end->file)
          return report(end->file.error(), Stage::Writing, globals);
        const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        printResult({{"output", end->file->string()},
                     {"frames", frames},
                     {"seconds", seconds},
                     {"framesPerSecond", seconds > 0 ? static_cast<double>(frames) / seconds : 0},
                     {"model", (*engine)->stats().modelName}},
                    fmt::format("{}: {} frames in {:.1f} s", end->file->string(), frames, seconds), globals);
        return ExitCode::Ok;
      }
    }
    bell.waitUntil(Clock::now() + std::chrono::milliseconds(200), std::stop_token{});
  }
}

} // namespace kinora::cli
