// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/worker_pool.h"
#include "engine/gpu/device.h"
#include "engine/gpu/frame_transport.h"
#include "engine/gpu/presenter.h"
#include "engine/gpu/shared_transport.h"
#include "engine/inference/device_report.h"
#include "engine/media/encoder.h"
#include "engine/vision/draft_motion_session.h"
#include "kernels/cuda.h"

namespace kinora::cli {
namespace {

using nlohmann::json;

struct Line {
  std::string what;
  bool ok = true;
  std::string text;
  json facts;
};

Line checkTensors(const Globals& globals) {
  const auto report = inference::probeDevices(globals.threads);
  if (!report)
    return {"tensors", false, report.error().text(), {}};
  return {"tensors",
          true,
          fmt::format("torch {}, {} threads, {}, {:.0f} GFLOP/s float32, {:.0f} bf16{}, CUDA: {}", report->torchVersion,
                      report->threads, report->cpuCapability, report->gflopsFloat32, report->gflopsBfloat16,
                      report->bfloat16Native ? " (native)" : "", report->cudaNote),
          {{"torch", report->torchVersion},
           {"threads", report->threads},
           {"cpu", report->cpuCapability},
           {"gflopsFloat32", report->gflopsFloat32},
           {"gflopsBfloat16", report->gflopsBfloat16},
           {"bfloat16Native", report->bfloat16Native},
           {"cuda", report->cuda},
           {"cudaDevices", report->cudaDevices},
           {"cudaNote", report->cudaNote}}};
}

Line checkVulkan(const gpu::Device* device, const Error* error) {
  // Without a Vulkan device the preview is drawn by the processor, so this is a fact and no failure.
  if (!device)
    return {"vulkan", true, "none, the preview is drawn in software: " + error->text(), {{"device", nullptr}}};
  const gpu::Capabilities& c = device->capabilities();
  return {"vulkan",
          true,
          fmt::format("{} ({}), Vulkan {}, memory export {}, semaphore export {}", c.deviceName, c.driverName,
                      c.apiVersion, c.externalMemoryFd ? "yes" : "no", c.externalSemaphoreFd ? "yes" : "no"),
          {{"device", c.deviceName},
           {"driver", c.driverName},
           {"api", c.apiVersion},
           {"externalMemory", c.externalMemoryFd},
           {"externalSemaphore", c.externalSemaphoreFd}}};
}

// Copies one row of a made frame into a slot, wherever that lies.
bool writeRow([[maybe_unused]] MemoryKind memory, std::byte* to, const std::byte* from, std::size_t bytes) {
#if KINORA_HAVE_CUDA
  if (memory == MemoryKind::Cuda)
    return kernels::cuda::copyToDevice(to, from, bytes, nullptr).ok() && kernels::cuda::synchronise(nullptr).ok();
#endif
  std::memcpy(to, from, bytes);
  return true;
}

// Sends one made frame the way the preview gets its frames, draws it when there is a device and compares.
Result<void> sendFrame(gpu::FrameTransport& transport, gpu::Device* device) {
  const Size size{64, 36};
  std::array<std::array<std::byte, 64 * 4>, 36> rows{};
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      std::byte* pixel = rows[static_cast<std::size_t>(y)].data() + 4 * x;
      pixel[0] = std::byte(4 * x);
      pixel[1] = std::byte(7 * y);
      pixel[2] = std::byte(x ^ y);
      pixel[3] = std::byte{255};
    }
  const auto slot = transport.beginWrite(size);
  if (!slot)
    return fail(slot);
  for (int y = 0; y < size.height; ++y)
    if (const auto& row = rows[static_cast<std::size_t>(y)];
        !writeRow(slot->memory, slot->pixels + y * slot->strideBytes, row.data(), row.size()))
      return fail(ErrorCode::Device, "Writing a frame on the card failed.");
  if (const auto sent = transport.endWrite({}, 0); !sent)
    return fail(sent);
  gpu::DrawList list;
  list.frame = transport.latest();
  if (list.frame.isNull())
    return fail(ErrorCode::Internal, "The frame that was sent did not arrive.");
  if (!device)
    return {};
  auto presenter = gpu::Presenter::offscreen(*device, size);
  if (!presenter)
    return fail(presenter);
  if (const auto drawn = (*presenter)->draw(list); !drawn)
    return fail(drawn);
  const auto shown = (*presenter)->readback();
  if (!shown)
    return fail(shown);
  for (int y = 0; y < size.height; ++y)
    if (const auto& row = rows[static_cast<std::size_t>(y)];
        std::memcmp(shown->row<std::byte>(y), row.data(), row.size()) != 0)
      return fail(ErrorCode::Device, "What is shown differs from what was sent.");
  return {};
}

Line checkTransport(gpu::Device* device) {
  const auto transport = gpu::makeHostTransport();
  if (const auto sent = sendFrame(*transport, device); !sent)
    return {"transport", false, sent.error().text(), {}};
  if (!device)
    return {"transport", true, "host memory, three slots", {{"path", "host"}}};
  return {"transport", true, "host copy to the graphics device and back, equal", {{"path", "host copy"}}};
}

// Slots that the graphics device hands to CUDA on the same card, or to the processor. Where neither can be, frames are
// copied, so that is a fact and no failure.
Line checkSharing(gpu::Device* device) {
  if (!device)
    return {"sharing", true, "none, there is no graphics device", {{"path", nullptr}}};
  auto importer = gpu::makeCudaImporter(*device, nullptr);
  const std::string cuda = importer ? "" : importer.error().text();
  const char* path = importer ? "cuda" : "mapped";
  if (!importer)
    importer = gpu::makeMappedImporter(*device);
  if (!importer)
    return {"sharing", true, importer.error().text(), {{"path", nullptr}}};
  auto transport = gpu::makeSharedTransport(*device, std::move(*importer));
  if (!transport)
    return {"sharing", false, transport.error().text(), {{"path", path}}};
  if (const auto sent = sendFrame(**transport, device); !sent)
    return {"sharing", false, sent.error().text(), {{"path", path}}};
  return {"sharing",
          true,
          fmt::format("{} memory of the graphics device, equal{}{}", path, cuda.empty() ? "" : "; ", cuda),
          {{"path", path}}};
}

Line checkModels(const Globals& globals) {
  const WorkerPool workers(globals.threads);
  const auto session = vision::makeDraftMotionSession(workers);
  return {"models",
          session != nullptr,
          fmt::format("{} (motion, no weights needed)", session->info().displayName),
          {{"motion", json::array({session->info().modelId})}}};
}

Line checkCodecs() {
  std::string usable;
  json list = json::array();
  bool any = false;
  for (const media::EncoderStatus& encoder : media::encoders()) {
    list.push_back(
        {{"name", encoder.name}, {"codec", encoder.codec}, {"usable", encoder.usable}, {"reason", encoder.reason}});
    if (!encoder.usable)
      continue;
    any = true;
    usable += (usable.empty() ? "" : ", ") + encoder.name;
  }
  return {"codecs", any, any ? usable : "no video encoder can be used", list};
}

ExitCode runSelfcheck(const Globals& globals) {
  auto device = gpu::Device::create();
  gpu::Device* usable = device ? device->get() : nullptr;
  const Line lines[] = {checkTensors(globals),  checkVulkan(usable, device ? nullptr : &device.error()),
                        checkTransport(usable), checkSharing(usable),
                        checkModels(globals),   checkCodecs()};
  json object{{"ok", true}};
  std::string text;
  for (const Line& line : lines) {
    object[line.what] = {{"ok", line.ok}, {"text", line.text}, {"facts", line.facts}};
    if (!line.ok)
      object["ok"] = false;
    text += fmt::format("{}{:<10} {:<4} {}", text.empty() ? "" : "\n", line.what, line.ok ? "ok" : "FAIL", line.text);
  }
  printResult(object, text, globals);
  return object["ok"].get<bool>() ? ExitCode::Ok : ExitCode::TryAgain;
}

} // namespace

void addSelfcheckCommand(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* app = program.add_subcommand("selfcheck", "Say what this machine offers: one line each");
  commands.push_back({app, [](const Globals& globals) { return runSelfcheck(globals); }});
}

} // namespace kinora::cli
