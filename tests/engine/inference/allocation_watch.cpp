// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/allocation_watch.h"

#include <cstdlib>
#include <new>

namespace {

thread_local bool watching = false;
thread_local std::size_t largestPiece = 0;
thread_local std::size_t allPieces = 0;

} // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t size) {
  if (watching) {
    largestPiece = size > largestPiece ? size : largestPiece;
    allPieces += size;
  }
  if (void* const memory = std::malloc(size == 0 ? 1 : size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

namespace kinora::test {

AllocationWatch::AllocationWatch() {
  largestPiece = 0;
  allPieces = 0;
  watching = true;
}
AllocationWatch::~AllocationWatch() {
  watching = false;
}
std::size_t AllocationWatch::largest() const {
  return largestPiece;
}
std::size_t AllocationWatch::total() const {
  return allPieces;
}

} // namespace kinora::test
