// SPDX-License-Identifier: Apache-2.0
// Hides how the launches of a pass are recorded once and sent to the device again as one.
#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

#include "engine/base/result.h"

namespace kinora::inference {

// [inference] What was recorded. It reads and writes the memory that the work saw then.
class RecordedGraph {
 public:
  virtual ~RecordedGraph() = default;
  // Puts the work on the current stream and does not wait for it.
  [[nodiscard]] virtual Result<void> replay() = 0;
};

// [inference] All functions.
class GraphRecorder {
 public:
  virtual ~GraphRecorder() = default;
  // Where the work runs; tensors that live elsewhere cannot be its inputs.
  [[nodiscard]] virtual at::Device device() const = 0;
  // Runs work warmUps times, so that libraries have chosen their kernels and taken their memory, then once more to
  // record it. The recorded run need not compute anything. After an exception of work, which passes through, or an
  // error nothing is kept and the stream is usable.
  [[nodiscard]] virtual Result<std::unique_ptr<RecordedGraph>> record(const std::function<void()>& work,
                                                                      int warmUps) = 0;
};

} // namespace kinora::inference
