// SPDX-License-Identifier: Apache-2.0
// The largest piece of memory that operator new was asked for while a watch lives (0 under the address sanitizer, whose
// own operator new stays).
#pragma once

#include <cstddef>

namespace kinora::test {

class AllocationWatch {
 public:
  AllocationWatch();
  ~AllocationWatch();
  AllocationWatch(const AllocationWatch&) = delete;
  AllocationWatch& operator=(const AllocationWatch&) = delete;
  // Of one piece, and of all that were asked for (also those given back).
  [[nodiscard]] std::size_t largest() const;
  [[nodiscard]] std::size_t total() const;
};

} // namespace kinora::test
