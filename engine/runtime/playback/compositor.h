// SPDX-License-Identifier: Apache-2.0
// Lays pictures over each other into one frame.
#pragma once

#include <deque>
#include <span>

#include "engine/base/image.h"
#include "engine/base/worker_pool.h"
#include "engine/runtime/plan/plan.h"
#include "kernels/image_view.h"

namespace kinora::runtime {

// A picture and where it goes; lowest first in a list.
struct PlacedImage {
  Image image;         // Rgba8, host
  bool opaque = false; // no pixel lets anything through
  Placement placement;
};

// One thread at a time. The same input gives the same bytes.
class Compositor {
 public:
  explicit Compositor(const WorkerPool& pool) : pool_(pool) {}

  // Fills all of `frame`, opaque; black where nothing lies.
  void compose(std::span<const PlacedImage> layers, kernels::ImageView<kernels::Rgba8> frame);

 private:
  // Scaled copies of the last pictures: a still one is scaled once.
  Image scaled(const Image& image, Size size);

  struct Scaled {
    Image source;
    Image result;
  };
  const WorkerPool& pool_;
  std::deque<Scaled> scaled_;
};

} // namespace kinora::runtime
