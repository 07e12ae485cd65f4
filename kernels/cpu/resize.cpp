// SPDX-License-Identifier: Apache-2.0
#include "kernels/resize.h"

#include "engine/base/check.h"
#include "kernels/cpu/rows_p.h"
#include "kernels/cpu/separable_p.h"

namespace kinora::kernels {
namespace {

template <class Pixel, class... Alpha>
void resizeBy(ConstImageView<Pixel> src, ImageView<Pixel> dst, Filter filter, const WorkerPool& pool, Alpha... alpha) {
  KINORA_CHECK(!src.isEmpty() && !dst.isEmpty());
  if (sameShape(src, dst)) {
    forRows(pool, dst.height, dst.width, [&](std::int32_t y0, std::int32_t y1) {
      for (std::int32_t y = y0; y < y1; ++y)
        copyRow(src.row(y), dst.row(y), dst.width);
    });
    return;
  }
  filterSeparably(src, dst, resizeTaps(src.width, dst.width, filter), resizeTaps(src.height, dst.height, filter),
                  alpha..., pool);
}

} // namespace

void resize(ConstImageView<Rgba8> src, ImageView<Rgba8> dst, const ResizeOptions& options, const WorkerPool& pool) {
  resizeBy(src, dst, options.filter, pool, options.alpha);
}

void resize(ConstImageView<Rgba16F> src, ImageView<Rgba16F> dst, const ResizeOptions& options, const WorkerPool& pool) {
  resizeBy(src, dst, options.filter, pool, options.alpha);
}

void resize(ConstImageView<Gray8> src, ImageView<Gray8> dst, const ResizeOptions& options, const WorkerPool& pool) {
  resizeBy(src, dst, options.filter, pool);
}

void resize(ConstImageView<Gray32F> src, ImageView<Gray32F> dst, const ResizeOptions& options, const WorkerPool& pool) {
  resizeBy(src, dst, options.filter, pool);
}

} // namespace kinora::kernels
