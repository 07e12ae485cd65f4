// SPDX-License-Identifier: Apache-2.0
// Streams in their steady state ask the system for no tensor memory: fifty chunks after the window is full, the count
// of allocations and the bytes in use are what they were.
#include <QtTest>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/taehv_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "engine/inference/networks/wan_vae_p.h"
#include "engine/inference/schedules/flow_table.h"
#include "engine/inference/schedules/flow_transport_p.h"
#include "engine/inference/streaming/causal_batch_p.h"
#include "engine/inference/streaming/causal_network_p.h"
#include "engine/inference/streaming/chunk_loop_p.h"
#include "engine/inference/streaming/ring_cache_p.h"
#include "engine/inference/streaming/window_cache_p.h"
#include "engine/inference/tensor_memory.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

constexpr int kWarmUp = 12;
constexpr int kChunks = 50;
constexpr std::int64_t kRows = 2; // of the grid of tokens
constexpr std::int64_t kColumns = 4;
constexpr WanConfig kTiny{.inChannels = 2,
                          .outChannels = 2,
                          .dim = 24,
                          .ffnDim = 32,
                          .frequencyDim = 16,
                          .textDim = 8,
                          .heads = 2,
                          .layers = 2};

enum Mode { kFused = 1, kBytes = 2 };

template <class Network, class Config>
Network make(const Config& config) {
  WeightTable table(test::randomWeights([&](WeightTable& names) { (void)Network::load(names, config); }, 11));
  return Network::load(table, config);
}

struct Model {
  explicit Model(int mode)
      : net(make<WanDit>(kTiny)), prompt(net.prompt(net.embedText(at::randn({1, 6, 8})))),
        table(FlowTable::make(5).value()), transport(table, at::kCPU) {
    net.compute = (mode & kFused) != 0 ? Compute::Fused : Compute::Library;
    if ((mode & kBytes) != 0) {
      if (const auto done = net.quantise(); !done)
        qFatal("%s", done.error().text().c_str());
    }
  }
  [[nodiscard]] KvShape shape(std::int64_t rows) const { return cacheShape(net, rows, kRows * kColumns); }
  [[nodiscard]] Rope rope() const { return Rope(net.config.headDim()); }

  WanDit net;
  WanPrompt prompt;
  FlowTable table;
  FlowTransport transport;
};

at::Tensor frames(std::int64_t count) {
  return at::randn({1, count, 2, 2 * kRows, 2 * kColumns});
}

// Runs a stream; "" when it was steady.
QString unsteady(const TensorMemory& memory, const std::function<bool()>& chunk) {
  for (int i = 0; i < kWarmUp; ++i) {
    if (!chunk())
      return QStringLiteral("chunk %1 of the first failed").arg(i);
  }
  const TensorMemory::Stats warm = memory.stats();
  for (int i = 0; i < kChunks; ++i) {
    if (!chunk())
      return QStringLiteral("chunk %1 failed").arg(i);
    const TensorMemory::Stats now = memory.stats();
    if (now.systemAllocations != warm.systemAllocations || now.bytesInUse != warm.bytesInUse)
      return QStringLiteral("chunk %1: %2 new allocations, %3 bytes in use after %4")
          .arg(i)
          .arg(now.systemAllocations - warm.systemAllocations)
          .arg(now.bytesInUse)
          .arg(warm.bytesInUse);
  }
  if (warm.systemAllocations == 0 || memory.stats().reuses < warm.reuses + kChunks)
    return QStringLiteral("the tensors did not live in the memory that is watched");
  return {};
}

enum class Stream { MotionStream, SelfForcing, InfiniteForcing, LongLive };

WindowRules rulesOf(Stream stream) {
  switch (stream) {
  case Stream::MotionStream:
    return WindowRules::motionStream(3, 1, 1);
  case Stream::SelfForcing:
    return WindowRules::selfForcing(9, 3);
  case Stream::InfiniteForcing:
    return WindowRules::infiniteForcing(6, 1);
  case Stream::LongLive:
    break;
  }
  return WindowRules::longLive(9, 3);
}

void addModes(const char* name, int value) {
  QTest::addRow("%s, operator by operator", name) << value << 0;
  QTest::addRow("%s, fused", name) << value << int{kFused};
  QTest::addRow("%s, bytes, operator by operator", name) << value << int{kBytes};
  QTest::addRow("%s, bytes, fused", name) << value << kFused + kBytes;
}

} // namespace

