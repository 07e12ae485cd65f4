// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/document/samples.h"

#include <cstdio>
#include <cstdlib>

namespace kinora::test {

using namespace document;

void stopWith(const Error& error) {
  std::fprintf(stderr, "unexpected error: %s\n", error.text().c_str());
  std::abort();
}

Track samplePath() {
  Track track;
  track.name = "Rocket";
  track.start = atSecond(0.5);
  track.duration = seconds(2);
  track.points = {{seconds(0), {10, 10}}, {seconds(0.5), {20, 40}}, {seconds(1.5), {60, 20}}, {seconds(2), {70, 50}}};
  return track;
}

Track samplePin() {
  Track track;
  track.name = "Pin 1";
  track.kind = TrackKind::Pin;
  track.points = {{seconds(0), {100, 100}}};
  return track;
}

Sample sampleDocument() {
  Sample s;
  DocumentPtr doc = std::make_shared<Document>();
  const auto media = [&](const char* path, MediaKind kind, Size size, double length) {
    MediaItem item;
    item.path = path;
    item.kind = kind;
    item.size = size;
    item.length = seconds(length);
    auto made = need(edit::addMedia(doc, item));
    doc = made.document;
    return made.id;
  };
  s.picture = media("/media/boat.png", MediaKind::Picture, {640, 480}, 0);
  s.video = media("/media/clips/sea.mp4", MediaKind::Video, {1920, 1080}, 10);
  s.sound = media("/media/wind.flac", MediaKind::Sound, {}, 20);
  Take take;
  take.name = "Take 1";
  take.picture = s.picture;
  take.length = seconds(4);
  auto madeTake = need(edit::addTake(doc, take));
  s.take = madeTake.id;
  auto path = need(edit::addTrack(madeTake.document, s.take, samplePath()));
  s.path = path.id;
  auto pin = need(edit::addTrack(path.document, s.take, samplePin(), 1));
  s.pin = pin.id;
  auto pictures = need(edit::addLane(pin.document, LaneKind::Picture, "Picture", 0));
  s.pictures = pictures.id;
  auto sounds = need(edit::addLane(pictures.document, LaneKind::Sound, "Sound", 1));
  s.sounds = sounds.id;
  doc = sounds.document;
  const auto clip = [&](LaneId lane, Clip c, double start, double length) {
    c.start = atSecond(start);
    c.length = seconds(length);
    auto made = need(edit::addClip(doc, lane, c));
    doc = made.document;
    return made.id;
  };
  Clip c;
  c.name = "Boat";
  c.kind = ClipKind::Take;
  c.take = s.take;
  s.takeClip = clip(s.pictures, c, 0, 4);
  c = {};
  c.name = "Sea";
  c.media = s.video;
  c.sourceIn = seconds(1);
  s.videoClip = clip(s.pictures, c, 5, 3);
  c = {};
  c.name = "Wind";
  c.media = s.sound;
  s.soundClip = clip(s.sounds, c, 0, 8);
  s.document = need(edit::addMarker(doc, {atSecond(1), "Beat", "teal"}));
  return s;
}

std::string projectFromTheFuture() {
  return R"({
  "schema": "kinora.project/1", "name": "Future", "nextId": 40, "mood": {"warm": [1, 2, {"deep": null}]},
  "frame": {"size": [640, 360], "rate": [30000, 1001], "pixelAspect": [1, 1]},
  "marks": [0, 705600000],
  "markers": [{"at": 705600000, "name": "Beat", "colour": "teal", "note": "loud"}],
  "media": [{"id": 1, "kind": "picture", "name": "Boat", "path": "media/boat.png", "size": [640, 480],
             "hash": "00112233445566778899aabbccddeeff", "rating": 5}],
  "takes": [{"id": 2, "name": "Take 1", "picture": 1, "length": 2822400000, "seed": 18446744073709551615,
             "stars": "many",
             "camera": [{"at": 0, "zoom": 1.1, "lens": 35}, {"at": 705600000, "zoom": 1.5, "panX": 0.1}],
             "matteEdits": [{"group": 1, "add": false, "radius": 12.5, "points": [[1, 2], [3.5, 4]], "tool": "chalk"}],
             "tracks": [{"id": 3, "name": "Rocket", "points": [[0, 1, 2], [352800000, 3.25, 4, 0]],
                         "duration": 352800000, "physics": {"mass": 2}},
                        {"id": 4, "name": "Pin", "kind": "pin", "points": [[0, 5, 6]], "glue": true}]}],
  "lanes": [{"id": 5, "name": "Picture", "blend": "screen",
             "clips": [{"id": 6, "name": "Boat", "kind": "take", "take": 2, "length": 705600000, "speed": 0.5}]}]
})";
}

} // namespace kinora::test
