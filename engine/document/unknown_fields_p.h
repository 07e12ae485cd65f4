// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "engine/document/document.h"

namespace kinora::document {

struct UnknownFields::Members {
  nlohmann::json object; // never empty
};

} // namespace kinora::document
