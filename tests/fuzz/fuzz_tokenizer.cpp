// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "engine/inference/text/sentencepiece_p.h"

// A model file; its own beginning serves as text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = kinora::inference::UnigramTokenizer::parse(bytes, "fuzz.model");
  if (!tokenizer)
    return 0;
  const std::string text = "ab \xE2\x96\x81 \xFF</s> the fox" + bytes.substr(0, 300);
  for (const auto& ids : {tokenizer->encode(text), tokenizer->encodeWithMarks(text)}) {
    for (const std::int64_t id : ids) {
      if (id < 0 || id >= tokenizer->size())
        __builtin_trap();
    }
  }
  return 0;
}
