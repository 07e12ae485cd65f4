// SPDX-License-Identifier: Apache-2.0
#include "engine/base/check.h"

#include <cstdlib>

#include "engine/base/log.h"

namespace kinora {

void checkFailed(const char* expression, const char* file, int line) {
  log::error("check", "{}:{}: contract violated: {}", file, line, expression);
  std::abort();
}

} // namespace kinora
