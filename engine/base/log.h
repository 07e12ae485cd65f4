// SPDX-License-Identifier: Apache-2.0
// Category + level + text, to one list of sinks. Per-frame facts are counters, never log lines.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kinora::log {

enum class Level { Debug, Info, Warning, Error };

// [any] Level from the environment KINORA_LOG (debug, info, warning, error, off; default warning). Lines go to stderr.
void write(Level level, std::string_view category, std::string_view text);
[[nodiscard]] bool enabled(Level level);
void setLevel(Level level);
// A further sink, kept until the returned function is called (for a log panel or a test). Called on the logging thread.
using Sink = std::function<void(Level, std::string_view category, std::string_view text)>;
[[nodiscard]] std::function<void()> addSink(Sink sink);

template <class... Args>
void debug(std::string_view category, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Debug))
    write(Level::Debug, category, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view category, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Info))
    write(Level::Info, category, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view category, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Warning))
    write(Level::Warning, category, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view category, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Error))
    write(Level::Error, category, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace kinora::log
