// SPDX-License-Identifier: Apache-2.0
// Which job the current thread has. Functions tagged [engine], [inference] … assert it in debug builds.
#pragma once

#include <cstdint>
#include <string_view>

namespace kinora {

enum class ThreadRole : std::uint8_t { None, Gui, Engine, Inference, Output, Audio, Voice, Decode, Encode, Work };

[[nodiscard]] std::string_view threadRoleName(ThreadRole role);
[[nodiscard]] ThreadRole currentThreadRole();

// Gives the current thread a role and its OS name for as long as it lives. Roles do not nest.
class ScopedThreadRole {
 public:
  explicit ScopedThreadRole(ThreadRole role);
  ~ScopedThreadRole();
  ScopedThreadRole(const ScopedThreadRole&) = delete;
  ScopedThreadRole& operator=(const ScopedThreadRole&) = delete;
};

// Aborts when the current thread has a role and it is another one. Threads without a role (tests, tools) pass.
void assertThreadRole(ThreadRole role, const char* file, int line);

} // namespace kinora

#ifdef NDEBUG
#define KINORA_ASSERT_ROLE(role) static_cast<void>(0)
#else
#define KINORA_ASSERT_ROLE(role) ::kinora::assertThreadRole(::kinora::ThreadRole::role, __FILE__, __LINE__)
#endif
