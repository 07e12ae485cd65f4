// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/console.h"
#include "app/cli/values.h"
#include "engine/document/sampling.h"
#include "engine/document/tracks_file.h"
#include "engine/media/decoder.h"
#include "engine/vision/tracking/track_estimation.h"

namespace kinora::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kLargestGrid = 100;

struct EstimateFlags {
  fs::path video;
  int grid = 0;
  std::string points;
  fs::path output;
};

struct MeasureFlags {
  fs::path video;
  fs::path tracks;
};

// A decoder's frames one after another, with progress.
vision::FrameProvider framesOf(media::Decoder& decoder, Progress& progress, const std::stop_token& stop) {
  const std::int64_t total = decoder.info().video->frameCount.value_or(0);
  return [&decoder, &progress, stop, total, done = std::int64_t{0}]() mutable {
    auto frame = decoder.next(stop);
    if (frame && *frame)
      progress.show(++done, total, -1);
    return frame;
  };
}

document::TrackSet toTrackSet(const vision::EstimatedTracks& estimated, FrameRate rate) {
  document::TrackSet set;
  set.size = estimated.size;
  set.rate = rate;
  set.frames = estimated.frameCount;
  for (const auto& source : estimated.tracks) {
    document::Track track;
    track.id = TrackId{set.tracks.size() + 1};
    track.name = fmt::format("Point {}", set.tracks.size() + 1);
    track.duration = rate.timeOf(std::max<std::int64_t>(0, estimated.frameCount - 1)) - Time{};
    for (std::size_t f = 0; f < source.positions.size(); ++f)
      track.points.push_back(
          {rate.timeOf(static_cast<std::int64_t>(f)) - Time{}, source.positions[f].at, source.positions[f].visible});
    set.tracks.push_back(std::move(track));
  }
  return set;
}

ExitCode runEstimate(const EstimateFlags& flags, const Globals& globals) {
  auto decoder = media::Decoder::open(flags.video);
  if (!decoder)
    return report(decoder.error(), Stage::Reading, globals);
  std::vector<Point> points;
  if (flags.points.empty()) {
    points = vision::gridPoints(decoder->outputSize(), flags.grid, flags.grid);
  } else {
    auto parsed = parsePoints(flags.points);
    if (!parsed)
      return reportUsage(parsed.error(), globals);
    points = std::move(*parsed);
  }
  Progress progress("Following points", globals.quiet);
  const auto estimated = vision::estimateTracks(framesOf(*decoder, progress, globals.stop), points, globals.stop);
  if (!estimated)
    return report(estimated.error(), Stage::Reading, globals);
  const document::TrackSet set = toTrackSet(*estimated, decoder->info().video->frameRate);
  if (const auto written = document::writeTracks(set, flags.output); !written)
    return report(written.error(), Stage::Writing, globals);
  printResult({{"output", flags.output.string()}, {"tracks", set.tracks.size()}, {"frames", set.frames}},
              fmt::format("{}: {} tracks over {} frames", flags.output.string(), set.tracks.size(), set.frames),
              globals);
  return ExitCode::Ok;
}

ExitCode runMeasure(const MeasureFlags& flags, const Globals& globals) {
  auto decoder = media::Decoder::open(flags.video);
  if (!decoder)
    return report(decoder.error(), Stage::Reading, globals);
  const media::VideoInfo& video = *decoder->info().video;
  auto tracks = document::readTracks(flags.tracks, decoder->outputSize(), video.frameRate);
  if (!tracks)
    return report(tracks.error(), Stage::Reading, globals);
  const document::TrackSet scaled = document::scaledTo(std::move(*tracks), decoder->outputSize());
  std::vector<std::vector<session::TrackPosition>> wanted;
  for (const document::Track& track : scaled.tracks) {
    auto& positions = wanted.emplace_back();
    for (const auto& position : document::sampleTrack(track, scaled.rate, scaled.frames))
      positions.push_back({position.at, position.visible});
  }
  Progress progress("Measuring", globals.quiet);
  const auto error = vision::measureTracks(framesOf(*decoder, progress, globals.stop), wanted, globals.stop);
  if (!error)
    return report(error.error(), Stage::Reading, globals);
  printResult({{"meanPx", error->mean},
               {"medianPx", error->median},
               {"p95Px", error->p95},
               {"percentTracked", error->percentTracked},
               {"samples", error->samples}},
              fmt::format("End-point error: mean {:.2f} px, median {:.2f} px, 95 % below {:.2f} px; {:.1f} % of {} "
                          "positions followed",
                          error->mean, error->median, error->p95, error->percentTracked, error->samples),
              globals);
  return ExitCode::Ok;
}

} // namespace

void addTracksCommands(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* group = program.add_subcommand("tracks", "Find tracks in a video, or measure how well it follows them");
  group->require_subcommand(1);
  group->fallthrough();

  auto estimate = std::make_shared<EstimateFlags>();
  CLI::App* app = group->add_subcommand("estimate", "Follow points through a video");
  app->add_option("video", estimate->video, "the video")->required();
  auto* which = app->add_option_group("points", "which points");
  which->add_option("--grid", estimate->grid, "N×N points over the picture")->check(CLI::Range(1, kLargestGrid));
  which->add_option("--points", estimate->points, "points of the first frame: \"x,y;x,y\"");
  which->require_option(1);
  app->add_option("-o,--output", estimate->output, "T.tracks.json")->required();
  commands.push_back({app, [estimate](const Globals& globals) { return runEstimate(*estimate, globals); }});

  auto measure = std::make_shared<MeasureFlags>();
  app = group->add_subcommand("measure", "End-point error between tracks and a video");
  app->add_option("video", measure->video, "the video")->required();
  app->add_option("--tracks", measure->tracks, "where things should have gone")->required();
  commands.push_back({app, [measure](const Globals& globals) { return runMeasure(*measure, globals); }});
}

} // namespace kinora::cli
