// SPDX-License-Identifier: Apache-2.0
// Hides how a forward pass gives up between two layers.
#pragma once

#include <stdexcept>
#include <stop_token>

namespace kinora::inference {

// Thrown by networks, caught where a pass was started; it never leaves the module.
struct PassCancelled : std::runtime_error {
  PassCancelled() : std::runtime_error("the pass was cancelled") {}
};

// [inference] Called between layers.
inline void throwIfStopped(const std::stop_token& stop) {
  if (stop.stop_requested())
    throw PassCancelled();
}

} // namespace kinora::inference
