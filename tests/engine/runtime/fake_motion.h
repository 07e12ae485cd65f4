// SPDX-License-Identifier: Apache-2.0
// A motion engine that paints numbers instead of motion and stands still on request.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/session/motion_session.h"
#include "tests/support/pictures.h"

namespace kinora::test {

// Every frame is of one colour: red = its number, green = where the first track ends (x; live: the newest sample's x),
// blue = kMade, kRough (before improve(), when the script asks for it) or kLive.
inline constexpr unsigned char kRough = 20;
inline constexpr unsigned char kMade = 40;
inline constexpr unsigned char kLive = 220;

// What all sessions of a test share with it. [any]
class MotionScript {
 public:
  // Steps wait from now on; a stop request or release() ends the wait.
  void block() {
    set([this] { blocked_ = true; });
  }
  void release() {
    set([this] { blocked_ = false; });
  }
  // Frames are rough until improve() was called.
  void beRoughFirst() {
    set([this] { rough_ = true; });
  }
  void failWith(std::string why) {
    set([this, &why] { failure_ = std::move(why); });
  }
  void onChange(std::function<void()> changed) {
    set([this, &changed] { changed_ = std::move(changed); });
  }

  [[nodiscard]] bool isRoughFirst() const { return get(rough_); }
  [[nodiscard]] int waiting() const { return get(waiting_); }
  [[nodiscard]] int cancelled() const { return get(cancelled_); }
  [[nodiscard]] int finishedSteps() const { return get(finished_); }
  [[nodiscard]] int prepared() const { return get(prepared_); }
  [[nodiscard]] std::vector<session::ControlSample> samples() const { return get(samples_); }

  // For the sessions
  void tookOver() {
    set([this] { ++prepared_; });
  }
  void pushed(std::span<const session::ControlSample> samples) {
    set([&] { samples_.insert(samples_.end(), samples.begin(), samples.end()); });
  }
  Result<void> passStep(const std::stop_token& stop) {
    set([this] { ++waiting_; });
    std::unique_lock lock(mutex_);
    const bool open = condition_.wait(lock, stop, [this] { return !blocked_; });
    --waiting_;
    ++(open ? finished_ : cancelled_);
    const std::string failure = failure_;
    const auto changed = changed_;
    lock.unlock();
    if (changed)
      changed();
    if (!open)
      return fail(ErrorCode::Cancelled, "The step was cancelled.");
    if (!failure.empty())
      return fail(ErrorCode::Device, failure);
    return {};
  }

 private:
  template <class T>
  T get(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  template <class Change>
  void set(const Change& change) {
    std::function<void()> changed;
    {
      const std::lock_guard lock(mutex_);
      change();
      changed = changed_;
    }
    condition_.notify_all();
    if (changed)
      changed();
  }

  mutable std::mutex mutex_;
  std::condition_variable_any condition_;
  bool blocked_ = false;
  bool rough_ = false;
  int waiting_ = 0;
  int cancelled_ = 0;
  int finished_ = 0;
  int prepared_ = 0;
  std::string failure_;
  std::vector<session::ControlSample> samples_;
  std::function<void()> changed_;
};

class FakeMotion : public session::MotionSession {
 public:
  FakeMotion(std::shared_ptr<MotionScript> script, std::string model) : script_(std::move(script)) {
    info_.modelId = std::move(model);
    info_.displayName = "Painted numbers";
    info_.randomAccess = true;
  }

  const session::SessionInfo& info() const override { return info_; }
  session::SessionStats stats() const override { return {}; }
  Result<void> prepare(const session::MotionRequest& request, std::stop_token) override {
    request_ = request;
    live_ = false;
    improved_ = !script_->isRoughFirst();
    mark_ = 0;
    if (!request.tracks.empty())
      mark_ = static_cast<unsigned char>(request.tracks.front().positions.back().at.x);
    script_->tookOver();
    return {};
  }
  void push(std::span<const session::ControlSample> samples) override {
    script_->pushed(samples);
    live_ = samples.back().phase != session::ControlPhase::Cancel;
    mark_ = static_cast<unsigned char>(samples.back().at.x);
  }
  Result<std::vector<session::Frame>> step(session::FrameSpan wanted, std::stop_token stop) override {
    if (auto passed = script_->passStep(stop); !passed)
      return kinora::fail(passed);
    const unsigned char made = improved_ ? kMade : kRough;
    const Image image =
        plainPicture(request_.outputSize, static_cast<unsigned char>(wanted.first), mark_, live_ ? kLive : made);
    return std::vector{
        session::Frame{wanted.first, image, improved_ ? session::Quality::Final : session::Quality::Quick}};
  }
  Result<bool> improve(std::stop_token) override { return !std::exchange(improved_, true); }
  bool isFinal() const override { return improved_; }
  Result<Image> matte(std::int32_t group) const override {
    if (group != 7)
      return kinora::fail(ErrorCode::NotFound, "There is no such object.");
    auto image = MutableImage::allocate(PixelFormat::Gray8, request_.picture.size());
    if (!image)
      return kinora::fail(image);
    for (int y = 0; y < image->size().height; ++y)
      std::fill_n(image->row<unsigned char>(y), image->size().width, static_cast<unsigned char>(255));
    return std::move(*image).freeze();
  }

 private:
  std::shared_ptr<MotionScript> script_;
  session::SessionInfo info_;
  session::MotionRequest request_;
  bool live_ = false;
  bool improved_ = true;
  unsigned char mark_ = 0;
};

} // namespace kinora::test