class TestSteady : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); } // tiny tensors
  void init() {
    noGradients_.emplace();
    at::manual_seed(3);
  }
  void cleanup() { noGradients_.reset(); }

  // The watch itself: a stream that keeps its pictures is found out.
  void growthIsSeen() {
    const TensorMemory memory(std::uint64_t{256} << 20);
    std::vector<at::Tensor> kept;
    const auto grow = [&] {
      kept.push_back(at::zeros({100}));
      return true;
    };
    QVERIFY(!unsteady(memory, grow).isEmpty());
  }

  void chunks_data() {
    QTest::addColumn<int>("stream");
    QTest::addColumn<int>("mode");
    addModes("MotionStream", static_cast<int>(Stream::MotionStream));
    addModes("Self-Forcing", static_cast<int>(Stream::SelfForcing));
    addModes("Infinite-Forcing", static_cast<int>(Stream::InfiniteForcing));
    addModes("LongLive", static_cast<int>(Stream::LongLive));
  }
  void chunks() {
    QFETCH(int, stream);
    QFETCH(int, mode);
    const TensorMemory memory(std::uint64_t{256} << 20);
    const Model model(mode);
    WindowCache cache(rulesOf(static_cast<Stream>(stream)), model.shape(1), model.rope(), kRows, kColumns);
    CausalWan causal(model.net, model.prompt);
    ChunkLoop loop(causal, cache, model.transport, {.times = {1000, 625}, .historyFrames = 6});
    const at::Tensor x = frames(3);
    const at::Tensor fresh = frames(3);
    const Renoise same = [&](std::int64_t, const at::Tensor&) { return fresh; };
    const QString problem = unsteady(memory, [&] { return loop.next(x, same).has_value(); });
    QVERIFY2(problem.isEmpty(), qPrintable(problem));
  }

  void batch_data() {
    QTest::addColumn<int>("sinksRefreshed");
    QTest::addColumn<int>("mode");
    addModes("ring", 0);
    addModes("ring with refreshed sinks", 1);
  }
  void batch() {
    QFETCH(int, sinksRefreshed);
    QFETCH(int, mode);
    const TensorMemory memory(std::uint64_t{256} << 20);
    const Model model(mode);
    const RingRules rules = sinksRefreshed != 0 ? RingRules::streamDiffusionV2(2) : RingRules::streamDiffusionV2Fast(2);
    RingCache cache(rules, model.shape(2), model.rope(), kRows, kColumns);
    CausalWan causal(model.net, model.prompt);
    CausalBatch batch(causal, cache, model.transport, {.times = {700, 500}, .refreshAt = 50, .refreshTo = 5});
    const at::Tensor x = frames(1);
    const at::Tensor fresh = frames(1);
    const Renoise same = [&](std::int64_t, const at::Tensor& like) { return fresh.narrow(1, 0, 1).expand_as(like); };
    QVERIFY(batch.prepare(frames(2), same).has_value());
    const QString problem = unsteady(memory, [&] { return batch.tick(x, 690, same).has_value(); });
    QVERIFY2(problem.isEmpty(), qPrintable(problem));
  }

  // Pictures of a stream latent by latent, and of three latents at once.
  void smallAutoencoder_data() {
    QTest::addColumn<int>("latents");
    QTest::addColumn<bool>("joined");
    QTest::newRow("one latent") << 1 << false;
    QTest::newRow("three latents") << 3 << false;
    QTest::newRow("one latent, joined upsampling") << 1 << true;
    QTest::newRow("three latents, joined upsampling") << 3 << true;
  }
  void smallAutoencoder() {
    QFETCH(int, latents);
    QFETCH(bool, joined);
    const TensorMemory memory(std::uint64_t{256} << 20);
    TaehvConfig config = TaehvConfig::taew21();
    config.encoderWidth = 8;
    config.decoderWidths = {16, 8, 8, 8};
    Taehv network = make<Taehv>(config);
    if (joined)
      network.joinUpsampling();
    TaehvDecoder decoder(network);
    TaehvEncoder encoder(network);
    const at::Tensor z = at::randn({1, latents, 16, 4, 4});
    const at::Tensor video = at::rand({1, 4 * latents, 3, 32, 32});
    const QString problem =
        unsteady(memory, [&] { return decoder.decode(z).size(1) > 0 && encoder.encode(video).size(1) == latents; });
    QVERIFY2(problem.isEmpty(), qPrintable(problem));
  }

  void largeAutoencoder_data() {
    QTest::addColumn<int>("latents");
    QTest::addColumn<bool>("residual");
    QTest::newRow("2.1, one latent") << 1 << false;
    QTest::newRow("2.1, three latents") << 3 << false;
    QTest::newRow("2.2, one latent") << 1 << true;
  }
  void largeAutoencoder() {
    QFETCH(int, latents);
    QFETCH(bool, residual);
    const TensorMemory memory(std::uint64_t{256} << 20);
    WanVaeConfig config = residual ? WanVaeConfig::wan22() : WanVaeConfig::wan21();
    config.dim = 4;
    config.decoderDim = 4;
    config.resBlocks = 1;
    const WanVae network = make<WanVae>(config);
    WanVaeDecoder decoder(network);
    WanVaeEncoder encoder(network);
    const std::int64_t side = 2 * config.spatialStride();
    const at::Tensor z = at::randn({1, config.latentChannels, latents, 2, 2});
    const at::Tensor video = at::rand({1, 3, 4 * latents, side, side});
    (void)encoder.encode(at::rand({1, 3, 1, side, side}));
    const QString problem =
        unsteady(memory, [&] { return decoder.decode(z).size(2) > 0 && encoder.encode(video).size(2) == latents; });
    QVERIFY2(problem.isEmpty(), qPrintable(problem));
  }

 private:
  std::optional<c10::NoGradGuard> noGradients_;
};

QTEST_APPLESS_MAIN(TestSteady)
#include "tst_steady.moc"
