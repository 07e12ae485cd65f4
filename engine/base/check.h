// SPDX-License-Identifier: Apache-2.0
// Contract violations: bugs of ours, never a user's mistake. Always on; logs and aborts.
#pragma once

namespace kinora {

[[noreturn]] void checkFailed(const char* expression, const char* file, int line);

} // namespace kinora

#define KINORA_CHECK(expression)                                                                                       \
  (static_cast<bool>(expression) ? static_cast<void>(0) : ::kinora::checkFailed(#expression, __FILE__, __LINE__))
