// SPDX-License-Identifier: Apache-2.0
// How a function says that it could not do its work: Result<T> holds a value or an Error.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace kinora {

enum class ErrorCode {
  InvalidArgument, // the caller asked for something that makes no sense
  NotFound,        // a file, clip, device or model is not there
  Unsupported,     // known, but this build or machine cannot do it
  Io,              // reading or writing failed
  Corrupt,         // the bytes do not follow their format
  OutOfMemory,
  Device, // a GPU, camera or sound device failed
  Cancelled,
  Internal, // a bug of ours
};

// Stable lower-camel name of a code, for logs and JSON ("invalidArgument").
[[nodiscard]] std::string_view errorCodeName(ErrorCode code);

// message: what was attempted, on which object, why it failed, what to do. where: file and byte, tensor, clip … or
// empty.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;
  std::string where;

  // "message (where)" for people.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

// return fail(ErrorCode::NotFound, "…", path);
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string where = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(where)});
}

// Passes the error of one Result on as another Result's.
template <class T>
[[nodiscard]] tl::unexpected<Error> fail(const Result<T>& failed) {
  return tl::unexpected<Error>(failed.error());
}

} // namespace kinora
