// SPDX-License-Identifier: Apache-2.0
// Small made pictures and measures for tests.
#pragma once

#include "engine/base/image.h"

namespace kinora::test {

// Opaque RGBA8: soft gradients with a seeded texture, so that motion can be tracked anywhere in it.
[[nodiscard]] Image texturedPicture(Size size, unsigned seed);
// Opaque RGBA8 of one colour.
[[nodiscard]] Image plainPicture(Size size, unsigned char r, unsigned char g, unsigned char b);
// The base picture with a filled disc of another colour in it.
[[nodiscard]] Image withDisc(const Image& base, Point centre, float radius, unsigned char r, unsigned char g,
                             unsigned char b);
// The base picture with a disc of reddish seeded texture in it, which can be cut out and tracked.
[[nodiscard]] Image withTexturedDisc(const Image& base, Point centre, float radius, unsigned seed);
// Largest difference of any 8-bit channel (same size and Rgba8 both).
[[nodiscard]] int largestDifference(const Image& a, const Image& b);
// Peak signal-to-noise ratio in dB over RGB; infinity when equal.
[[nodiscard]] double psnr(const Image& a, const Image& b);

} // namespace kinora::test
