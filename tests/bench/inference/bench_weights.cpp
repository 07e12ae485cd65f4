// SPDX-License-Identifier: Apache-2.0
// Loading a synthetic file of bf16 weights against reading the same bytes (what cat to /dev/null does), both from the
// page cache. bench_weights [--json] [--runs N] [--megabytes N]: least time of N runs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ATen/ATen.h>

#include "engine/inference/weights/safetensors_p.h"
#include "engine/inference/weights/weight_table_p.h"

using namespace kinora;
using namespace kinora::inference;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kRows = 4096; // a matrix of 4096 x 4096 bf16 is 32 MiB
constexpr int kMatrixMegabytes = 32;

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
}

template <class Work>
double leastSeconds(int runs, const Work& work) {
  double least = 1e30;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

void readThrough(const fs::path& file) {
  const int from = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const int to = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  std::vector<char> piece(128 * 1024);
  for (ssize_t n = 0; (n = ::read(from, piece.data(), piece.size())) > 0;) {
    if (::write(to, piece.data(), static_cast<std::size_t>(n)) != n)
      break;
  }
  ::close(to);
  ::close(from);
}

// Every tensor through the account of a network, in this type.
void load(const fs::path& file, at::ScalarType type) {
  WeightTable table(must(SafetensorsFile::open(file)), {.dtype = type});
  for (const std::string& name : table.names())
    static_cast<void>(table.take(name, table.shapeOf(name)));
  must(table.finish());
}

// The same, and then one byte of every page is looked at, as the first computation would.
std::uint64_t loadAndTouch(const fs::path& file) {
  auto source = must(SafetensorsFile::open(file));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < source->tensors().size(); ++i) {
    const at::Tensor tensor = must(source->read(i));
    const auto* const bytes = static_cast<const unsigned char*>(tensor.const_data_ptr());
    for (std::size_t at = 0; at < tensor.nbytes(); at += 4096)
      sum += bytes[at];
  }
  return sum;
}

} // namespace

int main(int argc, char** argv) {
  bool json = false;
  int runs = 5;
  int megabytes = 2048;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--json")
      json = true;
    else if (flag == "--runs" && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
    else if (flag == "--megabytes" && i + 1 < argc)
      megabytes = std::max(kMatrixMegabytes, std::atoi(argv[++i]));
  }
  std::string pattern = (fs::temp_directory_path() / "kinora-bench-XXXXXX").string();
  const fs::path folder = ::mkdtemp(pattern.data());
  const fs::path file = folder / "weights.safetensors";
  {
    const at::Tensor matrix = at::full({kRows, kRows}, 0.5, at::kBFloat16);
    std::vector<NamedTensor> tensors;
    for (int i = 0; i < megabytes / kMatrixMegabytes; ++i)
      tensors.push_back({fmt::format("blocks.{}.weight", i), matrix});
    must(writeSafetensors(file, tensors));
  }
  readThrough(file); // into the page cache
  const double cat = leastSeconds(runs, [&] { readThrough(file); });
  const double open = leastSeconds(runs, [&] { must(SafetensorsFile::open(file)); });
  const double same = leastSeconds(runs, [&] { load(file, at::kBFloat16); });
  std::uint64_t sum = 0;
  const double touched = leastSeconds(runs, [&] { sum += loadAndTouch(file); });
  const double half = leastSeconds(runs, [&] { load(file, at::kHalf); });
  fs::remove_all(folder);
  if (json) {
    fmt::print("{{\"megabytes\":{},\"readSeconds\":{},\"openSeconds\":{},\"loadSameTypeSeconds\":{},"
               "\"loadAndTouchSeconds\":{},\"loadOtherTypeSeconds\":{},\"sameTypeToRead\":{},\"touchedToRead\":{},"
               "\"otherTypeToRead\":{},\"sum\":{}}}\n",
               megabytes, cat, open, same, touched, half, same / cat, touched / cat, half / cat, sum);
    return 0;
  }
  fmt::print("{} MB of bf16 matrices, least of {} runs\n", megabytes, runs);
  fmt::print("  {:<40} {:>9.3f} ms\n", "read through (cat to /dev/null)", cat * 1e3);
  fmt::print("  {:<40} {:>9.3f} ms  {:.4f} of it\n", "open (header only)", open * 1e3, open / cat);
  fmt::print("  {:<40} {:>9.3f} ms  {:.4f} of it\n", "load, stored type (shares the mapping)", same * 1e3, same / cat);
  fmt::print("  {:<40} {:>9.3f} ms  {:.4f} of it (sum {})\n", "load, every page looked at", touched * 1e3,
             touched / cat, sum);
  fmt::print("  {:<40} {:>9.3f} ms  {:.4f} of it\n", "load as fp16 (converts)", half * 1e3, half / cat);
  return 0;
}
