// SPDX-License-Identifier: Apache-2.0
#include "engine/document/json_p.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/document/rules_p.h"
#include "engine/document/unknown_fields_p.h"

namespace kinora::document::json {
namespace {

tl::unexpected<Error> corrupt(std::string message, std::size_t byte) {
  return fail(ErrorCode::Corrupt, std::move(message), fmt::format("byte {}", byte));
}

} // namespace

Result<void> checkLimits(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(kMaxFileBytes))
    return corrupt(fmt::format("It is larger than the {} MiB that such a file may have.", kMaxFileBytes >> 20), 0);
  std::size_t depth = 0;
  std::size_t values = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const std::size_t start = i;
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\')
          ++i;
      if (i - start > kMaxStringBytes)
        return corrupt(fmt::format("A text is longer than {} MiB.", kMaxStringBytes >> 20), start);
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth)
        return corrupt(fmt::format("It is nested deeper than {} levels.", kMaxDepth), i);
      ++values;
    } else if (c == ']' || c == '}') {
      depth -= depth > 0 ? 1 : 0;
    } else if (c == ',') {
      ++values;
    }
    if (values > kMaxValues)
      return corrupt(fmt::format("It holds more than {} values.", kMaxValues), i);
  }
  return {};
}

Result<Value> parseObject(std::string_view text) {
  if (auto limits = checkLimits(text); !limits)
    return fail(limits);
  try {
    Value root = Value::parse(text.begin(), text.end());
    if (!root.is_object())
      return corrupt("It must hold one JSON object.", 0);
    return root;
  } catch (const Value::parse_error& error) {
    return corrupt("It is not valid JSON: damaged, cut off or not UTF-8.", error.byte);
  } catch (const Value::exception&) {
    return corrupt("It holds a number that is out of range.", 0);
  }
}

Result<int> schemaVersion(const Value& root, std::string_view family) {
  const auto bad = [&] {
    return fail(ErrorCode::Corrupt, fmt::format("It does not say that it is a “{}/N” file.", family), "schema");
  };
  const auto schema = root.find("schema");
  if (schema == root.end() || !schema->is_string())
    return bad();
  const auto& text = schema->get_ref<const std::string&>();
  if (text.size() < family.size() + 2 || !text.starts_with(family) || text[family.size()] != '/')
    return bad();
  int version = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + family.size() + 1, end, version);
  if (error != std::errc{} || stop != end || version < 1)
    return bad();
  return version;
}

void wrong(std::string where, std::string message) {
  throw FieldError{std::move(message), std::move(where)};
}

std::int64_t integer(const Value& value, const std::string& where, std::int64_t low, std::int64_t high) {
  if (!value.is_number_integer())
    wrong(where, "A whole number is needed here.");
  const bool tooLarge =
      value.is_number_unsigned() &&
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::int64_t number = tooLarge ? 0 : value.get<std::int64_t>();
  if (tooLarge || number < low || number > high)
    wrong(where, fmt::format("The number must lie between {} and {}.", low, high));
  return number;
}

float real(const Value& value, const std::string& where) {
  if (!value.is_number())
    wrong(where, "A number is needed here.");
  const double number = value.get<double>();
  if (!(std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max())))
    wrong(where, "The number is out of range.");
  return static_cast<float>(number);
}

float coordinate(const Value& value, const std::string& where) {
  if (!value.is_number())
    wrong(where, "A number is needed here.");
  const double number = value.get<double>();
  if (!std::isfinite(number))
    wrong(where, "A coordinate must be a finite number.");
  constexpr double limit = rules::kMaxCoordinate;
  return static_cast<float>(std::clamp(number, -limit, limit));
}

void checkArray(const Value& value, const std::string& where, std::size_t least, std::size_t most) {
  if (!value.is_array())
    wrong(where, "A list is needed here.");
  if (value.size() < least || value.size() > most)
    wrong(where, fmt::format("The list must have between {} and {} entries; it has {}.", least, most, value.size()));
}

ObjectReader::ObjectReader(const Value& value, std::string where) : object_(value), where_(std::move(where)) {
  if (!value.is_object())
    wrong(where_, "An object is needed here.");
}

std::string ObjectReader::where(std::string_view key) const {
  return where_.empty() ? std::string(key) : fmt::format("{}.{}", where_, key);
}

