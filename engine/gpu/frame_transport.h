// SPDX-License-Identifier: Apache-2.0
// Hides how finished pictures get from the engine thread to the gui thread without either waiting for the other.
//
// Three slots and two timelines. Each hand-over has a serial number 1, 2, 3 …; "produced" counts the serials that the
// engine has finished, "consumed" those that the reader is done with. (The frame number of the document is a label: it
// jumps back when playback loops, so it cannot be the value of a timeline.) A slot is rewritten only when its serial
// has been consumed. The newest frame wins; a frame that is overtaken before the reader took it counts as dropped. The
// reader never holds more than two slots, so the writer always finds one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "engine/base/geometry.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/time.h"

namespace kinora::gpu {

// Where the engine writes one frame: RGBA8, straight alpha, sRGB-encoded, as in an exported file.
struct WriteSlot {
  std::byte* pixels = nullptr; // host memory, or a CUDA device pointer when memory is Cuda
  std::ptrdiff_t strideBytes = 0;
  Size size;
  MemoryKind memory = MemoryKind::Host;
};

struct DeviceSlot; // a slot as the graphics device sees it; private (device_slot_p.h)

// The newest frame as the reader sees it.
struct FrameView {
  std::uint64_t serial = 0;          // 0: there was no frame yet
  std::uint64_t transport = 0;       // tells the frames of two transports apart
  const std::byte* pixels = nullptr; // RGBA8 as in WriteSlot; null when only the graphics device can read it
  std::ptrdiff_t strideBytes = 0;
  Size size;
  Time time;
  std::int64_t frameNumber = 0;
  const DeviceSlot* device = nullptr; // set when the presenter can read the slot without a host copy

  [[nodiscard]] bool isNull() const { return serial == 0; }
};

struct TransportStats {
  std::uint64_t produced = 0; // frames handed over
  std::uint64_t consumed = 0; // serial up to which the reader is done
  std::uint64_t taken = 0;    // frames that the reader saw
  std::uint64_t dropped = 0;  // frames overtaken before the reader saw them
};

// One writer thread, one reader thread.
class FrameTransport {
 public:
  virtual ~FrameTransport() = default;
  FrameTransport(const FrameTransport&) = delete;
  FrameTransport& operator=(const FrameTransport&) = delete;

  // [engine] A slot to write; contents undefined. Waits for nobody; allocates only when the size grows. Errors:
  // invalidArgument (empty or too large), outOfMemory, device. Calling it again without endWrite gives the slot back.
  virtual Result<WriteSlot> beginWrite(Size size) = 0;
  // [engine] Hands the slot of the last beginWrite over and calls the listener. Errors: device (the frame is lost).
  virtual Result<void> endWrite(Time time, std::int64_t frameNumber) = 0;

  // [gui] The newest frame, taken out of the transport; the same one again when nothing new is there. Its pixels stay
  // valid and unchanged until the next call.
  virtual FrameView latest() = 0;

  // [any]
  [[nodiscard]] virtual TransportStats stats() const = 0;
  // [any] Called on the engine thread at the end of endWrite, and on the reader's when latest() has to be asked again
  // for a newer frame; has to be quick. A call that has begun may still end after another listener was set, so the
  // listener owns what it touches.
  virtual void setListener(std::function<void()> listener) = 0;

 protected:
  FrameTransport() = default;
};

// [any] Slots in plain host memory: no graphics device is needed, none can be lost with them. The reader copies.
[[nodiscard]] std::unique_ptr<FrameTransport> makeHostTransport();

} // namespace kinora::gpu
