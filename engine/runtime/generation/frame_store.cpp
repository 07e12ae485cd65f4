// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generation/frame_store.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <list>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/runtime/generation/frame_file.h"

namespace kinora::runtime {
namespace {

namespace fs = std::filesystem;
using session::Quality;

using Clock = std::chrono::steady_clock;

constexpr std::string_view kEnding = ".frame";
constexpr auto kFirstPause = std::chrono::seconds(1); // after a failure
constexpr auto kLongestPause = std::chrono::seconds(60);

// "ab/abcdef….../000123.frame"
fs::path fileOf(const fs::path& folder, const FrameId& id) {
  const std::string hex = id.key.hex();
  return folder / hex.substr(0, 2) / hex / fmt::format("{:06}{}", id.frame, kEnding);
}

std::optional<ContentKey> parseKey(const std::string& hex) {
  if (hex.size() != 32)
    return std::nullopt;
  ContentKey key;
  const auto read = [&hex](std::size_t at, std::uint64_t& to) {
    const char* end = hex.data() + at + 16;
    return std::from_chars(hex.data() + at, end, to, 16).ptr == end;
  };
  if (!read(0, key.high) || !read(16, key.low))
    return std::nullopt;
  return key;
}

} // namespace

struct FrameStore::State {
  struct Entry {
    StoredFrame frame;
    std::int64_t bytes = 0;
    std::list<FrameId>::iterator use;
  };
  struct File {
    std::int64_t bytes = 0;
    std::list<FrameId>::iterator use;
  };
  struct Failure {
    Error error;
    Clock::duration pause{};
    Clock::time_point tryAt{};
  };
  // A frame on its way to disk: still found there.
  struct Leaving {
    FrameId id;
    StoredFrame frame;
  };

  fs::path folder;
  std::int64_t memoryLimit = 0;
  std::int64_t diskLimit = 0;

  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::unordered_map<FrameId, Entry> entries;
  std::list<FrameId> uses; // memory; front = longest unused
  std::unordered_map<FrameId, StoredFrame> leaving;
  std::unordered_map<FrameId, File> files;
  std::list<FrameId> fileUses;
  std::int64_t memoryBytes = 0;
  std::int64_t fileBytes = 0;
  std::array<std::vector<FrameId>, 2> pinned;
  std::array<std::unordered_set<ContentKey>, 2> wanted;
  std::unordered_map<ContentKey, Failure> failures;
  std::uint64_t timesForgiven = 0;
  bool diskWorks = true;
  std::optional<Error> diskError;

  [[nodiscard]] bool isPinned(const FrameId& id) const {
    return std::any_of(pinned.begin(), pinned.end(),
                       [&id](const auto& ids) { return std::find(ids.begin(), ids.end(), id) != ids.end(); });
  }
  [[nodiscard]] bool isWanted(const ContentKey& key) const {
    return wanted[0].contains(key) || wanted[1].contains(key);
  }
  [[nodiscard]] bool canSave() const { return !folder.empty() && diskWorks && diskLimit > 0; }

  [[nodiscard]] std::optional<Quality> bestQuality(const FrameId& id) const {
    if (files.contains(id) || leaving.contains(id))
      return Quality::Final; // only Final frames leave memory for the disk
    const auto it = entries.find(id);
    return it == entries.end() ? std::nullopt : std::optional(it->second.frame.quality);
  }

  std::optional<StoredFrame> inMemory(const FrameId& id) {
    if (const auto it = entries.find(id); it != entries.end()) {
      uses.splice(uses.end(), uses, it->second.use);
      return it->second.frame;
    }
    const auto it = leaving.find(id);
    return it == leaving.end() ? std::nullopt : std::optional(it->second);
  }

