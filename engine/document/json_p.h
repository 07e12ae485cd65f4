// SPDX-License-Identifier: Apache-2.0
// JSON of our files: limits before parsing, fields that name themselves in errors, and a writer with short lines.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/base/geometry.h"
#include "engine/base/result.h"
#include "engine/base/time.h"
#include "engine/document/document.h"

namespace kinora::document::json {

using Value = nlohmann::json;

inline constexpr std::int64_t kMaxFileBytes = 128 << 20;
inline constexpr std::size_t kMaxStringBytes = 4 << 20;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxValues = 8'000'000;

// Bounds the memory and stack that parsing, copying and writing need. Errors: corrupt.
[[nodiscard]] Result<void> checkLimits(std::string_view text);
// An object. Errors: corrupt (with the byte).
[[nodiscard]] Result<Value> parseObject(std::string_view text);
// "kinora.project/3" with family "kinora.project" -> 3. Errors: corrupt (another family or no number).
[[nodiscard]] Result<int> schemaVersion(const Value& root, std::string_view family);

// Thrown within the readers only; becomes Error{Corrupt} at their border.
struct FieldError {
  std::string message; // a sentence
  std::string where;   // "takes[2].tracks[0].points"
};
[[noreturn]] void wrong(std::string where, std::string message);

[[nodiscard]] std::int64_t integer(const Value& value, const std::string& where, std::int64_t low, std::int64_t high);
[[nodiscard]] float real(const Value& value, const std::string& where);
// Clamped to the limits of coordinates.
[[nodiscard]] float coordinate(const Value& value, const std::string& where);
void checkArray(const Value& value, const std::string& where, std::size_t least, std::size_t most);

// The word of each value of an enumeration.
template <class T, std::size_t N>
using Names = std::array<std::pair<T, std::string_view>, N>;

// Reads the members of one object and remembers which ones were asked for.
class ObjectReader {
 public:
  ObjectReader(const Value& value, std::string where);

  [[nodiscard]] std::string where(std::string_view key) const;
  [[nodiscard]] const Value* find(std::string_view key); // null when not there
  void require(std::string_view key);

  void read(std::string_view key, std::string& text);
  void read(std::string_view key, bool& flag);
  void read(std::string_view key, float& number);
  void read(std::string_view key, std::int32_t& number);
  void read(std::string_view key, std::uint64_t& number);
  void read(std::string_view key, Time& time);
  void read(std::string_view key, Duration& duration);
  void read(std::string_view key, Size& size);
  void read(std::string_view key, FrameRate& rate);
  void readCoordinates(std::string_view key, Point& point);

  template <class Tag>
  void read(std::string_view key, Id<Tag>& id) {
    read(key, id.value);
  }
  template <class T, std::size_t N>
  void read(std::string_view key, T& value, const Names<T, N>& names) {
    std::string text;
    read(key, text);
    if (text.empty() && find(key) == nullptr)
      return;
    for (const auto& [candidate, name] : names)
      if (name == text) {
        value = candidate;
        return;
      }
    wrong(where(key), "The value is not one that this version knows.");
  }
  // each: void(const Value&, std::string where). A missing list is an empty one.
  template <class Each>
  void each(std::string_view key, std::size_t most, Each&& each) {
    const Value* list = find(key);
    if (list == nullptr)
      return;
    const std::string place = where(key);
    checkArray(*list, place, 0, most);
    for (std::size_t i = 0; i < list->size(); ++i)
      each((*list)[i], place + "[" + std::to_string(i) + "]");
  }

  // What nobody asked for.
  [[nodiscard]] UnknownFields rest() const;
  [[nodiscard]] Value restObject() const;

 private:
  const Value& object_;
  std::string where_;
  std::vector<std::string_view> known_;
};

enum class Layout : std::uint8_t { Lines, Inline }; // one member per line, or all on one

class Writer {
 public:
  void beginObject(Layout layout);
  void beginArray(Layout layout);
  void end(); // the object or array begun last
  void key(std::string_view name);

  void value(std::string_view text);
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool flag);
  void value(std::int64_t number);
  void value(std::uint64_t number);
  void value(std::int32_t number) { value(static_cast<std::int64_t>(number)); }
  void value(float number); // finite; the shortest text that reads back as the same float
  void value(Time time) { value(time.ticks); }
  void value(Duration duration) { value(duration.ticks); }
  void value(Size size);
  void value(FrameRate rate);
  void value(Point point);
  void value(const Value& json);
  template <class Tag>
  void value(Id<Tag> id) {
    value(id.value);
  }
  template <class T, std::size_t N>
  void value(T value, const Names<T, N>& names) {
    for (const auto& [candidate, name] : names)
      if (candidate == value)
        this->value(name);
  }
  template <class... Args>
  void member(std::string_view name, const Args&... args) {
    key(name);
    value(args...);
  }
  // Unknown members, but the one named.
  void members(const UnknownFields& unknown, std::string_view except = {});
  // The members of the unknown member `name`, when that is an object.
  void membersOf(const UnknownFields& unknown, std::string_view name);

  [[nodiscard]] std::string finish() &&;

 private:
  struct Level {
    char close;
    Layout layout;
    bool empty = true;
  };
  void separate();
  void open(char bracket, char close, Layout layout);

  std::string text_;
  std::vector<Level> levels_;
  bool afterKey_ = false;
};

} // namespace kinora::document::json
