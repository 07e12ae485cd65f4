// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/streaming/graphed_pass_p.h"

#include <algorithm>

#include <fmt/format.h>

#include <ATen/ATen.h>

#include "engine/base/check.h"
#include "engine/inference/networks/cancelled_p.h"

namespace kinora::inference {
namespace {

bool sameKind(const at::Tensor& a, const at::Tensor& b) {
  if (!a.defined() || !b.defined())
    return a.defined() == b.defined();
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && a.device() == b.device();
}

bool sameMemory(const at::Tensor& a, const at::Tensor& b) {
  return sameKind(a, b) && (!a.defined() || (a.data_ptr() == b.data_ptr() && a.strides() == b.strides()));
}

// Asynchronous on a device: both sides live there.
void fill(const std::vector<at::Tensor>& statics, const std::vector<at::Tensor>& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].defined())
      statics[i].copy_(inputs[i], /*non_blocking=*/true);
  }
}

} // namespace

// One key with what was recorded for it, or with the reason why nothing could be.
struct GraphedPass::Entry {
  PassVariant variant;
  std::vector<at::Tensor> inputs;  // static
  std::vector<at::Tensor> outputs; // static, in the graph's own memory
  std::unique_ptr<RecordedGraph> graph;
  std::string refused;
};

GraphedPass::GraphedPass(Pass pass, Result<std::shared_ptr<GraphRecorder>> recorder, Options options)
    : pass_(std::move(pass)), recorder_(std::move(recorder)), options_(options) {
  KINORA_CHECK(options_.limit > 0 && options_.warmUps >= 0);
  KINORA_CHECK(!recorder_ || *recorder_);
}

GraphedPass::~GraphedPass() = default;

std::vector<at::Tensor> GraphedPass::eager(const std::vector<at::Tensor>& inputs, std::string why) {
  stats_.whyEager = std::move(why);
  ++stats_.eagerPasses;
  return pass_(inputs);
}

GraphedPass::Entry& GraphedPass::entryFor(const std::vector<at::Tensor>& inputs, const PassVariant& variant) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const std::unique_ptr<Entry>& entry) {
    return entry->variant == variant &&
           std::equal(entry->inputs.begin(), entry->inputs.end(), inputs.begin(), inputs.end(), sameKind);
  });
  if (found != entries_.end()) {
    std::rotate(found, found + 1, entries_.end());
    return *entries_.back();
  }
  if (entries_.size() == options_.limit) {
    entries_.erase(entries_.begin());
    ++stats_.evictions;
  }
  auto entry = std::make_unique<Entry>();
  entry->variant = variant;
  for (const at::Tensor& input : inputs)
    entry->inputs.push_back(input.defined() ? at::empty(input.sizes(), input.options()) : at::Tensor());
  entries_.push_back(std::move(entry));
  return *entries_.back();
}

void GraphedPass::capture(Entry& entry, const std::vector<at::Tensor>& inputs) {
  fill(entry.inputs, inputs);
  try {
    Result<std::unique_ptr<RecordedGraph>> graph =
        (*recorder_)->record([this, &entry] { entry.outputs = pass_(entry.inputs); }, options_.warmUps);
    if (graph) {
      entry.graph = std::move(*graph);
      ++stats_.captures;
      return;
    }
    entry.refused = graph.error().text();
  } catch (const PassCancelled&) {
    entries_.pop_back(); // entry
    throw;
  } catch (const c10::Error& problem) {
    // An operator that cannot be recorded. If it cannot run at all, the eager pass says so.
    entry.refused = fmt::format("recording the pass failed: {}", problem.what_without_backtrace());
  }
  entry.outputs.clear();
}

std::vector<at::Tensor> GraphedPass::run(const std::vector<at::Tensor>& inputs, const PassVariant& variant) {
  if (!recorder_)
    return eager(inputs, recorder_.error().text());
  const at::Device device = (*recorder_)->device();
  for (const at::Tensor& input : inputs) {
    if (input.defined() && input.device() != device)
      return eager(inputs,
                   fmt::format("an input lies on {}, the graph would run on {}", input.device().str(), device.str()));
  }
  Entry& entry = entryFor(inputs, variant);
  if (entry.graph)
    fill(entry.inputs, inputs);
  else if (entry.refused.empty())
    capture(entry, inputs);
  if (!entry.graph)
    return eager(inputs, entry.refused);

  if (const Result<void> replayed = entry.graph->replay(); !replayed) {
    entry.refused = replayed.error().text();
    entry.graph.reset();
    entry.outputs.clear();
    return eager(inputs, entry.refused);
  }
  ++stats_.replays;
  std::vector<at::Tensor> results;
  for (const at::Tensor& output : entry.outputs)
    results.push_back(output.defined() ? output.clone() : output);
  return results;
}

void GraphedPass::bind(std::vector<at::Tensor> fixed) {
  if (!std::equal(fixed_.begin(), fixed_.end(), fixed.begin(), fixed.end(), sameMemory))
    invalidate();
  fixed_ = std::move(fixed);
}

void GraphedPass::invalidate() {
  if (!entries_.empty())
    ++stats_.invalidations;
  entries_.clear();
}

} // namespace kinora::inference
