// SPDX-License-Identifier: Apache-2.0
// Decoding, seeking and encoding at 1280 x 720, and pictures in and out, against a copy of the same frames.
// bench_media [--json] [--runs N] [--frames N]: least time of N runs; frames of a textured picture with a moving disc.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "engine/base/worker_pool.h"
#include "engine/media/decoder.h"
#include "engine/media/encoder.h"
#include "engine/media/image_file.h"
#include "tests/support/files.h"
#include "tests/support/pictures.h"

using namespace kinora;
using namespace kinora::media;
namespace fs = std::filesystem;

namespace {

constexpr Size kSize{1280, 720};
constexpr FrameRate kRate{24, 1};

struct Row {
  std::string name;
  double msPerFrame = 0;
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
  return std::move(*result);
}

void must(const Result<void>& result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
  }
}

template <class Work>
double leastMs(int runs, const Work& work) {
  double least = 1e30;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    least =
        std::min(least, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

void encode(const fs::path& path, std::string_view preset, const std::vector<Image>& images, const WorkerPool& pool) {
  EncodeSettings settings = findPreset(preset)->settings;
  settings.size = kSize;
  settings.frameRate = kRate;
  auto encoder = must(Encoder::create(path, settings, &pool));
  for (const Image& image : images)
    must(encoder.push(image));
  must(encoder.finish());
}

void decode(const fs::path& path, const DecoderOptions& options) {
  auto decoder = must(Decoder::open(path, options));
  while (must(decoder.next())) {
  }
}

} // namespace

int main(int argc, char** argv) {
  bool json = false;
  int runs = 3;
  int frames = 48;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json")
      json = true;
    else if (argument == "--runs" && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
    else if (argument == "--frames" && i + 1 < argc)
      frames = std::max(2, std::atoi(argv[++i]));
    else {
      std::fprintf(stderr, "usage: bench_media [--json] [--runs N] [--frames N]\n");
      return 64;
    }
  }
  const test::TempFolder folder;
  const WorkerPool pool;
  const Image base = test::texturedPicture(kSize, 1);
  std::vector<Image> images;
  for (int n = 0; n < frames; ++n)
    images.push_back(test::withDisc(base, {200.F + 16.F * static_cast<float>(n), 360}, 90, 220, 60, 40));
  std::vector<Row> rows;
  const auto perFrame = [&](const std::string& name, double ms, int count) { rows.push_back({name, ms / count}); };

  {
    auto copy = must(MutableImage::allocate(PixelFormat::Rgba8, kSize));
    const auto bytes = static_cast<std::size_t>(base.byteSize());
    perFrame("memcpy of a frame",
             leastMs(runs,
                     [&] {
                       for (const Image& image : images)
                         std::memcpy(copy.data(), image.data(), bytes);
                     }),
             frames);
  }
  struct Format {
    const char* preset;
    const char* name;
  };
  for (const Format& format : {Format{"h264-mp4", "h264.mp4"}, Format{"hevc-mp4", "hevc.mp4"},
                               Format{"prores-hq-mov", "prores.mov"}, Format{"ffv1-mkv", "ffv1.mkv"}}) {
    const fs::path path = folder.file(format.name);
    perFrame(fmt::format("encode {}", format.preset), leastMs(runs, [&] { encode(path, format.preset, images, pool); }),
             frames);
    DecoderOptions options;
    options.pool = &pool;
    perFrame(fmt::format("decode {} to RGBA8", format.preset), leastMs(runs, [&] { decode(path, options); }), frames);
  }
  {
    DecoderOptions options;
    options.pool = &pool;
    auto decoder = must(Decoder::open(folder.file("h264.mp4"), options));
    constexpr int kSeeks = 12;
    perFrame("seek h264-mp4, anywhere",
             leastMs(runs,
                     [&] {
                       std::mt19937 random(1);
                       for (int i = 0; i < kSeeks; ++i) {
                         must(decoder.seek(kRate.timeOf(static_cast<std::int64_t>(random()) % frames)));
                         (void)must(decoder.next());
                       }
                     }),
             kSeeks);
    DecoderOptions small = options;
    small.fitWithin = {320, 320};
    perFrame("decode h264-mp4 to 320x180", leastMs(runs, [&] { decode(folder.file("h264.mp4"), small); }), frames);
  }
  for (const char* ending : {"png", "jpg", "exr"}) {
    const fs::path path = folder.file(fmt::format("picture.{}", ending));
    perFrame(fmt::format("write .{}", ending), leastMs(runs, [&] { must(writeImage(path, base)); }), 1);
    perFrame(fmt::format("read .{}", ending), leastMs(runs, [&] { (void)must(readImage(path)); }), 1);
  }

  const double copy = rows.front().msPerFrame;
  if (json) {
    std::string text =
        fmt::format("{{\"size\":[{},{}],\"frames\":{},\"runs\":{},\"rows\":[", kSize.width, kSize.height, frames, runs);
    for (std::size_t i = 0; i < rows.size(); ++i)
      text += fmt::format("{}{{\"name\":\"{}\",\"msPerFrame\":{:.4f},\"framesPerSecond\":{:.2f},\"copies\":{:.2f}}}",
                          i == 0 ? "" : ",", rows[i].name, rows[i].msPerFrame, 1000 / rows[i].msPerFrame,
                          rows[i].msPerFrame / copy);
    std::printf("%s]}\n", text.c_str());
    return 0;
  }
  std::printf("%dx%d, %d frames, least of %d runs\n\n", kSize.width, kSize.height, frames, runs);
  std::printf("%-34s %12s %12s %14s\n", "", "ms a frame", "frames/s", "x memcpy");
  for (const Row& row : rows)
    std::printf("%-34s %12.3f %12.1f %14.1f\n", row.name.c_str(), row.msPerFrame, 1000 / row.msPerFrame,
                row.msPerFrame / copy);
  return 0;
}
