// SPDX-License-Identifier: Apache-2.0
// The terminal: progress on stderr, results on stdout, and Ctrl+C as a stop request.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace kinora::cli {

// Turns SIGINT and SIGTERM into a stop request for as long as it lives; make it before any other thread. A second
// signal ends the process at once.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread watcher_;
};

// A bar with the time left on a terminal, one line a second otherwise; nothing when quiet.
class Progress {
 public:
  Progress(std::string what, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // secondsLeft < 0: not measured yet.
  void show(std::int64_t done, std::int64_t total, double secondsLeft);

 private:
  std::string what_;
  bool quiet_;
  bool terminal_;
  bool lineOpen_ = false;
  std::chrono::steady_clock::time_point last_{};
};

// "1:05" or "–" when negative.
[[nodiscard]] std::string formatSeconds(double seconds);

} // namespace kinora::cli
