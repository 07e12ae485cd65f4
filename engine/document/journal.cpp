// SPDX-License-Identifier: Apache-2.0
#include "engine/document/journal.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/file.h"
#include "engine/document/json_p.h"
#include "engine/document/project_file.h"

namespace kinora::document {
namespace {

namespace fs = std::filesystem;

// A journal's folder "project-XXXXXX" holds: lock, about.json (the original's path), copy-N.kinora.
constexpr std::string_view kFolderStem = "project-";
constexpr std::string_view kCopyStem = "copy-";
constexpr std::string_view kCopyEnding = ".kinora";
constexpr const char* kLockName = "lock";
constexpr const char* kAboutName = "about.json";
constexpr std::int64_t kMaxAboutBytes = 64 << 10;
constexpr int kMostKept = 100;

tl::unexpected<Error> ioError(std::string_view doing, const fs::path& path, const std::string& why) {
  return fail(ErrorCode::Io, fmt::format("{} “{}” failed: {}.", doing, path.filename().string(), why), path.string());
}

// Held by whoever owns the folder; the system releases it when the program ends, however it ends.
class FolderLock {
 public:
  enum class Make { Yes, No };
  static std::optional<FolderLock> take(const fs::path& folder, Make make) {
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make == Make::Yes ? O_CREAT : 0);
    const int fd = ::open((folder / kLockName).c_str(), flags, 0600);
    if (fd < 0)
      return std::nullopt;
    // The maker waits: somebody who looks through the folders may hold it for a moment.
    if (::flock(fd, make == Make::Yes ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
      ::close(fd);
      return std::nullopt;
    }
    return FolderLock(fd);
  }
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (fd_ >= 0)
      ::close(fd_);
  }

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

struct Copy {
  std::uint64_t number = 0;
  fs::path path;
};

// Newest first.
std::vector<Copy> copiesIn(const fs::path& folder) {
  std::vector<Copy> copies;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(kCopyStem) || !name.ends_with(kCopyEnding) ||
        name.size() <= kCopyStem.size() + kCopyEnding.size())
      continue;
    Copy copy{0, it->path()};
    const char* first = name.data() + kCopyStem.size();
    const char* last = name.data() + name.size() - kCopyEnding.size();
    const auto [stop, bad] = std::from_chars(first, last, copy.number);
    if (bad == std::errc{} && stop == last)
      copies.push_back(std::move(copy));
  }
  std::sort(copies.begin(), copies.end(), [](const Copy& a, const Copy& b) { return a.number > b.number; });
  return copies;
}

fs::path originalIn(const fs::path& folder) {
  const auto text = readTextFile(folder / kAboutName, kMaxAboutBytes);
  const auto root = text ? json::parseObject(*text) : Result<json::Value>(fail(text));
  if (!root)
    return {};
  const auto original = root->find("original");
  return original != root->end() && original->is_string() ? fs::path(original->get_ref<const std::string&>())
                                                          : fs::path();
}

Result<void> writeAbout(const fs::path& folder, const fs::path& original) {
  json::Writer out;
  out.beginObject(json::Layout::Lines);
  out.member("original", original.native());
  out.end();
  return writeFileAtomically(folder / kAboutName, std::move(out).finish());
}

struct Found {
  DocumentPtr document;
  fs::path path;
};

Result<Found> newestReadable(const fs::path& folder) {
  Error last{ErrorCode::NotFound, "There is no recovery copy.", folder.string()};
  for (const Copy& copy : copiesIn(folder)) {
    auto document = readProject(copy.path);
    if (document)
      return Found{std::move(*document), copy.path};
    last = document.error();
  }
  return tl::unexpected<Error>(std::move(last));
}

Result<void> removeFolder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error)
    return ioError("Removing the recovery copies", folder, error.message());
  return {};
}

} // namespace

