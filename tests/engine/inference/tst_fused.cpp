// SPDX-License-Identifier: Apache-2.0
// The fused path of the transformer against the path operator by operator, and the memory of a stream in its steady
// state.
#include <QtTest>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/fused_p.h"
#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "engine/inference/tensor_memory.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

constexpr std::int64_t kFrames = 3;
constexpr std::int64_t kSide = 8;

WanConfig tinyConfig() {
  WanConfig config;
  config.dim = 96;
  config.ffnDim = 160;
  config.frequencyDim = 32;
  config.textDim = 24;
  config.heads = 4;
  config.layers = 3;
  return config;
}

WanDit tinyNetwork(at::ScalarType type) {
  const auto source = test::randomWeights([](WeightTable& table) { (void)WanDit::load(table, tinyConfig()); }, 5);
  WeightTable table(source, {.dtype = type, .device = at::kCPU, .stop = {}, .progress = {}});
  return WanDit::load(table, tinyConfig());
}

// Inputs of one pass; timesteps: one a row, one a frame, or one a token.
struct Pass {
  at::Tensor x, text, t;

  Pass(std::int64_t batch, std::int64_t timesteps) {
    at::manual_seed(7);
    x = at::randn({batch, 16, kFrames, kSide, kSide});
    text = at::randn({batch, 12, 24});
    t = timesteps == 1 ? at::full({batch}, 700.0) : at::linspace(0, 1000, batch * timesteps).view({batch, timesteps});
  }
};

at::Tensor flow(WanDit& net, const Pass& pass, Compute compute) {
  net.compute = compute;
  FullAttention attention(Rope(net.config.headDim()).phases(framesFrom(4, kFrames), kSide / 2, kSide / 2));
  return net.forward(pass.x, net.time(pass.t), net.prompt(net.embedText(pass.text)), attention);
}

double relativeDistance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

} // namespace

class TestFused : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void equalsOperatorByOperator_data() {
    QTest::addColumn<int>("batch");
    QTest::addColumn<int>("timesteps");
    QTest::newRow("one timestep") << 1 << 1;
    QTest::newRow("one a row") << 2 << 1;
    QTest::newRow("one a frame") << 2 << static_cast<int>(kFrames);
    QTest::newRow("one a token") << 2 << static_cast<int>(kFrames * kSide * kSide / 4);
  }
  void equalsOperatorByOperator() {
    QFETCH(int, batch);
    QFETCH(int, timesteps);
    const c10::NoGradGuard noGradients;
    const Pass pass(batch, timesteps);
    WanDit net = tinyNetwork(at::kFloat);
    const at::Tensor library = flow(net, pass, Compute::Library);
    const at::Tensor fused = flow(net, pass, Compute::Fused);
    QVERIFY(at::allclose(fused, library, 1e-4, 2e-5));
    QVERIFY(at::equal(flow(net, pass, Compute::Fused), fused)); // same inputs, same bits
  }

  // bfloat16 rounds at other places on the two paths; both must lie equally far from float32.
  void bfloatIsAsNearAsTheLibrary() {
    const c10::NoGradGuard noGradients;
    const Pass pass(2, kFrames);
    WanDit exact = tinyNetwork(at::kFloat);
    WanDit net = tinyNetwork(at::kBFloat16);
    const at::Tensor wanted = flow(exact, pass, Compute::Library);
    const double library = relativeDistance(flow(net, pass, Compute::Library), wanted);
    const double fused = relativeDistance(flow(net, pass, Compute::Fused), wanted);
    QVERIFY2(library > 0 && library < 0.05, qPrintable(QString::number(library)));
    QVERIFY2(fused < library * 1.25, qPrintable(QStringLiteral("%1 against %2").arg(fused).arg(library)));
  }

  void inputsStayAsTheyWere() {
    const c10::NoGradGuard noGradients;
    const Pass pass(1, 1);
    WanDit net = tinyNetwork(at::kFloat);
    net.compute = Compute::Fused;
    const at::Tensor tokens = net.patchify(pass.x);
    const at::Tensor before = tokens.clone();
    FullAttention attention(Rope(net.config.headDim()).phases(framesFrom(0, kFrames), kSide / 2, kSide / 2));
    (void)net.run(tokens, net.time(pass.t), net.prompt(net.embedText(pass.text)), attention);
    QVERIFY(at::equal(tokens, before));
  }

  // Memory of tensors is reused: after the first passes the system is not asked again.
  void steadyStateAllocatesNothing() {
    const c10::NoGradGuard noGradients;
    const TensorMemory memory(std::uint64_t{64} << 20);
    const Pass pass(1, kFrames);
    WanDit net = tinyNetwork(at::kFloat);
    for (int i = 0; i < 2; ++i)
      (void)flow(net, pass, Compute::Fused);
    const TensorMemory::Stats warm = memory.stats();
    QVERIFY(warm.systemAllocations > 0);
    for (int i = 0; i < 20; ++i)
      (void)flow(net, pass, Compute::Fused);
    const TensorMemory::Stats after = memory.stats();
    QCOMPARE(after.systemAllocations, warm.systemAllocations);
    QVERIFY(after.reuses > warm.reuses + 100);
    QCOMPARE(after.bytesInUse, warm.bytesInUse);
  }

  void memoryKeepsItsLimitAndOutlivesItsOwner() {
    at::Tensor survivor;
    {
      TensorMemory memory(1 << 16);
      survivor = at::full({100}, 3.0F);
      { const at::Tensor large = at::zeros({1 << 16}); }
      QVERIFY(memory.stats().bytesKept <= 1 << 16);
      { const at::Tensor small = at::zeros({1 << 10}); }
      QVERIFY(memory.stats().bytesKept > 0);
      memory.release();
      QCOMPARE(memory.stats().bytesKept, std::uint64_t{0});
      QVERIFY(memory.stats().bytesInUse >= 400);
    }
    QCOMPARE(survivor.sum().item<float>(), 300.0F);
    const at::Tensor later = at::ones({8});
    QCOMPARE(later.sum().item<float>(), 8.0F);
  }
};

QTEST_APPLESS_MAIN(TestFused)
#include "tst_fused.moc"
