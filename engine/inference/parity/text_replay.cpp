// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/parity/golden_case_p.h"

namespace kinora::inference {

std::vector<Replayer> textReplayers() {
  return {};
}

} // namespace kinora::inference