struct Journal::State {
  fs::path folder;
  FolderLock lock;
  std::size_t keep = 0;
  std::uint64_t next = 1;
  DocumentPtr last; // the document that the newest copy holds
};

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<Journal> Journal::open(const fs::path& recoveryFolder, const fs::path& original, int keep) {
  if (keep < 0 || keep > kMostKept)
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Between 0 and {} recovery copies can be kept, not {}.", kMostKept, keep));
  std::error_code error;
  const fs::path parent = fs::absolute(recoveryFolder, error);
  if (!error)
    fs::create_directories(parent, error);
  if (error)
    return ioError("Making the recovery folder", recoveryFolder, error.message());
  for (int attempt = 0; attempt < 3; ++attempt) {
    std::string name = (parent / fmt::format("{}XXXXXX", kFolderStem)).string();
    if (::mkdtemp(name.data()) == nullptr)
      return ioError("Making a folder in", recoveryFolder, std::strerror(errno));
    auto lock = FolderLock::take(name, FolderLock::Make::Yes);
    // Somebody who tidies up may have been quicker than the lock; once it is held, the folder stays.
    if (!lock || !fs::exists(fs::path(name) / kLockName, error))
      continue;
    Journal journal(std::make_unique<State>(
        State{fs::path(name), std::move(*lock), static_cast<std::size_t>(keep) + 1, 1, nullptr}));
    if (auto about = journal.setOriginal(original); !about)
      return fail(about);
    return journal;
  }
  return ioError("Locking a folder in", recoveryFolder, "it is gone or cannot be locked");
}

const fs::path& Journal::folder() const {
  KINORA_CHECK(state_ != nullptr);
  return state_->folder;
}

Result<void> Journal::setOriginal(const fs::path& original) {
  KINORA_CHECK(state_ != nullptr);
  if (original.empty())
    return writeAbout(state_->folder, original);
  std::error_code error;
  const fs::path full = fs::absolute(original, error);
  return writeAbout(state_->folder, error ? original : full.lexically_normal());
}

Result<void> Journal::save(const DocumentPtr& document) {
  KINORA_CHECK(state_ != nullptr && document != nullptr);
  if (document == state_->last)
    return {};
  const fs::path path = state_->folder / fmt::format("{}{:06}{}", kCopyStem, state_->next, kCopyEnding);
  if (auto written = writeProject(*document, path); !written)
    return written;
  ++state_->next;
  state_->last = document;
  const std::vector<Copy> copies = copiesIn(state_->folder);
  for (std::size_t i = state_->keep; i < copies.size(); ++i) {
    std::error_code ignored; // one copy too many does no harm; the next save tries again
    fs::remove(copies[i].path, ignored);
  }
  return {};
}

Result<void> Journal::close() {
  KINORA_CHECK(state_ != nullptr);
  const std::unique_ptr<State> state = std::move(state_);
  return removeFolder(state->folder);
}

Result<std::vector<Recoverable>> listRecoverable(const fs::path& recoveryFolder) {
  std::vector<Recoverable> found;
  std::error_code error;
  fs::directory_iterator it(recoveryFolder, error);
  if (error == std::errc::no_such_file_or_directory)
    return found;
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    const fs::path folder = it->path();
    if (!folder.filename().string().starts_with(kFolderStem))
      continue;
    const auto lock = FolderLock::take(folder, FolderLock::Make::No);
    if (!lock)
      continue; // its program is running, or it is no journal
    if (copiesIn(folder).empty()) {
      std::error_code ignored; // ended before its first copy: nothing is lost, and the next look tries again
      fs::remove_all(folder, ignored);
      continue;
    }
    const auto newest = newestReadable(folder);
    if (!newest)
      continue;
    struct stat info {};
    if (::stat(newest->path.c_str(), &info) != 0)
      continue;
    const auto since = std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
    found.push_back({folder, originalIn(folder), newest->document->name,
                     std::chrono::system_clock::time_point(
                         std::chrono::duration_cast<std::chrono::system_clock::duration>(since))});
  }
  if (error)
    return ioError("Reading the recovery folder", recoveryFolder, error.message());
  std::sort(found.begin(), found.end(), [](const Recoverable& a, const Recoverable& b) {
    return a.savedAt != b.savedAt ? a.savedAt > b.savedAt : a.folder < b.folder;
  });
  return found;
}

Result<DocumentPtr> recover(const Recoverable& found) {
  auto newest = newestReadable(found.folder);
  if (!newest)
    return fail(newest);
  return std::move(newest->document);
}

Result<void> discard(const Recoverable& found) {
  std::error_code error;
  if (!found.folder.filename().string().starts_with(kFolderStem))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("“{}” holds no recovery copies.", found.folder.filename().string()), found.folder.string());
  if (!fs::exists(found.folder, error))
    return {};
  const auto lock = FolderLock::take(found.folder, FolderLock::Make::No);
  if (!lock)
    return fail(ErrorCode::InvalidArgument,
                "These recovery copies belong to a project that is open in another window. Close it there.",
                found.folder.string());
  return removeFolder(found.folder);
}

} // namespace kinora::document
