// SPDX-License-Identifier: Apache-2.0
// Still pictures of the project, decoded once and kept within a limit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/base/worker_pool.h"
#include "engine/runtime/plan/node.h"

namespace kinora::runtime {

class PictureCache {
 public:
  // workers must outlive the cache's last request; onArrived is called on a worker when a picture came in (or failed).
  PictureCache(WorkerPool& workers, std::int64_t limitBytes, std::function<void()> onArrived);
  ~PictureCache();
  PictureCache(const PictureCache&) = delete;
  PictureCache& operator=(const PictureCache&) = delete;

  // [engine] Rgba8, or nothing while it is read on a worker. Errors as media::readImage; one that is older than two
  // seconds is given once more while the file is read again.
  [[nodiscard]] std::optional<Result<Image>> find(const PictureRef& picture);
  // [inference, encode] Reads it here when it is not there, also after an error.
  [[nodiscard]] Result<Image> load(const PictureRef& picture);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  WorkerPool& workers_;
};

} // namespace kinora::runtime
