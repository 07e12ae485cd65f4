// SPDX-License-Identifier: Apache-2.0
// Hands frames over and draws them off-screen: what the engine thread and the gui thread pay for one frame, beside a
// plain memcpy of the same bytes; through copied and through shared slots. Best of 60.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "engine/gpu/presenter.h"
#include "engine/gpu/shared_transport.h"

namespace {

using namespace kinora;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

struct Row {
  Size size;
  const char* slots = "copied";
  double copy = 1e9;   // memcpy of one frame
  double engine = 1e9; // beginWrite, writing the pixels, endWrite
  double gui = 1e9;    // latest, draw
  double whole = 1e9;  // until the picture is drawn and read back
};

Result<std::unique_ptr<gpu::FrameTransport>> sharedTransport(gpu::Device& device) {
  auto importer = gpu::makeMappedImporter(device);
  if (!importer)
    return fail(importer);
  return gpu::makeSharedTransport(device, std::move(*importer));
}

Result<Row> measure(gpu::Device& device, Size size, bool shared) {
  Row row{size, shared ? "shared" : "copied"};
  auto presenter = gpu::Presenter::offscreen(device, size);
  if (!presenter)
    return fail(presenter);
  std::unique_ptr<gpu::FrameTransport> transport = gpu::makeHostTransport();
  if (shared) {
    auto made = sharedTransport(device);
    if (!made)
      return fail(made);
    transport = std::move(*made);
  }
  const std::size_t rowBytes = static_cast<std::size_t>(size.width) * 4;
  const std::size_t bytes = rowBytes * static_cast<std::size_t>(size.height);
  std::vector<std::byte> source(bytes, std::byte{90});
  std::vector<std::byte> target(bytes);
  for (int n = 0; n < 60; ++n) {
    source[static_cast<std::size_t>(n)] = std::byte{1};
    const auto start = Clock::now();
    std::memcpy(target.data(), source.data(), bytes);
    const auto copied = Clock::now();
    const auto slot = transport->beginWrite(size);
    if (!slot)
      return fail(slot);
    for (int y = 0; y < size.height; ++y)
      std::memcpy(slot->pixels + y * slot->strideBytes, source.data() + rowBytes * static_cast<std::size_t>(y),
                  rowBytes);
    if (const auto ended = transport->endWrite({}, n); !ended)
      return fail(ended);
    const auto handed = Clock::now();
    gpu::DrawList list;
    list.frame = transport->latest();
    if (const auto drawn = (*presenter)->draw(list); !drawn)
      return fail(drawn);
    const auto drawn = Clock::now();
    if (const auto image = (*presenter)->readback(); !image)
      return fail(image);
    const auto shown = Clock::now();
    row.copy = std::min(row.copy, milliseconds(start, copied));
    row.engine = std::min(row.engine, milliseconds(copied, handed));
    row.gui = std::min(row.gui, milliseconds(handed, drawn));
    row.whole = std::min(row.whole, milliseconds(copied, shown));
  }
  return row;
}

} // namespace

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
  auto device = gpu::Device::create();
  if (!device) {
    fmt::print(stderr, "{}\n", device.error().text());
    return 1;
  }
  const std::string& name = (*device)->capabilities().deviceName;
  if (json)
    fmt::print("{{\"device\":\"{}\",\"rows\":[", name);
  else
    fmt::print("{}\n{:>16} {:>10} {:>10} {:>8} {:>8} {:>10}\n", name, "size", "memcpy ms", "engine ms", "ratio",
               "gui ms", "whole ms");
  bool first = true;
  for (const Size size : {Size{1280, 720}, Size{1920, 1080}})
    for (const bool shared : {false, true}) {
      if (shared && !(*device)->capabilities().externalMemoryFd)
        continue;
      const auto row = measure(**device, size, shared);
      if (!row) {
        fmt::print(stderr, "{}\n", row.error().text());
        return 1;
      }
      const std::string shape = fmt::format("{}x{}", size.width, size.height);
      if (json)
        fmt::print("{}{{\"size\":\"{}\",\"slots\":\"{}\",\"memcpyMs\":{:.4f},\"engineMs\":{:.4f},\"guiMs\":{:.4f},"
                   "\"wholeMs\":{:.4f}}}",
                   first ? "" : ",", shape, row->slots, row->copy, row->engine, row->gui, row->whole);
      else
        fmt::print("{:>16} {:10.3f} {:10.3f} {:8.2f} {:8.3f} {:10.3f}\n", shape + " " + row->slots, row->copy,
                   row->engine, row->engine / row->copy, row->gui, row->whole);
      first = false;
    }
  if (json)
    fmt::print("]}}\n");
  return 0;
}
