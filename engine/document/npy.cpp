// SPDX-License-Identifier: Apache-2.0
#include "engine/document/npy_p.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace kinora::document {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeaderBytes = 64 << 10;
constexpr std::size_t kMaxDimensions = 8;

tl::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorCode::Corrupt, std::move(message));
}

// What the header's dictionary says.
struct Header {
  std::string_view type;
  std::optional<bool> fortranOrder;
  std::optional<std::vector<std::uint64_t>> shape;
};

// The dictionary is a Python literal of three known keys: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  bool parse(Header& header) {
    if (!take("{"))
      return false;
    while (!take("}")) {
      std::string_view key;
      if (!quoted(key) || !take(":") || !value(key, header))
        return false;
      if (!take(",") && !peek('}'))
        return false;
    }
    return true;
  }

 private:
  void skipSpace() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n' || text_.front() == '\t'))
      text_.remove_prefix(1);
  }
  bool peek(char c) {
    skipSpace();
    return !text_.empty() && text_.front() == c;
  }
  bool take(std::string_view word) {
    skipSpace();
    if (!text_.starts_with(word))
      return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool quoted(std::string_view& out) {
    skipSpace();
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"'))
      return false;
    const std::size_t end = text_.find(text_.front(), 1);
    if (end == std::string_view::npos)
      return false;
    out = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return true;
  }
  bool value(std::string_view key, Header& header) {
    if (key == "descr") {
      if (peek('[')) { // a record type: named by the caller
        header.type = "record";
        return skipRecord();
      }
      return quoted(header.type);
    }
    if (key == "fortran_order") {
      const bool yes = take("True");
      if (!yes && !take("False"))
        return false;
      header.fortranOrder = yes;
      return true;
    }
    return key == "shape" && shape(header);
  }
  bool skipRecord() {
    const std::size_t end = text_.rfind(']');
    if (end == std::string_view::npos)
      return false;
    text_.remove_prefix(end + 1);
    return true;
  }
  bool shape(Header& header) {
    if (!take("("))
      return false;
    std::vector<std::uint64_t> shape;
    while (!take(")")) {
      skipSpace();
      std::uint64_t number = 0;
      std::size_t digits = 0;
      for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
        if (digits > 18)
          return false;
        number = number * 10 + static_cast<std::uint64_t>(text_[digits] - '0');
      }
      if (digits == 0 || shape.size() == kMaxDimensions)
        return false;
      text_.remove_prefix(digits);
      shape.push_back(number);
      if (!take(",") && !peek(')'))
        return false;
    }
    header.shape = std::move(shape);
    return true;
  }

  std::string_view text_;
};

bool isKnown(char kind, std::size_t width) {
  switch (kind) {
  case 'f':
    return width == 2 || width == 4 || width == 8;
  case 'i':
  case 'u':
    return width == 1 || width == 2 || width == 4 || width == 8;
  case 'b':
    return width == 1;
  default:
    return false;
  }
}

double halfToDouble(std::uint64_t bits) {
  const int exponent = static_cast<int>((bits >> 10U) & 0x1fU);
  const auto fraction = static_cast<double>(bits & 0x3ffU);
  double value = 0;
  if (exponent == 31)
    value = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  else if (exponent == 0)
    value = std::ldexp(fraction, -24);
  else
    value = std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000U) != 0 ? -value : value;
}

} // namespace

Result<NpyArray> NpyArray::parse(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(kMagic))
    return corrupt("It is not a NumPy array file.");
  if (text.size() < 10)
    return corrupt("The array's header is cut off.");
  const auto byteAt = [&](std::size_t i) { return std::to_integer<std::size_t>(file[i]); };
  const std::size_t version = byteAt(6);
  if (version < 1 || version > 3)
    return fail(ErrorCode::Unsupported, fmt::format("Version {} of NumPy's array format is not known.", version));
  const std::size_t start = version == 1 ? 10 : 12;
  if (text.size() < start)
    return corrupt("The array's header is cut off.");
  const std::size_t headerBytes =
      version == 1 ? byteAt(8) | byteAt(9) << 8U : byteAt(8) | byteAt(9) << 8U | byteAt(10) << 16U | byteAt(11) << 24U;
  if (headerBytes > kMaxHeaderBytes || text.size() - start < headerBytes)
    return corrupt("The array's header is cut off or too long.");
  Header header;
  if (!HeaderParser(text.substr(start, headerBytes)).parse(header) || header.type.empty() || !header.fortranOrder ||
      !header.shape)
    return corrupt("The array's header cannot be understood.");

  NpyArray array;
  const bool marked =
      header.type.size() >= 3 && std::string_view("<>|=").find(header.type[0]) != std::string_view::npos;
  const bool oneDigit = header.type.size() == 3 && header.type[2] >= '1' && header.type[2] <= '9';
  if (!marked || !oneDigit || !isKnown(header.type[1], static_cast<std::size_t>(header.type[2] - '0')))
    return fail(ErrorCode::Unsupported,
                fmt::format("Arrays of type “{}” cannot be read; save it as float32.", header.type));
  array.bigEndian_ = header.type[0] == '>';
  array.kind_ = header.type[1];
  array.width_ = static_cast<std::size_t>(header.type[2] - '0');
  array.data_ = file.subspan(start + headerBytes);
  array.shape_ = std::move(*header.shape);

  const std::uint64_t held = array.data_.size() / array.width_;
  std::uint64_t count = 1;
  for (const std::uint64_t n : array.shape_) {
    if (n != 0 && count > std::numeric_limits<std::uint64_t>::max() / n)
      return corrupt("The array's shape is impossibly large.");
    count *= n;
  }
  if (count > held)
    return corrupt(fmt::format("The array is cut off: its shape needs {} numbers, the file holds {}.", count, held));
  array.strides_.resize(array.shape_.size());
  std::uint64_t stride = 1;
  for (std::size_t k = 0; k < array.shape_.size(); ++k) {
    const std::size_t dimension = *header.fortranOrder ? k : array.shape_.size() - 1 - k;
    array.strides_[dimension] = stride;
    stride *= array.shape_[dimension];
  }
  return array;
}

double NpyArray::at(std::span<const std::uint64_t> index) const {
  KINORA_CHECK(index.size() == shape_.size());
  std::uint64_t place = 0;
  for (std::size_t k = 0; k < index.size(); ++k) {
    KINORA_CHECK(index[k] < shape_[k]);
    place += index[k] * strides_[k];
  }
  std::uint64_t bits = 0;
  for (std::size_t k = 0; k < width_; ++k) {
    const std::size_t shift = bigEndian_ ? width_ - 1 - k : k;
    bits |= std::to_integer<std::uint64_t>(data_[place * width_ + k]) << (8 * shift);
  }
  switch (kind_) {
  case 'f':
    if (width_ == 2)
      return halfToDouble(bits);
    return width_ == 4 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)))
                       : std::bit_cast<double>(bits);
  case 'i': {
    const auto unused = static_cast<unsigned>(64 - 8 * width_);
    return static_cast<double>(static_cast<std::int64_t>(bits << unused) >> unused);
  }
  case 'b':
    return bits != 0 ? 1 : 0;
  default:
    return static_cast<double>(bits);
  }
}

} // namespace kinora::document
