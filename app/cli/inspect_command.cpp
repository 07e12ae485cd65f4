// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/document/project_file.h"
#include "engine/document/tracks_file.h"
#include "engine/media/probe.h"

namespace kinora::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

ExitCode inspectProject(const fs::path& path, const Globals& globals) {
  const auto project = document::readProject(path);
  if (!project)
    return report(project.error(), Stage::Reading, globals);
  const document::Document& doc = **project;
  json object{{"kind", "project"},
              {"name", doc.name},
              {"size", {doc.frame.size.width, doc.frame.size.height}},
              {"fps", {doc.frame.rate.num, doc.frame.rate.den}},
              {"seconds", doc.length().seconds()},
              {"media", json::array()},
              {"takes", json::array()},
              {"lanes", json::array()}};
  std::string text = fmt::format("Kinora project “{}”: {}×{}, {:.4g} fps, {:.2f} s", doc.name, doc.frame.size.width,
                                 doc.frame.size.height, doc.frame.rate.hertz(), doc.length().seconds());
  for (const auto& item : doc.media) {
    std::error_code ignored;
    const bool there = fs::exists(item->path, ignored);
    object["media"].push_back({{"name", item->name}, {"path", item->path.string()}, {"missing", !there}});
    text += fmt::format("\n  media  {}{}", item->name, there ? "" : "  (missing: " + item->path.string() + ")");
  }
  for (const auto& take : doc.takes) {
    const auto pins = std::count_if(take->tracks.begin(), take->tracks.end(),
                                    [](const auto& t) { return t->kind == document::TrackKind::Pin; });
    const auto paths = static_cast<std::ptrdiff_t>(take->tracks.size()) - pins;
    object["takes"].push_back({{"name", take->name},
                               {"model", take->model},
                               {"seconds", take->length.seconds()},
                               {"paths", paths},
                               {"pins", pins}});
    text += fmt::format("\n  take   {}: {:.2f} s, model {}, paths {}, pins {}", take->name, take->length.seconds(),
                        take->model, paths, pins);
  }
  for (const auto& lane : doc.lanes) {
    object["lanes"].push_back({{"name", lane->name}, {"clips", lane->clips.size()}});
    text += fmt::format("\n  lane   {}: clips {}", lane->name, lane->clips.size());
  }
  printResult(object, text, globals);
  return ExitCode::Ok;
}

ExitCode inspectTracks(const fs::path& path, const Globals& globals) {
  const auto tracks = document::readTracks(path, {}, {});
  if (!tracks)
    return report(tracks.error(), Stage::Reading, globals);
  const auto holds = std::count_if(tracks->tracks.begin(), tracks->tracks.end(),
                                   [](const auto& t) { return t.kind == document::TrackKind::Pin; });
  printResult({{"kind", "tracks"},
               {"size", {tracks->size.width, tracks->size.height}},
               {"fps", {tracks->rate.num, tracks->rate.den}},
               {"frames", tracks->frames},
               {"tracks", tracks->tracks.size()},
               {"holds", holds}},
              fmt::format("Tracks: {} ({} hold still), {} frames{}", tracks->tracks.size(), holds, tracks->frames,
                          tracks->size.isEmpty() ? std::string(", no picture size in the file")
                                                 : fmt::format(", on {}×{}, {:.4g} fps", tracks->size.width,
                                                               tracks->size.height, tracks->rate.hertz())),
              globals);
  return ExitCode::Ok;
}

ExitCode inspectMedia(const fs::path& path, const Globals& globals) {
  const auto info = media::probe(path);
  if (!info)
    return report(info.error(), Stage::Reading, globals);
  json object{{"kind", media::mediaKindName(info->kind)},
              {"container", info->container},
              {"bytes", info->fileBytes},
              {"seconds", info->duration.seconds()}};
  std::string text = fmt::format("{} ({})", path.filename().string(), info->container);
  if (info->video) {
    const media::VideoInfo& v = *info->video;
    object["video"] = {{"codec", v.codec},
                       {"pixelFormat", v.pixelFormat},
                       {"size", {v.size.width, v.size.height}},
                       {"fps", {v.frameRate.num, v.frameRate.den}},
                       {"variableFrameRate", v.variableFrameRate},
                       {"rotation", v.rotationDegrees},
                       {"bitDepth", v.bitDepth},
                       {"alpha", v.hasAlpha}};
    if (v.frameCount)
      object["video"]["frames"] = *v.frameCount;
    text += fmt::format("\n  {}  {} {}, {}×{}, {} bit{}", info->kind == media::MediaKind::Picture ? "picture" : "video",
                        v.codec, v.pixelFormat, v.size.width, v.size.height, v.bitDepth, v.hasAlpha ? ", alpha" : "");
    if (info->kind != media::MediaKind::Picture)
      text += fmt::format(", {:.4g} fps{}, {:.2f} s", v.frameRate.hertz(), v.variableFrameRate ? " (variable)" : "",
                          info->duration.seconds());
    if (v.rotationDegrees != 0)
      text += fmt::format(", turned by {}°", v.rotationDegrees);
  }
  if (info->audio) {
    const media::AudioInfo& a = *info->audio;
    object["audio"] = {
        {"codec", a.codec}, {"channels", a.channels}, {"sampleRate", a.sampleRate}, {"seconds", a.length.seconds()}};
    text += fmt::format("\n  sound  {}, channels {}, {} Hz, {:.2f} s", a.codec, a.channels, a.sampleRate,
                        a.length.seconds());
  }
  printResult(object, text, globals);
  return ExitCode::Ok;
}

ExitCode runInspect(const fs::path& path, const Globals& globals) {
  const std::string ending = path.extension().string();
  if (ending == ".kinora")
    return inspectProject(path, globals);
  if (ending == ".json" || ending == ".npy" || ending == ".npz")
    return inspectTracks(path, globals);
  return inspectMedia(path, globals);
}

} // namespace

void addInspectCommand(CLI::App& program, std::vector<Command>& commands) {
  auto path = std::make_shared<fs::path>();
  CLI::App* app = program.add_subcommand("inspect", "Say what is in a project, tracks, picture, video or sound file");
  app->add_option("file", *path, "the file")->required();
  commands.push_back({app, [path](const Globals& globals) { return runInspect(*path, globals); }});
}

} // namespace kinora::cli
