// SPDX-License-Identifier: Apache-2.0
#include "engine/media/sequence_p.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace kinora::media {

namespace fs = std::filesystem;

fs::path SequencePattern::file(std::int64_t number) const {
  return folder / fmt::format("{}{:0{}}{}", prefix, number, digits, suffix);
}

std::optional<SequencePattern::Span> SequencePattern::existing() const {
  std::vector<std::int64_t> numbers;
  std::error_code failed;
  for (fs::directory_iterator it(folder.empty() ? fs::path(".") : folder, failed), end; !failed && it != end;
       it.increment(failed)) {
    const std::string name = it->path().filename().string();
    if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix))
      continue;
    const char* begin = name.data() + prefix.size();
    const char* stop = name.data() + name.size() - suffix.size();
    std::int64_t number = 0;
    const auto [at, error] = std::from_chars(begin, stop, number);
    if (error == std::errc() && at == stop && number >= 0 && file(number).filename() == name)
      numbers.push_back(number);
  }
  if (numbers.empty())
    return std::nullopt;
  std::sort(numbers.begin(), numbers.end());
  Span span{numbers.front(), 0};
  while (span.count < static_cast<std::int64_t>(numbers.size()) &&
         numbers[static_cast<std::size_t>(span.count)] == span.first + span.count)
    ++span.count;
  return span;
}

std::optional<SequencePattern> parseSequencePattern(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t percent = name.find('%');
  if (percent == std::string::npos || name.find('%', percent + 1) != std::string::npos)
    return std::nullopt;
  std::size_t at = percent + 1;
  SequencePattern pattern{path.parent_path(), name.substr(0, percent), {}, 0};
  if (at < name.size() && name[at] == '0') {
    ++at;
    if (at >= name.size() || name[at] < '1' || name[at] > '9')
      return std::nullopt;
    pattern.digits = name[at++] - '0';
  }
  if (at >= name.size() || name[at] != 'd')
    return std::nullopt;
  pattern.suffix = name.substr(at + 1);
  return pattern;
}

} // namespace kinora::media
