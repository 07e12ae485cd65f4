// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/allocation_watch.h"

#include <cstdlib>
#include <new>

namespace {

thread_local bool watching = false;
thread_local std::size_t largestPiece = 0;
thread_local std::size_t allPieces = 0;

} // namespace

// GCC says by a macro that a sanitizer brings its own operator new, clang by a feature.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KINORA_OWN_NEW 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KINORA_OWN_NEW 0
#else
#define KINORA_OWN_NEW 1
#endif
#else
#define KINORA_OWN_NEW 1
#endif

#if KINORA_OWN_NEW
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
