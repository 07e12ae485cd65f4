// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/render.h"
#include "app/cli/values.h"
#include "engine/document/edit.h"
#include "engine/document/starter.h"
#include "engine/document/tracks_file.h"
#include "engine/runtime/media_description.h"

namespace kinora::cli {
namespace {

namespace fs = std::filesystem;
namespace edit = document::edit;

constexpr std::int64_t kDefaultFrames = 48;
constexpr std::int64_t kMostFrames = 100'000;

struct MotionFlags {
  fs::path image;
  fs::path tracks;
  std::string prompt;
  std::int64_t frames = 0; // 0: as many as the tracks have
  std::string rate;
  std::string size;
  std::string framing = "fill";
  std::uint64_t seed = 0;
  std::string model = "draft";
  fs::path output;
};

// Pixels of the frame to one of the picture.
double scaleInFrame(Size picture, Size frame, runtime::Framing framing) {
  const double across = static_cast<double>(frame.width) / picture.width;
  const double down = static_cast<double>(frame.height) / picture.height;
  return framing == runtime::Framing::Fill ? std::max(across, down) : std::min(across, down);
}

// Scale that makes a picture, fitted into the frame, fill it instead.
float coveringScale(Size picture, Size frame) {
  return static_cast<float>(scaleInFrame(picture, frame, runtime::Framing::Fill) /
                            scaleInFrame(picture, frame, runtime::Framing::Fit));
}

// Equal to within a hundredth: sizes are whole pixels.
bool sameShape(Size a, Size b) {
  const std::int64_t one = std::int64_t{a.width} * b.height;
  const std::int64_t other = std::int64_t{b.width} * a.height;
  return std::abs(one - other) * 100 <= std::max(one, other);
}

// Tracks count in pixels of the picture they were drawn on. With the shape of the output and not of the picture, that
// was the output: "tracks measure" then compares the same numbers.
document::TrackSet onPicture(document::TrackSet tracks, Size picture, std::optional<Size> output,
                             runtime::Framing framing) {
  if (!output || tracks.size.isEmpty() || sameShape(tracks.size, picture) || !sameShape(tracks.size, *output))
    return document::scaledTo(std::move(tracks), picture);
  return document::fromFrame(document::scaledTo(std::move(tracks), *output), picture,
                             scaleInFrame(picture, *output, framing));
}

Result<document::DocumentPtr> compose(const MotionFlags& flags, const document::MediaItem& picture,
                                      const document::TrackSet& tracks, std::optional<Size> size,
                                      runtime::Framing framing, FrameRate rate) {
  const std::int64_t frames = flags.frames > 0 ? flags.frames : (tracks.frames > 0 ? tracks.frames : kDefaultFrames);
  auto started = document::projectForPicture(picture, rate.timeOf(frames) - Time{}, rate);
  if (!started)
    return fail(started);
  Result<document::DocumentPtr> doc = started->document;
  const TakeId take = started->id;
  for (std::size_t i = 0; doc && i < tracks.tracks.size(); ++i) {
    auto added = edit::addTrack(*doc, take, tracks.tracks[i], i);
    doc = added ? Result<document::DocumentPtr>(added->document) : fail(added);
  }
  if (doc)
    doc = edit::setTakeModel(*doc, take, flags.model, flags.seed, flags.prompt);
  if (doc && size) {
    const ClipId clip = (*doc)->lanes.front()->clips.front()->id;
    doc = edit::setFrame(*doc, {*size, rate});
    if (doc && framing == runtime::Framing::Fill)
      doc = edit::setClipPlacement(*doc, clip, 1, coveringScale(picture.size, *size), {});
  }
  return doc;
}

ExitCode runMotion(const MotionFlags& flags, const Globals& globals) {
  std::optional<Size> size;
  if (!flags.size.empty()) {
    const auto parsed = parseSize(flags.size);
    if (!parsed)
      return reportUsage(parsed.error(), globals);
    size = *parsed;
  }
  const auto framing = parseFraming(flags.framing);
  if (!framing)
    return reportUsage(framing.error(), globals);
  std::optional<FrameRate> rate;
  if (!flags.rate.empty()) {
    const auto parsed = parseFrameRate(flags.rate);
    if (!parsed)
      return reportUsage(parsed.error(), globals);
    rate = *parsed;
  }
  if (flags.model != "draft") {
    const Error error{
        ErrorCode::NotFound, fmt::format("The model “{}” is not installed. Use --model draft.", flags.model), {}};
    (void)report(error, Stage::Reading, globals);
    return ExitCode::ModelMissing;
  }
  RenderJob job;
  job.request.file = flags.output;
  if (const auto output = checkOutput(job.request); !output)
    return report(output.error(), Stage::Writing, globals);
  const auto picture = runtime::describeMediaFile(flags.image);
  if (!picture)
    return report(picture.error(), Stage::Reading, globals);
  auto tracks = document::readTracks(flags.tracks, picture->size, rate.value_or(FrameRate{24, 1}));
  if (!tracks)
    return report(tracks.error(), Stage::Reading, globals);
  const FrameRate chosen = rate.value_or(tracks->rate);
  auto doc =
      compose(flags, *picture, onPicture(std::move(*tracks), picture->size, size, *framing), size, *framing, chosen);
  if (!doc)
    return report(doc.error(), Stage::Reading, globals);
  job.document = std::move(*doc);
  return render(job, globals);
}

} // namespace

void addMotionCommand(CLI::App& program, std::vector<Command>& commands) {
  auto flags = std::make_shared<MotionFlags>();
  CLI::App* app = program.add_subcommand("motion", "Move a picture along tracks");
  app->add_option("--image", flags->image, "the picture")->required();
  app->add_option("--tracks", flags->tracks, "where things go: .tracks.json, .npy or .npz")->required();
  app->add_option("--prompt", flags->prompt, "what to see (models with text)");
  app->add_option("--frames", flags->frames, "number of frames; default: as many as the tracks have")
      ->check(CLI::Range(std::int64_t{1}, kMostFrames));
  app->add_option("--fps", flags->rate, "frame rate: 24, 23.976, 30000/1001; default: that of the tracks");
  app->add_option("--size", flags->size, "WIDTHxHEIGHT; default: the picture's");
  app->add_option("--framing", flags->framing,
                  "when the size has another shape: fill (no bars, cut at the edges) or fit (all of it, black bars)")
      ->default_str("fill");
  app->add_option("--seed", flags->seed, "same seed, same picture")->default_str("0");
  app->add_option("--model", flags->model, "motion model")->default_str("draft");
  app->add_option("-o,--output", flags->output, "OUT.mp4 (or .mov, .mkv)")->required();
  commands.push_back({app, [flags](const Globals& globals) { return runMotion(*flags, globals); }});
}

} // namespace kinora::cli
