// SPDX-License-Identifier: Apache-2.0
// Hides how damaged or hostile weight files are named in errors: one phrase a class, the same in every reader.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace kinora::inference {

enum class WeightsFault {
  BadHeader,       // the length field or the JSON of a safetensors file
  BadTensor,       // type, sizes, strides or offsets do not fit the bytes
  BadMagic,        // not a weights file at all
  BadArchive,      // the zip or legacy container
  BadPickle,       // the pickle stream
  ForbiddenGlobal, // a class or function outside the white list
  ForbiddenOpcode, // an instruction that weights never need
  BadStructure,    // well-formed, but not a tree of tensors
  BadIndex,        // *.index.json or a model folder does not fit its files
  BadKeys,         // names that do not follow any grammar, or do not belong together
  Limit,           // deeper or larger than anything real
  Unsupported,     // known, but not handled
};

// "the header is broken": what messages say about a class.
[[nodiscard]] std::string_view faultPhrase(WeightsFault fault);

// "Opening the weights “x.pth” failed: <phrase>: <why>." with the code Corrupt (Unsupported for that class).
// path: shown whole in `where`, followed by spot ("byte 12", "tensor a.b") unless that is empty.
[[nodiscard]] Error weightsError(WeightsFault fault, std::string_view path, std::string_view why,
                                 std::string_view spot = {});

// A name from a file for a message: at most 120 bytes, without control characters.
[[nodiscard]] std::string printable(std::string_view name);

// "a Git LFS pointer: fetch the file itself": what a file that is no weights file seems to be; empty when unknown.
[[nodiscard]] std::string_view foreignKind(std::span<const std::byte> bytes);

} // namespace kinora::inference
