// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/schedules/alpha_table.h"

#include <cmath>

#include <fmt/format.h>

namespace kinora::inference {

Result<AlphaTable> AlphaTable::make(const BetaConfig& config) {
  if (!(config.start > 0 && config.start <= config.end && config.end < 1))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A noise schedule with betas from {} to {} cannot be made: choose 0 < first <= last < 1.",
                            config.start, config.end));
  AlphaTable table;
  table.alphas_.reserve(kSteps);
  double product = 1;
  for (int i = 0; i < kSteps; ++i) {
    const double share = static_cast<double>(i) / (kSteps - 1);
    double beta = std::lerp(config.start, config.end, share);
    if (config.scaledLinear) {
      const double root = std::lerp(std::sqrt(config.start), std::sqrt(config.end), share);
      beta = root * root;
    }
    product *= 1 - beta;
    table.alphas_.push_back(product);
  }
  if (!(product > 1e-30))
    return fail(ErrorCode::InvalidArgument,
                fmt::format("A noise schedule with betas from {} to {} cannot be made: no signal is left at its end. "
                            "Choose smaller betas.",
                            config.start, config.end));
  return table;
}

} // namespace kinora::inference
