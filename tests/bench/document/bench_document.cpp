// SPDX-License-Identifier: Apache-2.0
// Time of one edit, of finding what it changed and of the file, at 16 lanes of 1,000 clips. Microseconds; the result of
// an edit is freed outside the measured time, as undo keeps it.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "engine/document/diff.h"
#include "engine/document/edit.h"
#include "engine/document/project_file.h"
#include "engine/document/validate.h"

using namespace kinora;
using namespace kinora::document;

namespace {

constexpr int kLanes = 16;
constexpr int kClips = 1'000;
constexpr int kTracks = 16;
constexpr int kPoints = 1'000;

struct Row {
  std::string name;
  double least = 0;
  double median = 0;
  double p99 = 0;
};

// Written straight into parts. Clips lie scattered in memory, as they do after hours of editing.
DocumentPtr makeDocument() {
  auto doc = std::make_shared<Document>();
  MediaItem item;
  item.id = {doc->nextId++};
  item.name = "sea";
  item.path = "/media/sea.mp4";
  item.kind = MediaKind::Video;
  item.size = {1920, 1080};
  doc->media.push_back(std::make_shared<const MediaItem>(item));
  Take take;
  take.id = {doc->nextId++};
  take.picture = item.id;
  take.length = Duration::fromSeconds(10);
  for (int t = 0; t < kTracks; ++t) {
    Track track;
    track.id = {doc->nextId++};
    track.name = fmt::format("Track {}", t);
    for (int p = 0; p < kPoints; ++p)
      track.points.push_back({Duration{p * 1'000'000LL}, {static_cast<float>(p), static_cast<float>(t)}});
    track.duration = track.points.back().at;
    take.tracks.push_back(std::make_shared<const Track>(std::move(track)));
  }
  doc->takes.push_back(std::make_shared<const Take>(std::move(take)));
  const std::uint64_t firstClip = doc->nextId;
  doc->nextId += kLanes * kClips;
  std::vector<int> order(kLanes * kClips);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::minstd_rand(1));
  std::vector<ClipPtr> clips(order.size());
  for (const int n : order) {
    const int c = n % kClips;
    Clip clip;
    clip.id = {firstClip + static_cast<std::uint64_t>(n)};
    clip.name = fmt::format("Clip {}", c);
    clip.media = item.id;
    clip.start = Time::fromSeconds(2 * c);
    clip.length = Duration::fromSeconds(1);
    clips[static_cast<std::size_t>(n)] = std::make_shared<const Clip>(std::move(clip));
  }
  for (int l = 0; l < kLanes; ++l) {
    Lane lane;
    lane.id = {doc->nextId++};
    lane.name = fmt::format("Lane {}", l);
    lane.clips.assign(clips.begin() + l * kClips, clips.begin() + (l + 1) * kClips);
    doc->lanes.push_back(std::make_shared<const Lane>(std::move(lane)));
  }
  return doc;
}