const Value* ObjectReader::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end())
    known_.push_back(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void ObjectReader::require(std::string_view key) {
  if (find(key) == nullptr)
    wrong(where(key), "This field is missing.");
}

void ObjectReader::read(std::string_view key, std::string& text) {
  const Value* value = find(key);
  if (value == nullptr)
    return;
  if (!value->is_string())
    wrong(where(key), "A text is needed here.");
  text = value->get_ref<const std::string&>();
}

void ObjectReader::read(std::string_view key, bool& flag) {
  const Value* value = find(key);
  if (value == nullptr)
    return;
  if (!value->is_boolean())
    wrong(where(key), "true or false is needed here.");
  flag = value->get<bool>();
}

void ObjectReader::read(std::string_view key, float& number) {
  if (const Value* value = find(key))
    number = real(*value, where(key));
}

void ObjectReader::read(std::string_view key, std::int32_t& number) {
  if (const Value* value = find(key))
    number = static_cast<std::int32_t>(integer(*value, where(key), std::numeric_limits<std::int32_t>::min(),
                                               std::numeric_limits<std::int32_t>::max()));
}

void ObjectReader::read(std::string_view key, std::uint64_t& number) {
  const Value* value = find(key);
  if (value == nullptr)
    return;
  if (!value->is_number_unsigned())
    wrong(where(key), "A whole number that is not negative is needed here.");
  number = value->get<std::uint64_t>();
}

void ObjectReader::read(std::string_view key, Time& time) {
  if (const Value* value = find(key))
    time.ticks = integer(*value, where(key), 0, rules::kMaxTicks);
}

void ObjectReader::read(std::string_view key, Duration& duration) {
  if (const Value* value = find(key))
    duration.ticks = integer(*value, where(key), 0, rules::kMaxTicks);
}

void ObjectReader::read(std::string_view key, Size& size) {
  const Value* value = find(key);
  if (value == nullptr)
    return;
  const std::string place = where(key);
  checkArray(*value, place, 2, 2);
  size.width = static_cast<std::int32_t>(integer((*value)[0], place, 0, rules::kMaxMediaEdge));
  size.height = static_cast<std::int32_t>(integer((*value)[1], place, 0, rules::kMaxMediaEdge));
}

void ObjectReader::read(std::string_view key, FrameRate& rate) {
  const Value* value = find(key);
  if (value == nullptr)
    return;
  const std::string place = where(key);
  checkArray(*value, place, 2, 2);
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  rate.num = static_cast<std::int32_t>(integer((*value)[0], place, 1, most));
  rate.den = static_cast<std::int32_t>(integer((*value)[1], place, 1, most));
  if (!rate.isValid())
    wrong(place, "The frame rate must lie between 1/100 and 1000 frames per second.");
}

void ObjectReader::readCoordinates(std::string_view key, Point& point) {
  const Value* value = find(key);
  if (value == nullptr)
    return;
  const std::string place = where(key);
  checkArray(*value, place, 2, 2);
  point = {coordinate((*value)[0], place), coordinate((*value)[1], place)};
}

Value ObjectReader::restObject() const {
  Value left = Value::object();
  for (const auto& [key, value] : object_.items())
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      left[key] = value;
  return left;
}

UnknownFields ObjectReader::rest() const {
  Value left = restObject();
  if (left.empty())
    return {};
  return UnknownFields(std::make_shared<const UnknownFields::Members>(UnknownFields::Members{std::move(left)}));
}

void Writer::separate() {
  if (afterKey_) {
    afterKey_ = false;
    return;
  }
  if (levels_.empty())
    return;
  Level& level = levels_.back();
  if (!level.empty)
    text_ += ',';
  if (level.layout == Layout::Lines) {
    text_ += '\n';
    text_.append(levels_.size(), ' ');
  } else if (!level.empty) {
    text_ += ' ';
  }
  level.empty = false;
}

void Writer::open(char bracket, char close, Layout layout) {
  separate();
  text_ += bracket;
  levels_.push_back({close, layout});
}

void Writer::beginObject(Layout layout) {
  open('{', '}', layout);
}

void Writer::beginArray(Layout layout) {
  open('[', ']', layout);
}

void Writer::end() {
  KINORA_CHECK(!levels_.empty());
  const Level level = levels_.back();
  levels_.pop_back();
  if (level.layout == Layout::Lines && !level.empty) {
    text_ += '\n';
    text_.append(levels_.size(), ' ');
  }
  text_ += level.close;
}

void Writer::key(std::string_view name) {
  value(name);
  text_ += ": ";
  afterKey_ = true;
}

void Writer::value(std::string_view text) {
  separate();
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (plain) {
    text_ += '"';
    text_ += text;
    text_ += '"';
    return;
  }
  text_ += Value(text).dump(-1, ' ', false, Value::error_handler_t::replace);
}

void Writer::value(bool flag) {
  separate();
  text_ += flag ? "true" : "false";
}

void Writer::value(std::int64_t number) {
  separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
}

void Writer::value(std::uint64_t number) {
  separate();
  fmt::format_to(std::back_inserter(text_), "{}", number);
}

void Writer::value(float number) {
  KINORA_CHECK(std::isfinite(number));
  separate();
  const std::string shortest = fmt::format("{}", number);
  // Readers go through a double; in the rare case that this rounds to a neighbour, all digits are written.
  const bool exact = static_cast<float>(std::strtod(shortest.c_str(), nullptr)) == number;
  text_ += exact ? shortest : fmt::format("{}", static_cast<double>(number));
}

void Writer::value(Size size) {
  beginArray(Layout::Inline);
  value(size.width);
  value(size.height);
  end();
}

void Writer::value(FrameRate rate) {
  beginArray(Layout::Inline);
  value(rate.num);
  value(rate.den);
  end();
}

void Writer::value(Point point) {
  beginArray(Layout::Inline);
  value(point.x);
  value(point.y);
  end();
}

void Writer::value(const Value& json) {
  separate();
  text_ += json.dump();
}

void Writer::members(const UnknownFields& unknown, std::string_view except) {
  if (unknown.isEmpty())
    return;
  for (const auto& [name, json] : unknown.members()->object.items())
    if (name != except)
      member(name, json);
}

void Writer::membersOf(const UnknownFields& unknown, std::string_view name) {
  if (unknown.isEmpty())
    return;
  const auto found = unknown.members()->object.find(name);
  if (found == unknown.members()->object.end() || !found->is_object())
    return;
  for (const auto& [key, json] : found->items())
    member(key, json);
}

std::string Writer::finish() && {
  KINORA_CHECK(levels_.empty());
  text_ += '\n';
  return std::move(text_);
}

} // namespace kinora::document::json
