// SPDX-License-Identifier: Apache-2.0
// The transformer with its linear layers kept as bytes, against the same weights in float.
#include <QtTest>

#include <cstdint>
#include <optional>
#include <string>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/byte_weights_p.h"
#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

constexpr std::int64_t kFrames = 3;
constexpr std::int64_t kSide = 8;
constexpr double kFarthest = 0.02; // of the flow, relative to float32
constexpr WanConfig kTiny{.dim = 96, .ffnDim = 160, .frequencyDim = 32, .textDim = 24, .heads = 4, .layers = 3};

WanDit tinyNetwork(at::ScalarType type = at::kFloat) {
  const auto source = test::randomWeights([](WeightTable& table) { (void)WanDit::load(table, kTiny); }, 5);
  WeightTable table(source, {.dtype = type, .device = at::kCPU, .stop = {}, .progress = {}});
  return WanDit::load(table, kTiny);
}

WanDit byteNetwork(Compute compute, at::ScalarType type = at::kFloat) {
  WanDit net = tinyNetwork(type);
  net.compute = compute;
  if (const auto done = net.quantise(); !done)
    qFatal("%s", done.error().text().c_str());
  return net;
}

at::Tensor flow(const WanDit& net) {
  at::manual_seed(7);
  const at::Tensor x = at::randn({2, 16, kFrames, kSide, kSide});
  const at::Tensor text = at::randn({2, 12, 24});
  FullAttention attention(Rope(net.config.headDim()).phases(framesFrom(0, kFrames), kSide / 2, kSide / 2));
  return net.forward(x, net.time(at::full({2, kFrames}, 700.0)), net.prompt(net.embedText(text)), attention);
}

double relativeDistance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

// What the blocks' linear layers hold, biases left out.
std::uint64_t weightBytes(const WanDit& net) {
  std::uint64_t sum = 0;
  for (const WanDit::Block& block : net.blocks) {
    for (const Linear* layer : {&block.q, &block.k, &block.v, &block.o, &block.crossQ, &block.crossK, &block.crossV,
                                &block.crossO, &block.ffnIn, &block.ffnOut}) {
      for (const at::Tensor* part : {&layer->weight, &layer->bytes.values, &layer->bytes.scales, &layer->bytes.sums})
        sum += part->defined() ? part->nbytes() : 0;
    }
  }
  return sum;
}

} // namespace

