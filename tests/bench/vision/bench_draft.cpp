// SPDX-License-Identifier: Apache-2.0
// The draft motion engine on a picture of 512 x 512: an edit, its first moving frame, the texture of the background and
// running frames, with one object and two. bench_draft [--json] [--runs N] [PICTURE X Y]: a made picture, or one from a
// file (scaled to 512 x 512) with the object at (X, Y). Milliseconds, least of N.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "engine/media/image_file.h"
#include "engine/vision/draft_motion_session.h"
#include "engine/vision/tracking/track_estimation.h"
#include "kernels/resize.h"
#include "kernels/views.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::session;

namespace {

constexpr Size kSize{512, 512};
constexpr std::int64_t kFrames = 48;
constexpr float kDrag = 60;

struct Row {
  std::string name;
  double value = 0;
  const char* unit = "ms";
};

template <class Work>
double leastMs(int runs, const Work& work) {
  double least = 1e30;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work(i);
    least =
        std::min(least, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  return std::move(*result);
}

void must(const Result<void>& result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
}

ControlTrack drag(std::uint64_t id, Point start, Point by) {
  ControlTrack track;
  track.id = {id};
  track.group = static_cast<std::int32_t>(id);
  for (std::int64_t f = 0; f < kFrames; ++f)
    track.positions.push_back({start + by * (static_cast<float>(f) / static_cast<float>(kFrames - 1)), true});
  return track;
}

Image picture(const std::string& path, const WorkerPool& pool) {
  if (path.empty())
    return test::withDisc(test::withDisc(test::texturedPicture(kSize, 3), {180, 260}, 70, 230, 40, 30), {380, 130}, 50,
                          30, 60, 230);
  const Image read = must(media::readImage(path, media::OutputDepth::Eight));
  auto scaled = must(MutableImage::allocate(PixelFormat::Rgba8, kSize));
  kernels::resize(kernels::view<kernels::Rgba8>(read), kernels::view<kernels::Rgba8>(scaled), {}, pool);
  return std::move(scaled).freeze();
}

} // namespace

int main(int argc, char** argv) {
  bool json = false;
  int runs = 15;
  std::vector<std::string> rest;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--json")
      json = true;
    else if (a == "--runs" && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
    else
      rest.emplace_back(a);
  }
  const WorkerPool pool(2);
  const Image image = picture(rest.empty() ? std::string() : rest[0], pool);
  const Point first = rest.size() >= 3
                          ? Point{std::strtof(rest[1].c_str(), nullptr), std::strtof(rest[2].c_str(), nullptr)}
                          : Point{180, 260};
  const Point second{380, 130};

  std::vector<Row> rows;
  std::vector<char> from(static_cast<std::size_t>(kSize.area()) * 4, 1);
  std::vector<char> to(from.size());
  const double copyMs = leastMs(runs, [&](int i) {
    from[0] = static_cast<char>(i);
    std::memcpy(to.data(), from.data(), from.size());
  });
  rows.push_back({"memcpy of one picture", copyMs});

  for (const int objects : {1, 2}) {
    MotionRequest request;
    request.picture = image;
    request.outputSize = kSize;
    request.frameCount = kFrames;
    request.tracks.push_back(drag(1, first, {kDrag, 0}));
    if (objects == 2)
      request.tracks.push_back(drag(2, second, {0, kDrag}));
    const std::string suffix = objects == 1 ? ", 1 object" : ", 2 objects";
    rows.push_back({"edit: mattes and quick plate" + suffix, leastMs(runs, [&](int) {
                      const auto fresh = vision::makeDraftMotionSession(pool);
                      must(fresh->prepare(request, {}));
                    })});
    rows.push_back({"edit to first moving frame" + suffix, leastMs(runs, [&](int) {
                      const auto fresh = vision::makeDraftMotionSession(pool);
                      must(fresh->prepare(request, {}));
                      must(fresh->step({kFrames / 2, 1}, {}));
                    })});
    const auto session = vision::makeDraftMotionSession(pool);
    must(session->prepare(request, {}));
    rows.push_back({"edit of a path only" + suffix, leastMs(runs, [&](int i) {
                      request.tracks[0].positions.back().at.y += static_cast<float>(i);
                      must(session->prepare(request, {}));
                    })});
    request.tracks[0] = drag(1, first, {kDrag, 0});
    must(session->prepare(request, {}));
    rows.push_back({"texture of the plate" + suffix, leastMs(1, [&](int) { must(session->improve({})); })});
    const double frameMs = leastMs(runs,
                                   [&](int) {
                                     for (std::int64_t f = 1; f < kFrames; ++f)
                                       must(session->step({f, 1}, {}));
                                   }) /
                           static_cast<double>(kFrames - 1);
    rows.push_back({"frame" + suffix, frameMs});
    rows.push_back({"frames per second" + suffix, 1000 / frameMs, "1/s"});
    rows.push_back({"frame over memcpy" + suffix, frameMs / copyMs, "x"});

    // How well the film follows its paths, estimated again from the pixels. The made discs are flat, so that there is
    // nothing in them to track: only a picture from a file is measured.
    if (rest.empty())
      continue;
    std::vector<std::vector<TrackPosition>> wanted;
    for (const ControlTrack& t : request.tracks)
      wanted.push_back(t.positions);
    const auto error = must(vision::measureTracks(
        [&, next = std::int64_t{0}]() mutable -> Result<std::optional<Image>> {
          if (next == kFrames)
            return std::optional<Image>();
          return std::optional<Image>(must(session->step({next++, 1}, {})).front().image);
        },
        wanted));
    rows.push_back({"end-point error, mean" + suffix, error.mean, "px"});
    rows.push_back({"positions tracked" + suffix, error.percentTracked, "%"});
  }

  if (json) {
    fmt::print("{{\"benchmark\": \"draft\", \"size\": [{}, {}], \"threads\": {}, \"runs\": {}, \"rows\": [",
               kSize.width, kSize.height, pool.threads(), runs);
    for (std::size_t i = 0; i < rows.size(); ++i)
      fmt::print("{}{{\"name\": \"{}\", \"value\": {:.4f}, \"unit\": \"{}\"}}", i > 0 ? ", " : "", rows[i].name,
                 rows[i].value, rows[i].unit);
    fmt::print("]}}\n");
    return 0;
  }
  fmt::print("{} x {}, {} threads, least of {}\n", kSize.width, kSize.height, pool.threads(), runs);
  for (const Row& row : rows)
    fmt::print("{:<44}{:>12.3f} {}\n", row.name, row.value, row.unit);
  return 0;
}
