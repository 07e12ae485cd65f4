// SPDX-License-Identifier: Apache-2.0
// From the name of a preset to the encoder's settings.
#pragma once

#include <optional>
#include <string>

#include "engine/base/geometry.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/media/encoder.h"
#include "engine/runtime/export_request.h"

namespace kinora::runtime {

// [any] Settings of the request's preset (or of the one that fits its file name) for frames of that size and rate, with
// the sound that this format would carry (None where it cannot). Errors: invalidArgument (unknown preset or ending),
// unsupported (not usable here; why).
[[nodiscard]] Result<media::EncodeSettings> encodeSettingsFor(const ExportRequest& request, Size size, FrameRate rate);

} // namespace kinora::runtime
