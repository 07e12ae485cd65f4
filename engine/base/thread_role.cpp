// SPDX-License-Identifier: Apache-2.0
#include "engine/base/thread_role.h"

#include <cstdlib>
#include <string>

#include "engine/base/check.h"
#include "engine/base/log.h"

#if defined(__linux__)
#include <pthread.h>
#endif

namespace kinora {
namespace {

thread_local ThreadRole tRole = ThreadRole::None;

} // namespace

std::string_view threadRoleName(ThreadRole role) {
  switch (role) {
  case ThreadRole::None:
    return "none";
  case ThreadRole::Gui:
    return "gui";
  case ThreadRole::Engine:
    return "engine";
  case ThreadRole::Inference:
    return "inference";
  case ThreadRole::Output:
    return "output";
  case ThreadRole::Audio:
    return "audio";
  case ThreadRole::Voice:
    return "voice";
  case ThreadRole::Decode:
    return "decode";
  case ThreadRole::Encode:
    return "encode";
  case ThreadRole::Work:
    return "work";
  }
  return "none";
}

ThreadRole currentThreadRole() {
  return tRole;
}

ScopedThreadRole::ScopedThreadRole(ThreadRole role) {
  KINORA_CHECK(tRole == ThreadRole::None);
  tRole = role;
#if defined(__linux__)
  // The GUI thread keeps the process name, which task lists show.
  if (role != ThreadRole::Gui)
    pthread_setname_np(pthread_self(), std::string(threadRoleName(role)).c_str());
#endif
}

ScopedThreadRole::~ScopedThreadRole() {
  tRole = ThreadRole::None;
}

void assertThreadRole(ThreadRole role, const char* file, int line) {
  if (tRole == ThreadRole::None || tRole == role)
    return;
  log::error("thread", "{}:{}: must run on '{}', but runs on '{}'", file, line, threadRoleName(role),
             threadRoleName(tRole));
  std::abort();
}

} // namespace kinora
