// SPDX-License-Identifier: Apache-2.0
// The few edits that every new project begins with, in one step.
#pragma once

#include "engine/base/result.h"
#include "engine/document/edit.h"

namespace kinora::document {

// [any] A project with one picture ready to paint on: the media item, an empty take of it ("Take 1") and a clip on one
// lane; the frame takes the picture's size (even, at most 1920 on its longer side). Errors: invalidArgument.
[[nodiscard]] Result<edit::Made<TakeId>> projectForPicture(MediaItem picture, Duration length, FrameRate rate);

// [any] Adds a picture as media, take and clip to the top picture lane (made when missing), after its last clip.
[[nodiscard]] Result<edit::Made<TakeId>> addPictureTake(const DocumentPtr& document, MediaItem picture,
                                                        Duration length);

// [any] Adds a video or sound to the matching lane, after its last clip.
[[nodiscard]] Result<edit::Made<ClipId>> addMediaClip(const DocumentPtr& document, MediaItem item);

} // namespace kinora::document
