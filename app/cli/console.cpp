// SPDX-License-Identifier: Apache-2.0
#include "app/cli/console.h"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>
#include <unistd.h>

namespace kinora::cli {
namespace {

constexpr int kBarWidth = 28;

sigset_t watchedSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

} // namespace

Interruption::Interruption() {
  // A limit on the size of files is an error of the write, which removes the part file, and not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  // Blocked here and inherited by every later thread, so that only the watcher takes them.
  const sigset_t signals = watchedSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  watcher_ = std::jthread([this](const std::stop_token& done) {
    const sigset_t set = watchedSignals();
    const timespec tick{0, 100'000'000};
    while (!done.stop_requested()) {
      if (sigtimedwait(&set, nullptr, &tick) < 0)
        continue;
      if (source_.stop_requested())
        _exit(130);
      source_.request_stop();
    }
  });
}

Interruption::~Interruption() = default;

std::string formatSeconds(double seconds) {
  if (!(seconds >= 0) || seconds > 1e7)
    return "–";
  const auto whole = static_cast<long>(std::lround(seconds));
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (lineOpen_)
    std::fputc('\n', stderr);
}

void Progress::show(std::int64_t done, std::int64_t total, double secondsLeft) {
  if (quiet_ || total <= 0)
    return;
  const auto now = std::chrono::steady_clock::now();
  const auto pause = terminal_ ? std::chrono::milliseconds(80) : std::chrono::milliseconds(1000);
  if (done < total && now - last_ < pause)
    return;
  last_ = now;
  const int percent = static_cast<int>(done * 100 / total);
  if (terminal_) {
    const int filled = static_cast<int>(done * kBarWidth / total);
    fmt::print(stderr, "\r{} [{:#<{}}{:.<{}}] {:3} %  {}/{}  {} left \033[K", what_, "", filled, "", kBarWidth - filled,
               percent, done, total, formatSeconds(secondsLeft));
    lineOpen_ = true;
  } else {
    fmt::print(stderr, "{}: {} % ({} of {} frames), {} left\n", what_, percent, done, total,
               formatSeconds(secondsLeft));
  }
  std::fflush(stderr);
}

} // namespace kinora::cli
