// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/shared/convert_p.h"

namespace kinora::kernels {
namespace {

KINORA_CLONES void toHalfRow(const Rgba8* from, Rgba16F* to, std::int32_t width) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(from);
  auto* halves = reinterpret_cast<Half*>(to);
  for (std::int32_t i = 0; i < 4 * width; ++i)
    halves[i] = byteToHalf(bytes[i]);
}

KINORA_CLONES void toByteRow(const Rgba16F* from, Rgba8* to, std::int32_t width) {
  const auto* halves = reinterpret_cast<const Half*>(from);
  auto* bytes = reinterpret_cast<std::uint8_t*>(to);
  for (std::int32_t i = 0; i < 4 * width; ++i)
    bytes[i] = halfToByte(halves[i]);
}

// to may be from: no restrict here.
KINORA_CLONES void premultiplyRow(const Rgba8* from, Rgba8* to, std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    to[x] = premultiplied(from[x]);
}

KINORA_CLONES void premultiplyRow16(const Rgba16F* from, Rgba16F* to, std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    to[x] = premultiplied(from[x]);
}

KINORA_CLONES void unpremultiplyRow(const Rgba8* from, Rgba8* to, std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    to[x] = unpremultiplied(from[x]);
}

KINORA_CLONES void unpremultiplyRow16(const Rgba16F* from, Rgba16F* to, std::int32_t width) {
  for (std::int32_t x = 0; x < width; ++x)
    to[x] = unpremultiplied(from[x]);
}

template <class From, class To, class Row>
void eachRow(ConstImageView<From> src, ImageView<To> dst, const WorkerPool& pool, Row row) {
  KINORA_CHECK(sameShape(src, dst));
  forRows(pool, dst.height, dst.width, [&](std::int32_t y0, std::int32_t y1) {
    for (std::int32_t y = y0; y < y1; ++y)
      row(src.row(y), dst.row(y), dst.width);
  });
}

} // namespace

void convert(ConstImageView<Rgba8> src, ImageView<Rgba16F> dst, const WorkerPool& pool) {
  eachRow(src, dst, pool, toHalfRow);
}

void convert(ConstImageView<Rgba16F> src, ImageView<Rgba8> dst, const WorkerPool& pool) {
  eachRow(src, dst, pool, toByteRow);
}

void premultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const WorkerPool& pool) {
  eachRow(src, dst, pool, premultiplyRow);
}

void premultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const WorkerPool& pool) {
  eachRow(src, dst, pool, premultiplyRow16);
}

void unpremultiply(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const WorkerPool& pool) {
  eachRow(src, dst, pool, unpremultiplyRow);
}

void unpremultiply(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const WorkerPool& pool) {
  eachRow(src, dst, pool, unpremultiplyRow16);
}

} // namespace kinora::kernels
