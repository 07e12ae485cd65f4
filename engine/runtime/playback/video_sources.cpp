// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/playback/video_sources.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "engine/base/thread_role.h"
#include "engine/media/decoder.h"

namespace kinora::runtime {
namespace {

constexpr std::size_t kAhead = 6;                       // decoded frames kept for the near future
constexpr Duration kDecodeThrough{kTicksPerSecond / 2}; // jumps forward up to this are decoded, longer ones sought

} // namespace

class VideoSource {
 public:
  VideoSource(std::filesystem::path path, std::function<void()> onArrived)
      : path_(std::move(path)), onArrived_(std::move(onArrived)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  SourceFrame at(Time time) {
    SourceFrame result;
    {
      const std::lock_guard lock(mutex_);
      wanted_ = time;
      result.error = error_;
      // Frames ascend; the one shown is the last that does not come later, if its successor (or the end) is known.
      for (std::size_t i = 0; i < frames_.size(); ++i) {
        if (frames_[i].time() > time)
          break;
        result.image = frames_[i];
        result.exact = i + 1 < frames_.size() ? frames_[i + 1].time() > time : atEnd_;
      }
      if (result.image.isNull() && !frames_.empty())
        result.image = frames_.front();
    }
    changed_.notify_one();
    return result;
  }

 private:
  // What has to be done for the wanted time; called with the lock held.
  enum class Need { Nothing, Decode, Seek };
  [[nodiscard]] Need need() const {
    if (error_ || !wanted_)
      return Need::Nothing;
    if (frames_.empty())
      return atEnd_ ? Need::Seek : (started_ ? Need::Decode : Need::Seek);
    if (*wanted_ < frames_.front().time())
      return Need::Seek;
    const auto later = static_cast<std::size_t>(
        std::count_if(frames_.begin(), frames_.end(), [this](const Image& f) { return f.time() > *wanted_; }));
    if (later == 0 && !atEnd_ && *wanted_ - frames_.back().time() > kDecodeThrough)
      return Need::Seek;
    return later < kAhead && !atEnd_ ? Need::Decode : Need::Nothing;
  }

  void run(const std::stop_token& stop) {
    const ScopedThreadRole role(ThreadRole::Decode);
    auto decoder = media::Decoder::open(
        path_,
        {.depth = media::OutputDepth::Eight, .fitWithin = {}, .sequenceRate = {24, 1}, .threads = 1, .pool = nullptr});
    std::unique_lock lock(mutex_);
    if (!decoder) {
      error_ = decoder.error();
      lock.unlock();
      onArrived_();
      return;
    }
    while (!stop.stop_requested()) {
      Need what = Need::Nothing;
      if (!changed_.wait(lock, stop, [&] { return (what = need()) != Need::Nothing; }))
        return;
      const Time target = *wanted_;
      lock.unlock();
      Result<void> sought;
      if (what == Need::Seek)
        sought = decoder->seek(target, stop);
      Result<std::optional<Image>> image = std::optional<Image>();
      if (sought)
        image = decoder->next(stop);
      lock.lock();
      if (stop.stop_requested())
        return;
      if (what == Need::Seek) {
        frames_.clear();
        started_ = true;
        atEnd_ = false;
      }
      if (!sought || !image) {
        error_ = sought ? image.error() : sought.error();
      } else if (*image) {
        frames_.push_back(**image);
        while (frames_.size() > 2 && frames_[1].time() <= *wanted_)
          frames_.pop_front();
      } else {
        atEnd_ = true;
      }
      lock.unlock();
      onArrived_();
      lock.lock();
    }
  }

  std::filesystem::path path_;
  std::function<void()> onArrived_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Time> wanted_;
  std::deque<Image> frames_;
  bool started_ = false;
  bool atEnd_ = false;
  std::optional<Error> error_;
  std::jthread thread_; // last: it uses all of the above
};

VideoSources::VideoSources(std::size_t open, std::function<void()> onArrived)
    : open_(std::max<std::size_t>(1, open)), onArrived_(std::move(onArrived)) {}

VideoSources::~VideoSources() = default;

SourceFrame VideoSources::at(const std::filesystem::path& path, Time time) {
  auto found = std::find_if(sources_.begin(), sources_.end(), [&](const auto& s) { return s->path() == path; });
  if (found == sources_.end()) {
    if (sources_.size() >= open_)
      sources_.erase(sources_.begin());
    sources_.push_back(std::make_unique<VideoSource>(path, onArrived_));
    found = std::prev(sources_.end());
  } else {
    std::rotate(found, found + 1, sources_.end());
    found = std::prev(sources_.end());
  }
  return (*found)->at(time);
}

} // namespace kinora::runtime
