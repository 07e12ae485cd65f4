// SPDX-License-Identifier: Apache-2.0
// The Wan transformer on random weights: one pass operator by operator and fused, float32 and bfloat16, with and
// without kept tensor memory, and with its layers as bytes; and a linear layer in float32, bfloat16 and bytes.
// bench_networks [--json] [--runs N] [--threads N] Least of N in one run; the ratios matter, the milliseconds depend on
// the machine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "engine/base/worker_pool.h"
#include "engine/inference/networks/ops_p.h"
#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "engine/inference/tensor_memory.h"
#include "kernels/int8_linear.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

struct Row {
  std::string name;
  double ms;
  double ratio; // the first row of the group over this one
};

// With one thread the processor's time counts, so that other programs on the machine matter less.
double now() {
  if (at::get_num_threads() == 1)
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double leastMs(int runs, const std::function<void()>& work) {
  work();
  double least = 1e30;
  for (int i = 0; i < runs; ++i) {
    const double begin = now();
    work();
    least = std::min(least, now() - begin);
  }
  return least * 1e3;
}

// A transformer of the family that runs on a processor: 320 wide, 10 layers, one chunk of 3 frames of 16 x 16 tokens.
WanConfig smallConfig() {
  WanConfig config;
  config.dim = 320;
  config.ffnDim = 1280;
  config.textDim = 64;
  config.heads = 5;
  config.layers = 10;
  return config;
}

void transformer(std::vector<Row>& rows, int runs) {
  const auto source = test::randomWeights([](WeightTable& table) { (void)WanDit::load(table, smallConfig()); }, 5);
  constexpr std::int64_t kSide = 32;
  at::manual_seed(1);
  const at::Tensor x = at::randn({1, 16, 3, kSide, kSide});
  const at::Tensor text = at::randn({1, 16, 64});
  const at::Tensor t = at::full({1, 3}, 700.0);
  double float32 = 0;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    WeightTable table(source, {.dtype = type, .device = at::kCPU, .stop = {}, .progress = {}});
    WanDit net = WanDit::load(table, smallConfig());
    const WanPrompt prompt = net.prompt(net.embedText(text));
    const Rope rope(net.config.headDim());
    double first = 0;
    for (const bool kept : {false, true}) {
      std::optional<TensorMemory> memory;
      if (kept)
        memory.emplace(std::uint64_t{1} << 30);
      for (const Compute compute : {Compute::Library, Compute::Fused}) {
        net.compute = compute;
        const double ms = leastMs(runs, [&] {
          FullAttention attention(rope.phases(framesFrom(0, 3), kSide / 2, kSide / 2));
          (void)net.forward(x, net.time(t), prompt, attention);
        });
        first = first == 0 ? ms : first;
        rows.push_back(
            {fmt::format("transformer 320 x 10, 768 tokens, {}, {}{}", type == at::kFloat ? "float32" : "bfloat16",
                         compute == Compute::Library ? "operator by operator" : "fused", kept ? ", memory kept" : ""),
             ms, first / ms});
      }
    }
    // Fused, memory kept: the two types and their layers as bytes, against float32.
    const TensorMemory memory(std::uint64_t{1} << 30);
    for (const bool bytes : {false, true}) {
      if (bytes && !net.quantise())
        break;
      const WanPrompt heard = net.prompt(net.embedText(text));
      const double ms = leastMs(runs, [&] {
        FullAttention attention(rope.phases(framesFrom(0, 3), kSide / 2, kSide / 2));
        (void)net.forward(x, net.time(t), heard, attention);
      });
      float32 = float32 == 0 ? ms : float32;
      rows.push_back({fmt::format("transformer 320 x 10, 768 tokens, against float32: {}{}",
                                  type == at::kFloat ? "float32" : "bfloat16", bytes ? " with layers as bytes" : ""),
                      ms, float32 / ms});
    }
  }
}

void linear(std::vector<Row>& rows, int runs) {
  constexpr std::int32_t kRows = 768;
  constexpr std::int32_t kWidth = 1536;
  at::manual_seed(2);
  const at::Tensor x = at::randn({kRows, kWidth});
  const at::Tensor weight = at::randn({kWidth, kWidth});
  const at::Tensor x16 = x.to(at::kBFloat16);
  const at::Tensor weight16 = weight.to(at::kBFloat16);
  const double full = leastMs(runs, [&] { (void)ops::linear(x, weight); });
  rows.push_back({"linear 768 x 1536 x 1536, float32", full, 1});
  const double half = leastMs(runs, [&] { (void)ops::linear(x16, weight16); });
  rows.push_back({"linear 768 x 1536 x 1536, bfloat16", half, full / half});

  const WorkerPool pool(at::get_num_threads());
  std::vector<std::int8_t> values(static_cast<std::size_t>(kWidth) * kWidth);
  std::vector<float> scales(kWidth);
  std::vector<std::int32_t> sums(kWidth);
  std::vector<float> scratch(kernels::int8ScratchBytes(kRows, kWidth) / sizeof(float) + 1);
  const auto bytes = kernels::packedView(values.data(), kWidth, kWidth);
  kernels::quantiseWeights(kernels::packedView(weight.const_data_ptr<float>(), kWidth, kWidth), bytes, scales.data(),
                           sums.data(), pool);
  at::Tensor out = at::empty({kRows, kWidth});
  const double eighth = leastMs(runs, [&] {
    kernels::int8Linear<float>(kernels::packedView(x.const_data_ptr<float>(), kWidth, kRows),
                               {bytes, scales.data(), sums.data()}, nullptr,
                               kernels::packedView(out.data_ptr<float>(), kWidth, kRows), scratch.data(), pool);
  });
  rows.push_back({"linear 768 x 1536 x 1536, bytes", eighth, full / eighth});
}

} // namespace

int main(int argc, char** argv) {
  bool json = false;
  int runs = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json")
      json = true;
    else if (argument == "--runs" && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
    else if (argument == "--threads" && i + 1 < argc)
      at::set_num_threads(std::max(1, std::atoi(argv[++i])));
  }
  const c10::NoGradGuard noGradients;
  std::vector<Row> rows;
  transformer(rows, runs);
  linear(rows, runs);
  if (json)
    fmt::print("[");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (json)
      fmt::print("{}{{\"name\": \"{}\", \"ms\": {:.3f}, \"ratio\": {:.3f}}}", i == 0 ? "" : ", ", rows[i].name,
                 rows[i].ms, rows[i].ratio);
    else
      fmt::print("{:<78}{:>10.2f} ms {:>7.2f}x\n", rows[i].name, rows[i].ms, rows[i].ratio);
  }
  if (json)
    fmt::print("]\n");
  return 0;
}