  // Adds or replaces and pushes out what no longer fits. What has to be written comes back; dropped images are handed
  // out too, so that they are freed outside the lock.
  void insert(const FrameId& id, StoredFrame frame, std::vector<Leaving>& out, std::vector<Image>& dropped) {
    const std::int64_t bytes = frame.image.byteSize();
    if (const auto it = entries.find(id); it != entries.end()) {
      dropped.push_back(std::exchange(it->second.frame, std::move(frame)).image);
      memoryBytes += bytes - std::exchange(it->second.bytes, bytes);
      uses.splice(uses.end(), uses, it->second.use);
    } else {
      uses.push_back(id);
      entries.emplace(id, Entry{std::move(frame), bytes, std::prev(uses.end())});
      memoryBytes += bytes;
    }
    while (memoryBytes > memoryLimit) {
      auto victim =
          std::find_if(uses.begin(), uses.end(), [this](const FrameId& f) { return !isWanted(f.key) && !isPinned(f); });
      if (victim == uses.end())
        victim = std::find_if(uses.begin(), uses.end(), [this](const FrameId& f) { return !isPinned(f); });
      if (victim == uses.end())
        break; // everything is pinned: the limit gives way, not the picture on screen
      const FrameId gone = *victim;
      const auto it = entries.find(gone);
      memoryBytes -= it->second.bytes;
      if (it->second.frame.quality == Quality::Final && canSave() && !files.contains(gone)) {
        leaving.emplace(gone, it->second.frame);
        out.push_back({gone, std::move(it->second.frame)});
      } else {
        dropped.push_back(std::move(it->second.frame.image));
      }
      uses.erase(victim);
      entries.erase(it);
    }
  }

  // Remembers a file and says which ones have to go for it.
  std::vector<FrameId> addFile(const FrameId& id, std::int64_t bytes) {
    std::vector<FrameId> gone;
    if (const auto it = files.find(id); it != files.end()) {
      fileBytes += bytes - std::exchange(it->second.bytes, bytes);
      fileUses.splice(fileUses.end(), fileUses, it->second.use);
    } else {
      fileUses.push_back(id);
      files.emplace(id, File{bytes, std::prev(fileUses.end())});
      fileBytes += bytes;
    }
    while (fileBytes > diskLimit && !fileUses.empty()) {
      auto victim = std::find_if(fileUses.begin(), fileUses.end(),
                                 [this, &id](const FrameId& f) { return !isWanted(f.key) && f != id; });
      if (victim == fileUses.end())
        victim = fileUses.begin();
      gone.push_back(*victim);
      forgetFile(*victim);
    }
    return gone;
  }

  void forgetFile(FrameId id) {
    const auto it = files.find(id);
    if (it == files.end())
      return;
    fileBytes -= it->second.bytes;
    fileUses.erase(it->second.use);
    files.erase(it);
  }

  // Called without the lock.
  bool write(const FrameId& id, const StoredFrame& frame) {
    const fs::path path = fileOf(folder, id);
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    const auto written = writeFrameFile(path, frame.image);
    const auto bytes = written ? static_cast<std::int64_t>(fs::file_size(path, ignored)) : 0;
    std::vector<FrameId> gone;
    {
      const std::lock_guard lock(mutex);
      leaving.erase(id);
      if (written) {
        gone = addFile(id, bytes);
      } else if (std::exchange(diskWorks, false)) {
        diskError = written.error();
      }
    }
    changed.notify_all();
    for (const FrameId& old : gone)
      fs::remove(fileOf(folder, old), ignored);
    return written.has_value();
  }

