// SPDX-License-Identifier: Apache-2.0
#include "engine/base/result.h"

namespace kinora {

std::string_view errorCodeName(ErrorCode code) {
  switch (code) {
  case ErrorCode::InvalidArgument:
    return "invalidArgument";
  case ErrorCode::NotFound:
    return "notFound";
  case ErrorCode::Unsupported:
    return "unsupported";
  case ErrorCode::Io:
    return "io";
  case ErrorCode::Corrupt:
    return "corrupt";
  case ErrorCode::OutOfMemory:
    return "outOfMemory";
  case ErrorCode::Device:
    return "device";
  case ErrorCode::Cancelled:
    return "cancelled";
  case ErrorCode::Internal:
    return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  return where.empty() ? message : message + " (" + where + ")";
}

} // namespace kinora
