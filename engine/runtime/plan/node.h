// SPDX-License-Identifier: Apache-2.0
// A take as work to be done: everything that decides its frames, and the content key that names them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/content_key.h"
#include "engine/base/geometry.h"
#include "engine/base/id.h"
#include "engine/base/time.h"
#include "engine/document/document.h"
#include "engine/session/motion_session.h"

namespace kinora::runtime {

// A picture file and what its content is called.
struct PictureRef {
  std::filesystem::path path;
  ContentKey content; // of the file's bytes; made of the path when those were never read
  std::string name;   // for messages

  friend bool operator==(const PictureRef&, const PictureRef&) = default;
};
[[nodiscard]] PictureRef pictureRef(const document::MediaItem& item);

// A track worked out at every frame. Kept as long as the track and the frame grid stay the same.
struct SampledTrack {
  document::TrackPtr source;
  FrameRate rate;
  session::ControlTrack control; // positions at every frame
  ContentKey hash;               // of what moves pixels: not of names, colours or ids
};
using SampledTrackPtr = std::shared_ptr<const SampledTrack>;

// Immutable. Nodes of equal content are one object from plan to plan.
struct GenerationNode {
  TakeId take;
  std::string name; // of the take, for messages
  ContentKey key;   // null while the model's revision is not known
  PictureRef picture;
  Size pictureSize;
  Size outputSize; // of the frames
  FrameRate rate;
  std::int64_t frameCount = 0;
  std::vector<SampledTrackPtr> tracks; // front to back
  std::vector<CameraPose> camera;      // one per frame, or empty
  std::vector<session::MatteCorrection> corrections;
  std::string model;
  std::string prompt;
  std::uint64_t seed = 0;

  // [inference] What a session is prepared with.
  [[nodiscard]] session::MotionRequest request(Image untouched) const;
};
using GenerationNodePtr = std::shared_ptr<const GenerationNode>;

// The object that a track belongs to, as sessions know it: its group, or a negative number of its own.
[[nodiscard]] std::int32_t objectOf(TrackId track, std::int32_t group);
// The object that a correction or a question about `group` means: 0 is the take's first track without a group.
[[nodiscard]] std::int32_t objectOf(const document::Take& take, std::int32_t group);

// Sampled tracks of `previous` (may be null) are used again where they still hold.
[[nodiscard]] GenerationNodePtr makeNode(const document::Take& take, const document::MediaItem& picture,
                                         Size outputSize, FrameRate rate, const std::int32_t* revision,
                                         const GenerationNodePtr& previous);

// Largest size of source's shape inside frame; equal to frame when only rounding keeps them apart.
[[nodiscard]] Size fitInside(Size source, Size frame);
// Smallest size of source's shape that covers frame.
[[nodiscard]] Size coverOf(Size source, Size frame);
// The size in which a take's frames are made when its picture, fitted into the frame, is shown `scale` times as large:
// enough that nothing is enlarged afterwards, in steps of √2 (small changes make nothing anew), and never more pixels
// than the picture has or than cover the frame.
[[nodiscard]] Size renderSize(Size picture, Size frame, double scale);

} // namespace kinora::runtime