  void finish(std::vector<Leaving>& out) {
    for (const Leaving& frame : out)
      write(frame.id, frame.frame);
  }
};

FrameStore::FrameStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
FrameStore::~FrameStore() = default;

Result<std::unique_ptr<FrameStore>> FrameStore::open(fs::path folder, std::int64_t memoryBytes,
                                                     std::int64_t diskBytes) {
  auto state = std::make_unique<State>();
  state->memoryLimit = std::max<std::int64_t>(0, memoryBytes);
  state->diskLimit = std::max<std::int64_t>(0, diskBytes);
  state->folder = std::move(folder);
  if (!state->folder.empty()) {
    std::error_code code;
    fs::create_directories(state->folder, code);
    if (code || ::access(state->folder.c_str(), W_OK | X_OK) != 0)
      return kinora::fail(ErrorCode::Io,
                          fmt::format("The folder for finished frames cannot be written{}. Choose another one or make "
                                      "it writable.",
                                      code ? ": " + code.message() : std::string()),
                          state->folder.string());
    // Files of earlier runs, oldest first; what is left of an interrupted write goes.
    std::vector<std::pair<fs::file_time_type, std::pair<FrameId, std::int64_t>>> found;
    for (auto it = fs::recursive_directory_iterator(state->folder, fs::directory_options::skip_permission_denied, code);
         !code && it != fs::recursive_directory_iterator(); it.increment(code)) {
      std::error_code ignored;
      if (!it->is_regular_file(ignored) || it.depth() != 2)
        continue;
      const fs::path& path = it->path();
      if (path.extension() == ".part") {
        if (isAbandonedPart(path))
          fs::remove(path, ignored);
        continue;
      }
      const auto key = parseKey(path.parent_path().filename().string());
      std::int64_t frame = -1;
      const std::string stem = path.stem().string();
      const auto parsed = std::from_chars(stem.data(), stem.data() + stem.size(), frame);
      if (!key || path.extension() != kEnding || parsed.ptr != stem.data() + stem.size() || frame < 0)
        continue;
      const FrameId id{*key, frame};
      if (fileOf(state->folder, id) == path)
        found.push_back({it->last_write_time(ignored), {id, static_cast<std::int64_t>(it->file_size(ignored))}});
    }
    std::sort(found.begin(), found.end());
    for (const auto& [when, file] : found)
      for (const FrameId& gone : state->addFile(file.first, file.second))
        fs::remove(fileOf(state->folder, gone), code);
  }
  return std::unique_ptr<FrameStore>(new FrameStore(std::move(state)));
}

std::optional<StoredFrame> FrameStore::find(const FrameId& id) {
  const std::lock_guard lock(state_->mutex);
  return state_->inMemory(id);
}

std::optional<Quality> FrameStore::quality(const FrameId& id) const {
  const std::lock_guard lock(state_->mutex);
  return state_->bestQuality(id);
}

std::optional<Quality> FrameStore::keep(const FrameId& id) {
  const std::lock_guard lock(state_->mutex);
  if (const auto it = state_->entries.find(id); it != state_->entries.end())
    state_->uses.splice(state_->uses.end(), state_->uses, it->second.use);
  return state_->bestQuality(id);
}

bool FrameStore::isInMemory(const FrameId& id) const {
  const std::lock_guard lock(state_->mutex);
  return state_->entries.contains(id) || state_->leaving.contains(id);
}

bool FrameStore::isOnlyOnDisk(const FrameId& id) const {
  const std::lock_guard lock(state_->mutex);
  return state_->files.contains(id) && !state_->entries.contains(id) && !state_->leaving.contains(id);
}

void FrameStore::put(const FrameId& id, const Image& image, Quality quality) {
  StoredFrame frame{image, quality, isOpaque(image)};
  std::vector<State::Leaving> out;
  std::vector<Image> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    const auto known = state_->bestQuality(id);
    state_->failures.erase(id.key);
    if (known == Quality::Final && quality == Quality::Quick)
      return;
    state_->insert(id, std::move(frame), out, dropped);
  }
  state_->changed.notify_all();
  state_->finish(out);
}

bool FrameStore::load(const FrameId& id) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->inMemory(id))
      return true;
    const auto it = state_->files.find(id);
    if (it == state_->files.end())
      return false;
    state_->fileUses.splice(state_->fileUses.end(), state_->fileUses, it->second.use);
  }
  const fs::path path = fileOf(state_->folder, id);
  auto image = readFrameFile(path);
  std::vector<State::Leaving> out;
  std::vector<Image> dropped;
  if (image) {
    StoredFrame frame{*image, Quality::Final, isOpaque(*image)};
    const std::lock_guard lock(state_->mutex);
    state_->insert(id, std::move(frame), out, dropped);
  } else {
    // Damaged, or another process made room for its own: the frame is simply not there any more.
    const std::lock_guard lock(state_->mutex);
    state_->forgetFile(id);
  }
  if (!image) {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
  state_->changed.notify_all();
  state_->finish(out);
  return image.has_value();
}

void FrameStore::promote(const ContentKey& key) {
  {
    const std::lock_guard lock(state_->mutex);
    for (auto& [id, entry] : state_->entries)
      if (id.key == key)
        entry.frame.quality = Quality::Final;
  }
  state_->changed.notify_all();
}

bool FrameStore::saveOne() {
  FrameId id;
  StoredFrame frame;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->canSave())
      return false;
    const auto it = std::find_if(state_->uses.begin(), state_->uses.end(), [this](const FrameId& f) {
      const auto& entry = state_->entries.at(f);
      return entry.frame.quality == Quality::Final && state_->isWanted(f.key) && !state_->files.contains(f) &&
             state_->fileBytes + entry.bytes <= state_->diskLimit;
    });
    if (it == state_->uses.end())
      return false;
    id = *it;
    frame = state_->entries.at(id).frame;
  }
  return state_->write(id, frame);
}

