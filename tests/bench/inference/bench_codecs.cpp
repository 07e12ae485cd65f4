// SPDX-License-Identifier: Apache-2.0
// The video autoencoders on random weights of full size: frames a second of the small one by picture size, type and
// cut, its layers by memory layout, and the large one at 64 x 64.
// bench_codecs [--json] [--runs N] [--threads N] [--only taehv256|taehv480|layers|wan]
// Least of N in one run; the ratios matter, the seconds depend on the machine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/taehv_p.h"
#include "engine/inference/networks/wan_vae_p.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

// Prints each number as soon as it is known.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}
  void add(const std::string& name, double value, const char* unit = "frames/s") {
    if (json_)
      fmt::print("{}{{\"name\": \"{}\", \"value\": {:.4f}, \"unit\": \"{}\"}}", any_ ? ", " : "", name, value, unit);
    else
      fmt::print("{:<64}{:>10.2f} {}\n", name, value, unit);
    std::fflush(stdout);
    any_ = true;
  }

 private:
  bool json_;
  bool any_ = false;
};

// With one thread the processor's time counts, so that other programs on the machine matter less.
double now() {
  if (at::get_num_threads() == 1)
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double leastSeconds(int runs, const std::function<void()>& work) {
  work(); // first use builds kernels
  double least = 1e30;
  for (int i = 0; i < runs; ++i) {
    const double begin = now();
    work();
    least = std::min(least, now() - begin);
  }
  return least;
}

template <class Network, class Config>
Network make(const Config& config, at::ScalarType type) {
  WeightTable table(test::randomWeights([&](WeightTable& t) { (void)Network::load(t, config); }, 1), {.dtype = type});
  return Network::load(table, config);
}

constexpr std::int64_t kLatents = 3;

// Decoding kLatents latents of a running stream.
double decodeSeconds(const Taehv& network, std::int64_t height, std::int64_t width, std::int64_t cut, int runs) {
  const at::Tensor latents = at::randn({1, kLatents, 16, height / 8, width / 8});
  TaehvDecoder stream(network);
  return leastSeconds(runs, [&] {
    for (std::int64_t i = 0; i < kLatents; i += cut)
      (void)stream.decode(latents.narrow(1, i, cut));
  });
}

} // namespace

int main(int argc, char** argv) {
  bool json = false;
  int runs = 3;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--json")
      json = true;
    else if (a == "--runs" && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
    else if (a == "--only" && i + 1 < argc)
      only = argv[++i];
    else if (a == "--threads" && i + 1 < argc)
      at::set_num_threads(std::max(1, std::atoi(argv[++i])));
  }
  const c10::NoGradGuard noGradients;
  const auto wanted = [&](std::string_view section) { return only.empty() || only == section; };
  if (json)
    fmt::print("{{\"benchmark\": \"codecs\", \"threads\": {}, \"runs\": {}, \"rows\": [", at::get_num_threads(), runs);
  else
    fmt::print("{} threads, least of {}\n", at::get_num_threads(), runs);
  Report report(json);
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const std::string name = type == at::kFloat ? "float32" : "bfloat16";
    const Taehv network = make<Taehv>(TaehvConfig::taew21(), type);
    Taehv joined = network;
    joined.joinUpsampling();
    const auto rate = [&](const char* size, std::int64_t height, std::int64_t width) {
      const double whole = decodeSeconds(network, height, width, kLatents, runs);
      const double streamed = decodeSeconds(network, height, width, 1, runs);
      report.add(fmt::format("TAEHV decode {} {}, 3 latents at once", size, name), 4 * kLatents / whole);
      report.add(fmt::format("TAEHV decode {} {}, latent by latent", size, name), 4 * kLatents / streamed);
      const double folded = decodeSeconds(joined, height, width, 1, runs);
      report.add(fmt::format("TAEHV decode {} {}, latent by latent, joined", size, name), 4 * kLatents / folded);
      const at::Tensor frames = at::rand({1, 4, 3, height, width});
      TaehvEncoder encoder(network);
      report.add(fmt::format("TAEHV encode {} {}, 4 frames at once", size, name),
                 4 / leastSeconds(runs, [&] { (void)encoder.encode(frames); }));
    };
    if (wanted("taehv256"))
      rate("256 x 256", 256, 256);
    if (wanted("taehv480"))
      rate("832 x 480", 480, 832);

    // The same layer in both memory layouts: 64 channels at a quarter of 832 x 480.
    for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      if (!wanted("layers"))
        break;
      const at::Tensor x = at::randn({2, 64, 240, 416}).to(type).contiguous(layout);
      const at::Tensor weight = at::randn({64, 64, 3, 3}).mul(0.04).to(type).contiguous(layout);
      const double seconds = leastSeconds(runs, [&] { (void)at::conv2d(x, weight, {}, 1, 1).relu_(); });
      report.add(fmt::format("conv 64 -> 64, 2 x 416 x 240, {}, {}", name,
                             layout == at::MemoryFormat::Contiguous ? "contiguous" : "channels last"),
                 2 * 2.0 * 64 * 64 * 9 * 240 * 416 / seconds / 1e9, "GFLOP/s");
      const auto layout3d = layout == at::MemoryFormat::Contiguous ? layout : at::MemoryFormat::ChannelsLast3d;
      const at::Tensor y = at::randn({1, 96, 6, 128, 128}).to(type).contiguous(layout3d);
      const at::Tensor kernel = at::randn({96, 96, 3, 3, 3}).mul(0.02).to(type).contiguous(layout3d);
      const double seconds3d = leastSeconds(runs, [&] {
        (void)at::conv3d(y, kernel, {}, 1, at::IntArrayRef{0, 1, 1});
      });
      report.add(fmt::format("conv 96 -> 96 over time, 4 x 128 x 128, {}, {}", name,
                             layout == at::MemoryFormat::Contiguous ? "contiguous" : "channels last"),
                 2.0 * 96 * 96 * 27 * 4 * 128 * 128 / seconds3d / 1e9, "GFLOP/s");
    }

    if (!wanted("wan"))
      continue;
    const WanVae large = make<WanVae>(WanVaeConfig::wan21(), type);
    WanVaeDecoder decoder(large);
    const at::Tensor latent = at::randn({1, 16, 1, 8, 8});
    (void)decoder.decode(latent);
    report.add(fmt::format("Wan 2.1 decode 64 x 64 {}", name),
               4 / leastSeconds(runs, [&] { (void)decoder.decode(latent); }));
    WanVaeEncoder encoder(large);
    const at::Tensor frames = at::rand({1, 3, 4, 64, 64});
    (void)encoder.encode(frames.narrow(2, 0, 1));
    report.add(fmt::format("Wan 2.1 encode 64 x 64 {}", name),
               4 / leastSeconds(runs, [&] { (void)encoder.encode(frames); }));
  }

  if (json)
    fmt::print("]}}\n");
  return 0;
}
