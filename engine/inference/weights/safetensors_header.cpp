// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/safetensors_header_p.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/inference/weights/weights_fault_p.h"

namespace kinora::inference {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000; // the format's own limit
constexpr std::size_t kMaxRank = 64;

// One entry as the JSON says it, before it is held against the file.
struct Entry {
  TensorInfo info;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Receives the header's JSON piece by piece; stops at the first thing that does not belong there.
class HeaderReader : public json::json_sax_t {
 public:
  explicit HeaderReader(std::string_view file) : file_(file) {}

  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
  std::optional<Error> error;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a truth value"); }
  bool number_integer(std::int64_t) override { return unexpected("a negative number"); }
  bool number_float(double, const std::string& text) override {
    return unexpected(fmt::format("the number {}", printable(text)));
  }
  bool binary(json::binary_t&) override { return unexpected("bytes"); }

  bool number_unsigned(std::uint64_t value) override {
    if (place_ == Place::Shape) {
      std::vector<std::int64_t>& shape = entries.back().info.shape;
      if (value > static_cast<std::uint64_t>(INT64_MAX))
        return refuse(WeightsFault::BadTensor, "its shape overflows");
      if (shape.size() == kMaxRank)
        return refuse(WeightsFault::BadTensor, fmt::format("it has more than {} dimensions", kMaxRank));
      shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (place_ == Place::Offsets && offsets_ < 2) {
      (offsets_++ == 0 ? entries.back().begin : entries.back().end) = value;
      return true;
    }
    return unexpected("a number");
  }

  bool string(std::string& value) override {
    if (place_ == Place::Metadata)
      return metadata.emplace(key_, std::move(value)).second || refuse(WeightsFault::BadHeader, "a key stands twice");
    if (place_ != Place::Tensor || field_ != Field::DType)
      return unexpected("a text");
    const std::optional<DType> type = dtypeNamed(value);
    if (!type)
      return refuse(WeightsFault::BadTensor, fmt::format("the type {} is unknown", printable(value)));
    entries.back().info.dtype = *type;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::Outside && !ended_) {
      place_ = Place::Top;
      return true;
    }
    if (place_ != Place::Top)
      return unexpected("an object");
    if (key_ == "__metadata__") {
      if (hasMetadata_)
        return refuse(WeightsFault::BadHeader, "__metadata__ stands twice");
      hasMetadata_ = true;
      place_ = Place::Metadata;
    } else {
      entries.push_back({});
      entries.back().info.name = key_;
      place_ = Place::Tensor;
      seen_ = 0;
    }
    return true;
  }

  bool key(std::string& name) override {
    if (place_ != Place::Tensor) {
      key_ = std::move(name);
      return true;
    }
    if (name == "dtype")
      field_ = Field::DType;
    else if (name == "shape")
      field_ = Field::Shape;
    else if (name == "data_offsets")
      field_ = Field::Offsets;
    else
      return refuse(WeightsFault::BadHeader, fmt::format("the field {} is unknown", printable(name)));
    if ((seen_ & (1U << static_cast<unsigned>(field_))) != 0)
      return refuse(WeightsFault::BadHeader, fmt::format("the field {} stands twice", name));
    seen_ |= 1U << static_cast<unsigned>(field_);
    return true;
  }

  bool end_object() override {
    if (place_ == Place::Tensor && seen_ != 7)
      return refuse(WeightsFault::BadHeader, "dtype, shape or data_offsets is missing");
    if (place_ == Place::Top) {
      place_ = Place::Outside;
      ended_ = true;
    } else {
      place_ = Place::Top;
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::Tensor && field_ == Field::Shape) {
      place_ = Place::Shape;
      return true;
    }
    if (place_ == Place::Tensor && field_ == Field::Offsets) {
      place_ = Place::Offsets;
      offsets_ = 0;
      return true;
    }
    return unexpected("an array");
  }

  bool end_array() override {
    if (place_ == Place::Offsets && offsets_ != 2)
      return refuse(WeightsFault::BadHeader, "data_offsets are not two numbers");
    place_ = Place::Tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error = weightsError(WeightsFault::BadHeader, file_, "it is no JSON object",
                         fmt::format("byte {}", kLengthBytes + position));
    return false;
  }

 private:
  enum class Place { Outside, Top, Metadata, Tensor, Shape, Offsets };
  enum class Field { DType, Shape, Offsets };

  bool refuse(WeightsFault fault, std::string_view why) {
    const bool inTensor = place_ == Place::Tensor || place_ == Place::Shape || place_ == Place::Offsets;
    const std::string name = printable(inTensor ? entries.back().info.name : key_);
    error = weightsError(fault, file_, inTensor ? fmt::format("{}: {}", name, why) : std::string(why),
                         inTensor ? fmt::format("tensor {}", name)
                                  : (name.empty() ? std::string("header") : fmt::format("header entry {}", name)));
    return false;
  }
  bool unexpected(std::string_view what) {
    return refuse(WeightsFault::BadHeader, fmt::format("{} stands where it does not belong", what));
  }

