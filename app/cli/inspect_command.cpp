// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/document/project_file.h"
#include "engine/document/tracks_file.h"
#include "engine/inference/weights/inspection.h"
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

// "85.35 M parameters", "12 numbers", "341.40 MB".
std::string amount(std::uint64_t count, std::string_view unit) {
  static constexpr const char* kSteps[] = {"", "k", "M", "G", "T"};
  auto value = static_cast<double>(count);
  std::size_t step = 0;
  for (; value >= 1000 && step + 1 < std::size(kSteps); ++step)
    value /= 1000;
  const bool word = unit.size() > 1;
  if (step == 0)
    return fmt::format("{} {}", count, unit);
  return fmt::format("{:.2f} {}{}{}", value, kSteps[step], word ? " " : "", unit);
}

json pairs(const std::vector<std::pair<std::string, std::string>>& entries) {
  json list = json::array();
  for (const auto& [name, value] : entries)
    list.push_back({{"name", name}, {"value", value}});
  return list;
}

void describeNetwork(const inference::NetworkReport& network, json& object, std::string& text) {
  object["networks"].push_back({{"network", inference::networkName(network.kind)},
                                {"variant", network.variant},
                                {"component", network.component},
                                {"prefix", network.prefix},
                                {"names", network.diffusersNames ? "diffusers" : "original"},
                                {"tensors", network.tensors},
                                {"parameters", network.parameters},
                                {"configuration", pairs(network.configuration)},
                                {"problems", network.problems},
                                {"today", network.today},
                                {"needs", network.needs}});
  text += fmt::format("\n  {}{}{}: {} tensors, {}", network.component.empty() ? "" : network.component + ": ",
                      inference::networkName(network.kind), network.variant.empty() ? "" : " (" + network.variant + ")",
                      network.tensors, amount(network.parameters, "parameters"));
  text += fmt::format("\n    names    {}{}", network.diffusersNames ? "as in diffusers" : "as in the original",
                      network.prefix.empty() ? "" : ", all behind “" + network.prefix + "”");
  for (const auto& [name, value] : network.configuration)
    text += fmt::format("\n    {:<24} {}", name, value);
  for (const std::string& problem : network.problems)
    text += "\n    problem  " + problem;
  text += "\n    today    " + network.today;
  for (const std::string& need : network.needs)
    text += "\n    needs    " + need;
}

ExitCode inspectWeightsFile(const fs::path& path, const Globals& globals) {
  const auto weights = inference::inspectWeights(path);
  if (!weights)
    return report(weights.error(), Stage::Reading, globals);
  json object{{"kind", "weights"},
              {"content", inference::contentName(weights->content)},
              {"container", weights->container},
              {"bytes", weights->fileBytes},
              {"tensors", weights->tensors},
              {"parameters", weights->parameters},
              {"types", json::object()},
              {"networks", json::array()},
              {"facts", pairs(weights->facts)},
              {"firstTensors", weights->firstTensors},
              {"today", weights->today}};
  static constexpr const char* kWhat[] = {"networks", "a LoRA", "a voice model", "tensors of no known network",
                                          "no tensors"};
  std::string text = fmt::format("{} ({}): {}, {}, {}", path.filename().string(), weights->container,
                                 kWhat[static_cast<std::size_t>(weights->content)], amount(weights->fileBytes, "B"),
                                 amount(weights->parameters, "parameters"));
  for (const auto& [type, elements] : weights->types) {
    object["types"][std::string(inference::dtypeName(type))] = elements;
    text += fmt::format("\n  {:<8} {}", inference::dtypeName(type), amount(elements, "numbers"));
  }
  for (const auto& [name, value] : weights->facts)
    text += fmt::format("\n  {:<8} {}", name, value);
  for (const inference::NetworkReport& network : weights->networks)
    describeNetwork(network, object, text);
  for (const std::string& tensor : weights->firstTensors)
    text += "\n  tensor   " + tensor;
  if (!weights->today.empty())
    text += "\n  today    " + weights->today;
  printResult(object, text, globals);
  return ExitCode::Ok;
}

ExitCode runInspect(const fs::path& path, const Globals& globals) {
  const std::string ending = path.extension().string();
  if (ending == ".kinora")
    return inspectProject(path, globals);
  if (inference::looksLikeWeights(path))
    return inspectWeightsFile(path, globals);
  if (ending == ".json" || ending == ".npy" || ending == ".npz")
    return inspectTracks(path, globals);
  return inspectMedia(path, globals);
}

} // namespace

void addInspectCommand(CLI::App& program, std::vector<Command>& commands) {
  auto path = std::make_shared<fs::path>();
  CLI::App* app =
      program.add_subcommand("inspect", "Say what is in a project, tracks, weights, picture, video or sound file");
  app->add_option("file", *path, "the file, or a folder of weights")->required();
  commands.push_back({app, [path](const Globals& globals) { return runInspect(*path, globals); }});
}

} // namespace kinora::cli
