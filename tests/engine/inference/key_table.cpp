// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/key_table.h"

#include <fstream>
#include <regex>
#include <sstream>

#include "tests/support/files.h"

namespace kinora::test {

std::map<std::string, std::vector<std::int64_t>> keyTable(std::string_view name) {
  std::ifstream file(repositoryFile("tests/golden/keys/" + std::string(name) + ".tsv"));
  std::map<std::string, std::vector<std::int64_t>> table;
  const std::regex range(R"((.*)\{(\d+)\.\.(\d+)\}(.*))");
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos)
      return {};
    std::vector<std::int64_t> shape;
    std::istringstream extents(line.substr(tab + 1));
    for (std::string extent; std::getline(extents, extent, 'x');)
      shape.push_back(std::stoll(extent));
    const std::string key = line.substr(0, tab);
    std::smatch parts;
    if (!std::regex_match(key, parts, range)) {
      table[key] = shape;
      continue;
    }
    for (int i = std::stoi(parts[2]); i <= std::stoi(parts[3]); ++i)
      table[parts[1].str() + std::to_string(i) + parts[4].str()] = shape;
  }
  return table;
}

std::string firstDifference(const std::vector<inference::TensorInfo>& asked,
                            const std::map<std::string, std::vector<std::int64_t>>& table) {
  std::map<std::string, std::vector<std::int64_t>> left = table;
  for (const inference::TensorInfo& tensor : asked) {
    const auto found = left.find(tensor.name);
    if (found == left.end())
      return tensor.name + (table.contains(tensor.name) ? " is asked for twice" : " is not in the table");
    if (found->second != tensor.shape)
      return tensor.name + " is " + inference::describeShape(tensor.shape) + ", the table says " +
             inference::describeShape(found->second);
    left.erase(found);
  }
  return left.empty() ? std::string() : left.begin()->first + " is never asked for";
}

std::uint64_t parameters(const std::vector<inference::TensorInfo>& asked) {
  std::uint64_t sum = 0;
  for (const inference::TensorInfo& tensor : asked)
    sum += tensor.elements();
  return sum;
}

} // namespace kinora::test
