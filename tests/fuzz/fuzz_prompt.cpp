// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include "engine/inference/text/text_cleaning_p.h"
#include "engine/inference/text/utf8_p.h"

// Any bytes as a prompt: what comes out is UTF-8.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace inference = kinora::inference;
  const std::string clean = inference::cleanedPrompt({reinterpret_cast<const char*>(data), size});
  for (std::size_t at = 0; at < clean.size();) {
    const inference::DecodedChar next = inference::decodeChar(clean, at);
    if (!next.valid)
      __builtin_trap();
    at += next.bytes;
  }
  return 0;
}
