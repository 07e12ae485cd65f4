// SPDX-License-Identifier: Apache-2.0
// The one place where the two loops meet: finished frames by what made them, in memory and on disk, both with a limit.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "engine/base/content_key.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/session/session.h"

namespace kinora::runtime {

struct FrameId {
  ContentKey key;
  std::int64_t frame = 0;

  friend constexpr auto operator<=>(const FrameId&, const FrameId&) = default;
};

struct StoredFrame {
  Image image;
  session::Quality quality = session::Quality::Final;
  bool opaque = false; // no pixel lets anything through
};

// Who keeps frames from being pushed out of memory.
enum class PinOwner : std::uint8_t { Screen, Export };

struct StoreTotals {
  std::int64_t memoryBytes = 0;
  std::int64_t diskBytes = 0;
  std::int64_t frames = 0; // different frames, in memory or on disk
};

// Frames are immutable and shared. A Final frame replaces a Quick one, never the other way round. Frames pushed out of
// memory go to disk if they are Final and there is a folder. Least recently used ones go first, those that nobody wants
// before all others.
class FrameStore {
 public:
  // folder: empty = memory only; made when missing. Files of earlier runs are found again. Errors: io.
  [[nodiscard]] static Result<std::unique_ptr<FrameStore>> open(std::filesystem::path folder, std::int64_t memoryBytes,
                                                                std::int64_t diskBytes);
  ~FrameStore();
  FrameStore(const FrameStore&) = delete;
  FrameStore& operator=(const FrameStore&) = delete;

  // [any] From memory; never touches the disk.
  [[nodiscard]] std::optional<StoredFrame> find(const FrameId& id);
  // [any] How good the best copy is, wherever it lies; does not read it.
  [[nodiscard]] std::optional<session::Quality> quality(const FrameId& id) const;
  // [inference] The same; the frame is needed soon, so it counts as used now.
  [[nodiscard]] std::optional<session::Quality> keep(const FrameId& id);
  [[nodiscard]] bool isInMemory(const FrameId& id) const;
  // [any] True when load() would have something to read.
  [[nodiscard]] bool isOnlyOnDisk(const FrameId& id) const;

  // [inference] Rgba8, host. May write others to disk.
  void put(const FrameId& id, const Image& image, session::Quality quality);
  // [decode, encode] Brings a frame from disk into memory. False when it is not there or damaged (then it is
  // forgotten).
  bool load(const FrameId& id);
  // [inference] All Quick frames of a key turned out to be as good as they get.
  void promote(const ContentKey& key);
  // [inference] Writes one Final frame to disk that is only in memory, while there is room. False: nothing to do.
  bool saveOne();

  // [encode] Waits for a frame of at least that quality in memory. Errors: cancelled (stop), the key's failure.
  [[nodiscard]] Result<StoredFrame> waitFor(const FrameId& id, session::Quality atLeast, std::stop_token stop);

  // [any] Replaces what this owner pinned before. Pins may name frames that are not there yet.
  void setPinned(PinOwner owner, std::vector<FrameId> ids);
  // [any] Keys in use, for the order of pushing out and for saveOne.
  void setWanted(PinOwner owner, std::vector<ContentKey> keys);

  // [inference] No frame of this key can be made for now. Wakes those who wait for one. A frame of the key that comes
  // in ends the failure.
  void fail(const ContentKey& key, Error error);
  [[nodiscard]] std::optional<Error> failure(const ContentKey& key) const;
  // [inference] False for a while after a failure: 1 s after the first, then twice as long each time, a minute at most.
  [[nodiscard]] bool mayTry(const ContentKey& key) const;
  // [inference] When the first of the wanted keys that failed may be tried again; none failed: nothing.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> nextTry() const;
  // [any] These keys are asked for anew: their failures are forgotten.
  void forgive(std::span<const ContentKey> keys);
  // [any] Grows with every forgive: what fails after one but began before it is worth another try at once.
  [[nodiscard]] std::uint64_t timesForgiven() const;

  [[nodiscard]] bool hasDisk() const;
  [[nodiscard]] std::int64_t memoryLimit() const;
  [[nodiscard]] std::int64_t diskLimit() const;
  [[nodiscard]] StoreTotals totals() const;
  // First failure to write to disk since the last call; frames are then kept in memory only.
  [[nodiscard]] std::optional<Error> takeDiskError();

 private:
  struct State;
  explicit FrameStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

} // namespace kinora::runtime

template <>
struct std::hash<kinora::runtime::FrameId> {
  std::size_t operator()(const kinora::runtime::FrameId& id) const noexcept {
    return static_cast<std::size_t>(id.key.low ^ (static_cast<std::uint64_t>(id.frame) * 0x9e37'79b9'7f4a'7c15ULL));
  }
};
