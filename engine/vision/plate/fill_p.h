// SPDX-License-Identifier: Apache-2.0
// Fills what is not known of a picture: at once and smooth, or slowly and with texture.
#pragma once

#include <stop_token>

#include "engine/base/result.h"
#include "engine/base/worker_pool.h"
#include "engine/vision/grid_p.h"

namespace kinora::vision {

// known: 0 not, 255 fully; what is not known is mixed from ever wider surroundings (push and pull, Gortler et al. 1996).
// Where nothing at all is known, pixels stay.
void pushPull(Grid<Pixel>& picture, const Grid<std::uint8_t>& known);

// Fills hole (not 0) with patches of the rest. Maths: Barnes et al. 2009 (PatchMatch), Wexler, Shechtman, Irani 2007
// (votes, coarse to fine), a membrane to meet the rim. picture comes in filled by pushPull. The same result for every
// thread count. Errors: cancelled (picture is then as it was).
[[nodiscard]] Result<void> patchFill(Grid<Pixel>& picture, const Grid<std::uint8_t>& hole, const WorkerPool& pool,
                                     const std::stop_token& stop);

} // namespace kinora::vision
