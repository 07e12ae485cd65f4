// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "engine/base/worker_pool.h"
#include "engine/gpu/device.h"
#include "engine/gpu/frame_transport.h"
#include "engine/gpu/presenter.h"
#include "engine/inference/device_report.h"
#include "engine/media/encoder.h"
#include "engine/vision/draft_motion_session.h"

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

// Sends one made frame the way the preview gets its frames and reads it back.
Line checkTransport(gpu::Device* device) {
  const auto transport = gpu::makeHostTransport();
  const Size size{64, 36};
  auto slot = transport->beginWrite(size);
  if (!slot)
    return {"transport", false, slot.error().text(), {}};
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const std::byte pixel[4] = {std::byte(4 * x), std::byte(7 * y), std::byte(x ^ y), std::byte{255}};
      std::memcpy(slot->pixels + y * slot->strideBytes + 4 * x, pixel, sizeof pixel);
    }
  if (const auto sent = transport->endWrite({}, 0); !sent)
    return {"transport", false, sent.error().text(), {}};
  const gpu::FrameView frame = transport->latest();
  if (!device)
    return {"transport", !frame.isNull(), "host memory, three slots", {{"path", "host"}}};
  auto presenter = gpu::Presenter::offscreen(*device, size);
  if (!presenter)
    return {"transport", false, presenter.error().text(), {}};
  gpu::DrawList list;
  list.frame = frame;
  if (const auto drawn = (*presenter)->draw(list); !drawn)
    return {"transport", false, drawn.error().text(), {}};
  const auto shown = (*presenter)->readback();
  if (!shown)
    return {"transport", false, shown.error().text(), {}};
  for (int y = 0; y < size.height; ++y)
    if (std::memcmp(shown->row<std::byte>(y), frame.pixels + y * frame.strideBytes,
                    4 * static_cast<std::size_t>(size.width)))
      return {"transport", false, "what is shown differs from what was sent", {}};
  return {"transport", true, "host copy to the graphics device and back, equal", {{"path", "host copy"}}};
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
  const Line lines[] = {checkTensors(globals), checkVulkan(usable, device ? nullptr : &device.error()),
                        checkTransport(usable), checkModels(globals), checkCodecs()};
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