template <class Work>
Row measure(std::string name, int runs, Work&& work) {
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(runs));
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto result = work(i);
    times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    if (!result) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), result.error().text().c_str());
      std::exit(1);
    }
  }
  std::sort(times.begin(), times.end());
  return {std::move(name), times.front(), times[times.size() / 2], times[times.size() * 99 / 100]};
}

} // namespace

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
  // Kinora never runs alone on one thread; with a second one alive, counting references costs what it costs there.
  const std::jthread other([](std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait(lock, stop, [] { return false; });
  });
  const DocumentPtr doc = makeDocument();
  if (auto valid = validate(*doc); !valid) {
    std::fprintf(stderr, "%s\n", valid.error().text().c_str());
    return 1;
  }
  const Lane& first = *doc->lanes.front();
  const Lane& last = *doc->lanes.back();
  const ClipId firstClip = first.clips[0]->id;
  const ClipId lastClip = last.clips[kClips - 1]->id;
  const ClipId middleClip = doc->lanes[kLanes / 2]->clips[kClips / 2]->id;
  const TakeId take = doc->takes[0]->id;
  const TrackId track = doc->takes[0]->tracks[kTracks - 1]->id;
  const std::vector<std::size_t> point{kPoints / 2};
  constexpr int kRuns = 3'000;

  std::vector<Row> rows;
  const auto edits = [&](const char* name, const std::function<Result<DocumentPtr>(int)>& work) {
    rows.push_back(measure(name, kRuns, work));
  };
  edits("move clip, first lane", [&](int i) { return edit::moveClip(doc, firstClip, first.id, Time{i + 1}); });
  edits("move clip, middle", [&](int i) {
    return edit::moveClip(doc, middleClip, doc->lanes[kLanes / 2]->id, Time::fromSeconds(kClips) + Duration{i + 1});
  });
  edits("move clip, last of the last lane",
        [&](int i) { return edit::moveClip(doc, lastClip, last.id, Time::fromSeconds(5'000) + Duration{i}); });
  edits("move clip to another lane",
        [&](int i) { return edit::moveClip(doc, middleClip, last.id, Time::fromSeconds(5'000) + Duration{i}); });
  edits("trim clip, last",
        [&](int i) { return edit::trimClipEnd(doc, lastClip, Time::fromSeconds(2 * kClips) + Duration{i}); });
  edits("rename clip, last", [&](int i) { return edit::renameClip(doc, lastClip, std::to_string(i)); });
  edits("remove clip, last", [&](int) { return edit::removeClip(doc, lastClip); });
  edits("split clip, last", [&](int i) -> Result<DocumentPtr> {
    auto made = edit::splitClip(doc, lastClip, Time::fromSeconds(2 * kClips - 2) + Duration{i + 1});
    if (!made)
      return fail(made);
    return std::move(made->document);
  });
  edits("lane on and off", [&](int) { return edit::setLaneEnabled(doc, last.id, false); });
  edits("rename project", [&](int i) { return edit::rename(doc, std::to_string(i)); });
  edits("track strength",
        [&](int i) { return edit::setTrackStrength(doc, take, track, static_cast<float>(i) / (2.F * kRuns)); });
  edits("move one of 1,000 points", [&](int i) {
    return edit::movePoints(doc, take, track, point, {static_cast<float>(i + 1), 1});
  });
  {
    const DocumentPtr moved = *edit::moveClip(doc, lastClip, last.id, Time::fromSeconds(5'000));
    rows.push_back(measure("diff after moving a clip", kRuns, [&](int) { return Result<Diff>(diff(doc, moved)); }));
    const DocumentPtr stronger = *edit::setTrackStrength(doc, take, track, .5F);
    rows.push_back(measure("diff after a track edit", kRuns, [&](int) { return Result<Diff>(diff(doc, stronger)); }));
    rows.push_back(measure("diff of the same", kRuns, [&](int) { return Result<Diff>(diff(doc, doc)); }));
  }
  rows.push_back(measure("validate all", 40, [&](int) { return validate(*doc); }));
  std::string text;
  rows.push_back(measure("format file", 20, [&](int) -> Result<void> {
    text = formatProject(*doc, "/projects");
    return {};
  }));
  rows.push_back(measure("parse file", 20, [&](int) { return parseProject(text, "/projects"); }));

  if (json) {
    fmt::print("{{\"benchmark\": \"document\", \"lanes\": {}, \"clips\": {}, \"fileBytes\": {}, \"unit\": \"us\", "
               "\"rows\": [",
               kLanes, kClips, text.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
      fmt::print("{}{{\"name\": \"{}\", \"min\": {:.2f}, \"median\": {:.2f}, \"p99\": {:.2f}}}", i > 0 ? ", " : "",
                 rows[i].name, rows[i].least, rows[i].median, rows[i].p99);
    fmt::print("]}}\n");
    return 0;
  }
  fmt::print("{} lanes of {} clips, {} tracks of {} points, file {:.1f} MB\n{:<34}{:>12}{:>12}{:>12}\n", kLanes, kClips,
             kTracks, kPoints, static_cast<double>(text.size()) / 1e6, "microseconds", "min", "median", "p99");
  for (const Row& row : rows)
    fmt::print("{:<34}{:>12.2f}{:>12.2f}{:>12.2f}\n", row.name, row.least, row.median, row.p99);
  return 0;
}
