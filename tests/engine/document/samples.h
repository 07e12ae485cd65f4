// SPDX-License-Identifier: Apache-2.0
// Documents that several tests begin with.
#pragma once

#include <string>
#include <utility>

#include "engine/document/edit.h"

namespace kinora::test {

// A document with one of everything: a picture, a video, a sound, a take with a path and a pin, two lanes with clips.
struct Sample {
  document::DocumentPtr document;
  MediaId picture;
  MediaId video;
  MediaId sound;
  TakeId take;
  TrackId path;
  TrackId pin;
  LaneId pictures;
  LaneId sounds;
  ClipId takeClip;
  ClipId videoClip;
  ClipId soundClip;
};
[[nodiscard]] Sample sampleDocument();

// The value, or the test program ends with the error's text.
[[noreturn]] void stopWith(const Error& error);
template <class T>
[[nodiscard]] T need(Result<T> result) {
  if (!result)
    stopWith(result.error());
  return std::move(*result);
}

[[nodiscard]] inline Duration seconds(double s) {
  return Duration::fromSeconds(s);
}
[[nodiscard]] inline Time atSecond(double s) {
  return Time::fromSeconds(s);
}
// A path with four points over two seconds, from (10, 10) to (70, 50).
[[nodiscard]] document::Track samplePath();
[[nodiscard]] document::Track samplePin();

// A project file with members that no version knows, in every kind of object. Paths are relative.
[[nodiscard]] std::string projectFromTheFuture();

} // namespace kinora::test
