// SPDX-License-Identifier: Apache-2.0
// Random edits, the same for the same seed everywhere.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

#include "engine/document/edit.h"

namespace kinora::test {

class RandomEdits {
 public:
  static constexpr int kFunctions = 45;

  explicit RandomEdits(std::uint64_t seed) : random_(seed) {}
  // One edit function with arguments that are mostly sensible; it may be refused.
  [[nodiscard]] Result<document::DocumentPtr> next(const document::DocumentPtr& doc);
  // Which of the functions the last call used, 0 .. kFunctions - 1.
  [[nodiscard]] int lastFunction() const { return function_; }

 private:
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }
  bool coin() { return below(2) == 0; }
  float real(float low, float high);
  Point point() { return {real(-100, 900), real(-100, 700)}; }
  Time time(double most);
  Duration duration(double most) { return time(most) - Time{}; }
  std::string word();
  Result<document::DocumentPtr> projectEdit(const document::DocumentPtr& doc);
  Result<document::DocumentPtr> laneEdit(const document::DocumentPtr& doc);
  Result<document::DocumentPtr> takeEdit(const document::DocumentPtr& doc);
  Result<document::DocumentPtr> trackEdit(const document::DocumentPtr& doc);
  Result<document::DocumentPtr> pointEdit(const document::DocumentPtr& doc);

  std::mt19937_64 random_;
  int function_ = 0;
};

} // namespace kinora::test
