// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weights/strict_json_p.h"

#include <set>
#include <vector>

#include <fmt/format.h>

namespace kinora::inference {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 64;

// Checks what a tree cannot show any more.
class Checker : public json::json_sax_t {
 public:
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return begin(); }
  bool start_array(std::size_t) override { return begin(); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(std::string& name) override {
    if (levels_.back().insert(name).second)
      return true;
    problem = fmt::format("the key {} stands twice", name.substr(0, 80));
    return false;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem = fmt::format("byte {}: it is no JSON", position);
    return false;
  }

 private:
  bool begin() {
    levels_.emplace_back();
    if (levels_.size() <= kMaxDepth)
      return true;
    problem = fmt::format("it is more than {} levels deep", kMaxDepth);
    return false;
  }
  bool end() {
    levels_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> levels_;
};

} // namespace

tl::expected<json, std::string> parseStrictJson(std::string_view text) {
  // The JSON reader takes a zero byte for the end of the text.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
    return tl::unexpected(fmt::format("byte {}: a zero byte stands in it", zero));
  Checker checker;
  if (!json::sax_parse(text.begin(), text.end(), &checker))
    return tl::unexpected(checker.problem);
  return json::parse(text.begin(), text.end(), nullptr, false);
}

} // namespace kinora::inference
