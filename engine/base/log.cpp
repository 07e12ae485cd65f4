// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace kinora::log {
namespace {

spdlog::level::level_enum toSpdlog(Level level) {
  switch (level) {
  case Level::Debug:
    return spdlog::level::debug;
  case Level::Info:
    return spdlog::level::info;
  case Level::Warning:
    return spdlog::level::warn;
  case Level::Error:
    return spdlog::level::err;
  }
  return spdlog::level::err;
}

// The process's one list of sinks. Made on first use and never destroyed, so that late threads may still log.
struct Sinks {
  std::shared_ptr<spdlog::logger> console;
  std::mutex mutex;
  std::vector<std::pair<int, Sink>> extra;
  int nextId = 0;

  Sinks()
      : console(std::make_shared<spdlog::logger>("kinora", std::make_shared<spdlog::sinks::stderr_color_sink_mt>())) {
    console->set_pattern("%^%l%$ %v");
    const char* wanted = std::getenv("KINORA_LOG");
    console->set_level(wanted ? spdlog::level::from_str(wanted) : spdlog::level::warn);
    console->flush_on(spdlog::level::warn);
  }
};

Sinks& sinks() {
  static auto* const instance = new Sinks;
  return *instance;
}

} // namespace

bool enabled(Level level) {
  return sinks().console->should_log(toSpdlog(level));
}

void setLevel(Level level) {
  sinks().console->set_level(toSpdlog(level));
}

void write(Level level, std::string_view category, std::string_view text) {
  sinks().console->log(toSpdlog(level), "[{}] {}", category, text);
  std::vector<std::pair<int, Sink>> extra;
  {
    const std::lock_guard lock(sinks().mutex);
    extra = sinks().extra; // called outside the lock
  }
  for (const auto& [id, sink] : extra)
    sink(level, category, text);
}

std::function<void()> addSink(Sink sink) {
  const std::lock_guard lock(sinks().mutex);
  const int id = sinks().nextId++;
  sinks().extra.emplace_back(id, std::move(sink));
  return [id] {
    const std::lock_guard inner(sinks().mutex);
    std::erase_if(sinks().extra, [id](const auto& entry) { return entry.first == id; });
  };
}

} // namespace kinora::log
