// SPDX-License-Identifier: Apache-2.0
// Runs two one-dimensional filters over a picture: columns first, then rows, sums in the order of the taps.
#pragma once

#include "kernels/image_view.h"
#include "kernels/shared/taps_p.h"

namespace kinora::kernels {

void filterSeparably(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const Taps& across, const Taps& down,
                     AlphaMode alpha, const WorkerPool& pool);
void filterSeparably(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const Taps& across, const Taps& down,
                     AlphaMode alpha, const WorkerPool& pool);
void filterSeparably(ConstImageView<Gray8> src, ImageView<Gray8> dst, const Taps& across, const Taps& down,
                     const WorkerPool& pool);
void filterSeparably(ConstImageView<Gray32F> src, ImageView<Gray32F> dst, const Taps& across, const Taps& down,
                     const WorkerPool& pool);

} // namespace kinora::kernels
