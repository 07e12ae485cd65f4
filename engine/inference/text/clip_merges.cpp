// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text/clip_merges_p.h"

#include <cstddef>

#include <zlib.h>

#include "engine/base/check.h"

// assets/text/clip_merges.txt.gz as it is, between two labels.
asm(".pushsection .rodata\n"
    ".global kinoraClipMergesBegin\n"
    ".global kinoraClipMergesEnd\n"
    "kinoraClipMergesBegin:\n"
    ".incbin \"" KINORA_CLIP_MERGES "\"\n"
    "kinoraClipMergesEnd:\n"
    ".popsection\n");
extern "C" const unsigned char kinoraClipMergesBegin[];
extern "C" const unsigned char kinoraClipMergesEnd[];

namespace kinora::inference {

std::string bundledClipMerges() {
  constexpr std::size_t kMostBytes = 1U << 20;
  constexpr int kGzip = 16 + MAX_WBITS;
  std::string text(kMostBytes, '\0');
  z_stream stream{};
  KINORA_CHECK(inflateInit2(&stream, kGzip) == Z_OK);
  stream.next_in = const_cast<unsigned char*>(kinoraClipMergesBegin); // zlib reads only
  stream.avail_in = static_cast<uInt>(kinoraClipMergesEnd - kinoraClipMergesBegin);
  stream.next_out = reinterpret_cast<unsigned char*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  KINORA_CHECK(result == Z_STREAM_END);
  text.resize(stream.total_out);
  return text;
}

} // namespace kinora::inference
