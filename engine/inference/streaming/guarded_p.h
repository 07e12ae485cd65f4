// SPDX-License-Identifier: Apache-2.0
// Hides how exceptions of networks and of the tensor library become errors of ours.
#pragma once

#include <fmt/format.h>

#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include "engine/base/result.h"
#include "engine/inference/networks/cancelled_p.h"

namespace kinora::inference {

// [inference] Runs work (which gives a Result) without gradients. what: "making a chunk of video".
template <typename Work>
[[nodiscard]] auto guarded(const char* what, Work&& work) -> decltype(work()) {
  const c10::NoGradGuard noGradients;
  try {
    return work();
  } catch (const PassCancelled&) {
    return fail(ErrorCode::Cancelled, fmt::format("{} was cancelled", what));
  } catch (const c10::OutOfMemoryError& problem) {
    return fail(ErrorCode::OutOfMemory, fmt::format("{} failed: {}. Use smaller frames or a shorter window.", what,
                                                    problem.what_without_backtrace()));
  } catch (const c10::Error& problem) {
    return fail(ErrorCode::Internal, fmt::format("{} failed: {}", what, problem.what_without_backtrace()));
  }
}

} // namespace kinora::inference
