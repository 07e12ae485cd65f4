// SPDX-License-Identifier: Apache-2.0
// The rules that every document keeps, as one check: what reading a file and every edit guarantee.
#pragma once

#include "engine/base/result.h"
#include "engine/document/document.h"

namespace kinora::document {

// [any] Ids unique and below nextId, references that lead somewhere, numbers in range, clips sorted and apart, text
// that is UTF-8. Media files themselves may be missing. Errors: invalidArgument, naming the thing and the rule.
[[nodiscard]] Result<void> validate(const Document& document);

} // namespace kinora::document