  std::string_view file_;
  Place place_ = Place::Outside;
  Field field_ = Field::DType;
  unsigned seen_ = 0; // a bit for each field of the tensor
  unsigned offsets_ = 0;
  bool hasMetadata_ = false;
  bool ended_ = false;
  std::string key_;
};

// Bytes of the elements; none when the sizes overflow (also when another size is 0) or do not fill whole bytes.
std::optional<std::uint64_t> storedBytes(const TensorInfo& info) {
  std::uint64_t bits = dtypeBits(info.dtype);
  bool empty = false;
  for (const std::int64_t extent : info.shape) {
    empty = empty || extent == 0;
    if (extent != 0 && __builtin_mul_overflow(bits, static_cast<std::uint64_t>(extent), &bits))
      return std::nullopt;
  }
  if (bits > static_cast<std::uint64_t>(INT64_MAX))
    return std::nullopt;
  if (empty)
    return 0;
  return bits % 8 == 0 ? std::optional(bits / 8) : std::nullopt;
}

template <class Less>
std::vector<std::size_t> sorted(std::size_t count, Less less) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), less);
  return order;
}

} // namespace

Result<SafetensorsHeader> readSafetensorsHeader(std::span<const std::byte> bytes, std::string_view name) {
  const auto refuse = [name](WeightsFault fault, std::string_view why, std::string_view spot) {
    return tl::unexpected<Error>(weightsError(fault, name, why, spot));
  };
  if (bytes.size() < kLengthBytes)
    return refuse(WeightsFault::BadHeader,
                  bytes.empty() ? "the file is empty" : "the file ends before the header's length",
                  fmt::format("byte {}", bytes.size()));
  std::uint64_t length = 0; // little endian, as every machine we run on
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeader || length > bytes.size() - kLengthBytes) {
    if (const std::string_view kind = foreignKind(bytes); !kind.empty())
      return refuse(WeightsFault::BadHeader, kind, "byte 0");
    return refuse(WeightsFault::BadHeader,
                  length > kMaxHeader ? fmt::format("its length of {} bytes is over the limit of 100 MB", length)
                                      : fmt::format("its {} bytes reach past the end of the file", length),
                  "byte 0");
  }
  const char* const text = reinterpret_cast<const char*>(bytes.data()) + kLengthBytes;
  if (length == 0 || *text != '{')
    return refuse(WeightsFault::BadHeader, "it does not begin with a brace", "byte 8");
  // The JSON reader takes a zero byte for the end of the text.
  if (const void* const zero = std::memchr(text, 0, length))
    return refuse(
        WeightsFault::BadHeader, "a zero byte stands in it",
        fmt::format("byte {}", static_cast<const char*>(zero) - text + static_cast<std::ptrdiff_t>(kLengthBytes)));
  HeaderReader reader(name);
  if (!json::sax_parse(text, text + length, &reader, json::input_format_t::json, true))
    return tl::unexpected<Error>(*reader.error);

  const std::vector<Entry>& entries = reader.entries;
  const auto refuseTensor = [&refuse](const Entry& entry, WeightsFault fault, std::string_view why) {
    const std::string shown = printable(entry.info.name);
    return refuse(fault, fmt::format("{} {}: {}", shown, describe(entry.info), why), fmt::format("tensor {}", shown));
  };
  const auto byName = sorted(
      entries.size(), [&entries](std::size_t a, std::size_t b) { return entries[a].info.name < entries[b].info.name; });
  for (std::size_t i = 1; i < byName.size(); ++i) {
    if (entries[byName[i]].info.name == entries[byName[i - 1]].info.name)
      return refuseTensor(entries[byName[i]], WeightsFault::BadHeader, "two tensors have this name");
  }
  const std::uint64_t data = bytes.size() - kLengthBytes - length;
  const auto byPlace = sorted(entries.size(), [&entries](std::size_t a, std::size_t b) {
    return std::pair(entries[a].begin, entries[a].end) < std::pair(entries[b].begin, entries[b].end);
  });
  std::uint64_t reached = 0;
  for (const std::size_t i : byPlace) {
    const Entry& entry = entries[i];
    if (entry.end < entry.begin)
      return refuseTensor(entry, WeightsFault::BadTensor, "it ends before it begins");
    if (entry.end > data)
      return refuseTensor(entry, WeightsFault::BadTensor,
                          fmt::format("it ends at byte {} of {}: the file is cut off or damaged", entry.end, data));
    const std::optional<std::uint64_t> size = storedBytes(entry.info);
    if (!size)
      return refuseTensor(entry, WeightsFault::BadTensor, "its size overflows or is no whole number of bytes");
    if (*size != entry.end - entry.begin)
      return refuseTensor(entry, WeightsFault::BadTensor,
                          fmt::format("it needs {} bytes and has {}", *size, entry.end - entry.begin));
    if (entry.begin != reached)
      return refuseTensor(
          entry, WeightsFault::BadTensor,
          fmt::format("it begins at byte {} and the tensor before it ends at byte {}", entry.begin, reached));
    reached = entry.end;
  }
  if (reached != data)
    return refuse(WeightsFault::BadTensor, fmt::format("{} bytes follow the last tensor", data - reached),
                  fmt::format("byte {}", bytes.size() - (data - reached)));

  SafetensorsHeader header;
  header.metadata = std::move(reader.metadata);
  header.tensors.reserve(entries.size());
  header.offsets.reserve(entries.size());
  for (Entry& entry : reader.entries) {
    header.offsets.push_back(kLengthBytes + length + entry.begin);
    header.tensors.push_back(std::move(entry.info));
  }
  return header;
}

} // namespace kinora::inference