class TestBytes : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); } // tiny tensors
  void init() { noGradients_.emplace(); }
  void cleanup() {
    at::set_num_threads(1);
    noGradients_.reset();
  }

  void nearTheFloatNetwork_data() {
    QTest::addColumn<bool>("fused");
    QTest::addColumn<bool>("bfloat");
    QTest::newRow("operator by operator, float32") << false << false;
    QTest::newRow("operator by operator, bfloat16") << false << true;
    QTest::newRow("fused, float32") << true << false;
    QTest::newRow("fused, bfloat16") << true << true;
  }
  void nearTheFloatNetwork() {
    QFETCH(bool, fused);
    QFETCH(bool, bfloat);
    const at::Tensor wanted = flow(tinyNetwork());
    const WanDit net = byteNetwork(fused ? Compute::Fused : Compute::Library, bfloat ? at::kBFloat16 : at::kFloat);
    const double distance = relativeDistance(flow(net), wanted);
    QVERIFY2(distance > 1e-5 && distance < kFarthest, qPrintable(QString::number(distance)));
  }

  void sameBitsOnAnyNumberOfThreads() {
    const WanDit net = byteNetwork(Compute::Fused);
    at::manual_seed(1);
    const at::Tensor x = at::randn({3, 71, 96});
    at::set_num_threads(1);
    const at::Tensor one = net.blocks[0].ffnIn(x);
    const at::Tensor whole = flow(net);
    QVERIFY(at::equal(flow(net), whole));
    at::set_num_threads(2);
    QVERIFY(at::equal(net.blocks[0].ffnIn(x), one));
    QVERIFY(at::equal(net.blocks[0].ffnIn(x.narrow(1, 40, 5)), one.narrow(1, 40, 5)));
  }

  // An odd number of inputs, as no published model has: rows of scratch memory stay aligned.
  void oddWidths() {
    at::manual_seed(2);
    const at::Tensor weight = at::randn({5, 37});
    const at::Tensor x = at::randn({70, 37});
    const at::Tensor bias = at::randn({5});
    QVERIFY(relativeDistance(linear(x, bytesOf(weight), bias), at::linear(x, weight, bias)) < kFarthest);
  }

  void aQuarterOfTheMemory() {
    const std::uint64_t before = weightBytes(tinyNetwork());
    const WanDit net = byteNetwork(Compute::Fused);
    const auto ratio = static_cast<double>(weightBytes(net)) / static_cast<double>(before);
    QVERIFY2(ratio > 0.25 && ratio < 0.28, qPrintable(QString::number(ratio))); // 8 bytes an output on top
    QVERIFY(!net.blocks[0].q.weight.defined());
    QVERIFY(net.textIn.weight.defined() && net.headLinear.weight.defined());
    QCOMPARE(net.blocks[0].q.bias.scalar_type(), at::kFloat);
  }

  // A LoRA beside the bytes does what it does beside floats; what only merging can do is refused in words that help.
  void loraBesideTheBytes() {
    WeightTable recorder = WeightTable::recorder();
    (void)WanDit::load(recorder, kTiny);
    const auto fileFor = [&](const std::string& layer, std::int64_t in) {
      const auto tensors = test::randomWeights(
          [&](WeightTable& names) {
            (void)names.take("diffusion_model." + layer + ".lora_A.weight", {2, in});
            (void)names.take("diffusion_model." + layer + ".lora_B.weight", {96, 2});
          },
          4);
      return LoraFile::fit({tensors, "memory", {}, {}}, NetworkKind::WanDit, recorder.asked()).value();
    };
    WanDit plain = tinyNetwork();
    WanDit net = byteNetwork(Compute::Fused);
    const at::Tensor without = flow(net);
    const std::vector<LoraUse> uses{{fileFor("blocks.1.self_attn.q", 96), 1.0}};
    QVERIFY(plain.useLora(uses).has_value());
    QVERIFY(net.useLora(uses).has_value());
    const at::Tensor with = flow(net);
    const double moved = relativeDistance(with, without);
    const double fromFloat = relativeDistance(with, flow(plain));
    QVERIFY2(moved > fromFloat && fromFloat < kFarthest, qPrintable(QStringLiteral("%1 %2").arg(moved).arg(fromFloat)));
    const auto refused = net.useLora({{fileFor("text_embedding.0", 24), 1.0}});
    QCOMPARE(refused.error().code, ErrorCode::Unsupported);
    QVERIFY(refused.error().message.find("load the model again") != std::string::npos);
  }

  void refusesWhatIsNotServed() {
    WanDit half = tinyNetwork(at::kHalf);
    const auto refusedType = half.quantise();
    QCOMPARE(refusedType.error().code, ErrorCode::Unsupported);
    QVERIFY(half.blocks[0].q.weight.defined());
    WanDit elsewhere = tinyNetwork();
    elsewhere.blocks[2].ffnOut.weight = elsewhere.blocks[2].ffnOut.weight.to(at::kMeta);
    const auto refusedDevice = elsewhere.quantise();
    QCOMPARE(refusedDevice.error().code, ErrorCode::Unsupported);
    QVERIFY2(refusedDevice.error().message.find("on meta") != std::string::npos, refusedDevice.error().message.c_str());
    QVERIFY(elsewhere.blocks[0].q.weight.defined()); // nothing was changed
  }

 private:
  std::optional<c10::NoGradGuard> noGradients_;
};

QTEST_APPLESS_MAIN(TestBytes)
#include "tst_bytes.moc"
