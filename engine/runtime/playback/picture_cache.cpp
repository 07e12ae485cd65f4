// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/playback/picture_cache.h"

#include <chrono>
#include <list>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/media/image_file.h"

namespace kinora::runtime {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kErrorLife = std::chrono::seconds(2); // older errors are worth another look

} // namespace

struct PictureCache::Shared {
  struct Entry {
    Result<Image> image = Image();
    std::list<ContentKey>::iterator use;
    Clock::time_point read{};
  };
  std::mutex mutex;
  std::unordered_map<ContentKey, Entry> entries;
  std::list<ContentKey> uses; // front = longest unused
  std::unordered_set<ContentKey> underWay;
  std::int64_t bytes = 0;
  std::int64_t limit = 0;
  std::function<void()> onArrived; // null once the cache is gone

  static std::int64_t bytesOf(const Result<Image>& image) { return image ? image->byteSize() : 0; }

  Entry* find(const ContentKey& key) {
    const auto it = entries.find(key);
    if (it == entries.end())
      return nullptr;
    uses.splice(uses.end(), uses, it->second.use);
    return &it->second;
  }

  void insert(const ContentKey& key, const Result<Image>& image) {
    if (const auto known = entries.find(key); known != entries.end()) {
      if (known->second.image)
        return;
      uses.erase(known->second.use); // an error; perhaps the file is back
      entries.erase(known);
    }
    uses.push_back(key);
    entries.emplace(key, Entry{image, std::prev(uses.end()), Clock::now()});
    bytes += bytesOf(image);
    while (bytes > limit && uses.size() > 1) {
      const auto oldest = entries.find(uses.front());
      bytes -= bytesOf(oldest->second.image);
      entries.erase(oldest);
      uses.pop_front();
    }
  }
};

PictureCache::PictureCache(WorkerPool& workers, std::int64_t limitBytes, std::function<void()> onArrived)
    : shared_(std::make_shared<Shared>()), workers_(workers) {
  shared_->limit = limitBytes;
  shared_->onArrived = std::move(onArrived);
}

PictureCache::~PictureCache() {
  const std::lock_guard lock(shared_->mutex);
  shared_->onArrived = nullptr;
}

std::optional<Result<Image>> PictureCache::find(const PictureRef& picture) {
  std::optional<Result<Image>> answer;
  {
    const std::lock_guard lock(shared_->mutex);
    if (const auto* known = shared_->find(picture.content)) {
      if (known->image || Clock::now() - known->read < kErrorLife)
        return known->image;
      answer = known->image; // and the file is looked at again
    }
    if (!shared_->underWay.insert(picture.content).second)
      return answer;
  }
  workers_.post([shared = shared_, picture] {
    const auto image = media::readImage(picture.path, media::OutputDepth::Eight);
    // Held while calling, so that the listener cannot go away meanwhile; it only rings a bell.
    const std::lock_guard lock(shared->mutex);
    shared->insert(picture.content, image);
    shared->underWay.erase(picture.content);
    if (shared->onArrived)
      shared->onArrived();
  });
  return answer;
}

Result<Image> PictureCache::load(const PictureRef& picture) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (const auto* known = shared_->find(picture.content); known && known->image)
      return known->image;
  }
  auto image = media::readImage(picture.path, media::OutputDepth::Eight);
  const std::lock_guard lock(shared_->mutex);
  shared_->insert(picture.content, image);
  return image;
}

} // namespace kinora::runtime