Result<StoredFrame> FrameStore::waitFor(const FrameId& id, Quality atLeast, std::stop_token stop) {
  for (;;) {
    bool onDisk = false;
    {
      std::unique_lock lock(state_->mutex);
      const auto there = [&]() -> std::optional<StoredFrame> {
        auto frame = state_->inMemory(id);
        return frame && frame->quality >= atLeast ? frame : std::nullopt;
      };
      std::optional<StoredFrame> frame;
      state_->changed.wait(lock, stop, [&] {
        frame = there();
        onDisk = !frame && state_->files.contains(id);
        return frame || onDisk || state_->failures.contains(id.key);
      });
      if (frame)
        return *frame;
      if (stop.stop_requested())
        return kinora::fail(ErrorCode::Cancelled, "Waiting for a frame was cancelled.");
      if (!onDisk)
        return tl::unexpected<Error>(state_->failures.at(id.key).error);
    }
    load(id);
  }
}

void FrameStore::setPinned(PinOwner owner, std::vector<FrameId> ids) {
  const std::lock_guard lock(state_->mutex);
  state_->pinned[static_cast<std::size_t>(owner)] = std::move(ids);
}

void FrameStore::setWanted(PinOwner owner, std::vector<ContentKey> keys) {
  std::unordered_set<ContentKey> set(keys.begin(), keys.end());
  const std::lock_guard lock(state_->mutex);
  state_->wanted[static_cast<std::size_t>(owner)].swap(set);
}

void FrameStore::fail(const ContentKey& key, Error error) {
  {
    const std::lock_guard lock(state_->mutex);
    State::Failure& failure = state_->failures[key];
    failure.error = std::move(error);
    failure.pause = std::clamp<Clock::duration>(failure.pause * 2, kFirstPause, kLongestPause);
    failure.tryAt = Clock::now() + failure.pause;
  }
  state_->changed.notify_all();
}

std::optional<Error> FrameStore::failure(const ContentKey& key) const {
  const std::lock_guard lock(state_->mutex);
  const auto it = state_->failures.find(key);
  return it == state_->failures.end() ? std::nullopt : std::optional(it->second.error);
}

bool FrameStore::mayTry(const ContentKey& key) const {
  const std::lock_guard lock(state_->mutex);
  const auto it = state_->failures.find(key);
  return it == state_->failures.end() || Clock::now() >= it->second.tryAt;
}

std::optional<Clock::time_point> FrameStore::nextTry() const {
  const std::lock_guard lock(state_->mutex);
  std::optional<Clock::time_point> first;
  for (const auto& [key, failure] : state_->failures)
    if (state_->isWanted(key) && (!first || failure.tryAt < *first))
      first = failure.tryAt;
  return first;
}

void FrameStore::forgive(std::span<const ContentKey> keys) {
  const std::lock_guard lock(state_->mutex);
  for (const ContentKey& key : keys)
    state_->failures.erase(key);
  ++state_->timesForgiven;
}

std::uint64_t FrameStore::timesForgiven() const {
  const std::lock_guard lock(state_->mutex);
  return state_->timesForgiven;
}

bool FrameStore::hasDisk() const {
  const std::lock_guard lock(state_->mutex);
  return state_->canSave();
}

std::int64_t FrameStore::memoryLimit() const {
  return state_->memoryLimit;
}

std::int64_t FrameStore::diskLimit() const {
  return state_->diskLimit;
}

StoreTotals FrameStore::totals() const {
  const std::lock_guard lock(state_->mutex);
  auto frames = static_cast<std::int64_t>(state_->entries.size());
  if (!state_->files.empty()) {
    frames = static_cast<std::int64_t>(state_->files.size());
    for (const auto& [id, entry] : state_->entries)
      frames += state_->files.contains(id) ? 0 : 1;
  }
  return {state_->memoryBytes, state_->fileBytes, frames};
}

std::optional<Error> FrameStore::takeDiskError() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->diskError, std::nullopt);
}

} // namespace kinora::runtime
