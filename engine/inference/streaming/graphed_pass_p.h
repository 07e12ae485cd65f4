// SPDX-License-Identifier: Apache-2.0
// Hides whether a pass of a network is launched operator by operator or as one recorded graph.
//
// A pass can be recorded when it is a function of its input tensors alone: no numbers of the processor that change
// from call to call (times go in as tensors, noise comes in as tensors), no look at a tensor's values, and running it
// again with the same inputs leaves the same keys in the cache. What it decides on the processor — which slots of the
// cache it reads and writes — is frozen with the graph and must be told apart by PassVariant::bucket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/inference/streaming/graph_recorder_p.h"

namespace kinora::inference {

struct PassVariant {
  std::int64_t bucket = 0; // equal bucket: equal slots of the cache, equal number of keys attended
  at::ScalarType runType = at::kFloat;
  bool operator==(const PassVariant&) const = default;
};

// [inference] All functions.
class GraphedPass {
 public:
  // Undefined tensors are allowed on both sides. Throws what networks throw.
  using Pass = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>& inputs)>;

  struct Options {
    std::size_t limit = 8; // keys remembered; the one unused for longest goes
    int warmUps = 2;
  };
  struct Stats {
    std::int64_t captures = 0;
    std::int64_t replays = 0;
    std::int64_t eagerPasses = 0; // asked for by run() and not replayed
    std::int64_t evictions = 0;
    std::int64_t invalidations = 0; // that dropped something
    std::string whyEager;           // of the newest eager pass; empty: there was none
  };

  // All passes of a session share one recorder. With an error in place of a recorder (no device, no module) every pass
  // is eager, and the error says why.
  GraphedPass(Pass pass, Result<std::shared_ptr<GraphRecorder>> recorder, Options options);
  ~GraphedPass();
  GraphedPass(const GraphedPass&) = delete;
  GraphedPass& operator=(const GraphedPass&) = delete;

  // The pass on these inputs. The results are the caller's: later runs do not change them. Exceptions of the pass go
  // through and leave no graph behind. A stop request inside the pass is seen while it runs eagerly or is captured; a
  // replay runs to its end.
  [[nodiscard]] std::vector<at::Tensor> run(const std::vector<at::Tensor>& inputs, const PassVariant& variant);

  // Tensors that the pass reads beside its inputs: weights, LoRA factors, keys and values of the prompt, the cache.
  // They are kept alive. When one lies elsewhere, has another shape or type than before, all graphs go; new values in
  // the same memory are seen by the graphs and need nothing.
  void bind(std::vector<at::Tensor> fixed);
  // Forgets all graphs and all failed captures: settings of the pass changed.
  void invalidate();

  [[nodiscard]] const Stats& stats() const { return stats_; }

 private:
  struct Entry;
  std::vector<at::Tensor> eager(const std::vector<at::Tensor>& inputs, std::string why);
  // Found or new, moved to the end of entries_.
  Entry& entryFor(const std::vector<at::Tensor>& inputs, const PassVariant& variant);
  void capture(Entry& entry, const std::vector<at::Tensor>& inputs);

  Pass pass_;
  Result<std::shared_ptr<GraphRecorder>> recorder_;
  Options options_;
  Stats stats_;
  std::vector<at::Tensor> fixed_;
  std::vector<std::unique_ptr<Entry>> entries_; // oldest use first
};

} // namespace kinora::inference
