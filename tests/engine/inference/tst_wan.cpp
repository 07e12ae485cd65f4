// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <functional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/cancelled_p.h"
#include "engine/inference/networks/dreamidv_p.h"
#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/track_head_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "tests/engine/inference/key_table.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

constexpr WanConfig kTiny{.dim = 24, .ffnDim = 32, .textDim = 8, .heads = 2, .layers = 2};

WanDit tinyWan(const WanConfig& config = kTiny) {
  WeightTable table(test::randomWeights([&](WeightTable& names) { (void)WanDit::load(names, config); }, 7));
  return WanDit::load(table, config);
}

struct Model {
  const char* table;
  std::function<void(WeightTable&)> load;
  std::size_t tensors;
  std::uint64_t parameters;
};

std::vector<Model> models() {
  const auto wan = [](const WanConfig& config) {
    return [config](WeightTable& table) { (void)WanDit::load(table, config); };
  };
  const auto dreamIdV = [](const DreamIdVConfig& config) {
    return [config](WeightTable& table) { (void)DreamIdV::load(table, config); };
  };
  return {{"wan_t2v_1b", wan(WanConfig::t2v1B()), 825, 1418996800},
          {"wan_t2v_14b", wan(WanConfig::t2v14B()), 1095, 14288491584},
          {"wan_i2v_14b", wan(WanConfig::i2v14B()), 1303, 16394878784},
          {"wan_inpaint_1b", wan(WanConfig::funInpaint1B()), 983, 1564428608},
          {"wan_control_1b", wan(WanConfig::funControl1B()), 983, 1564502336},
          {"wan_track_1b", wan(WanConfig::track1B()), 983, 1564526912},
          {"wan_ti2v_5b", wan(WanConfig::ti2v5B()), 825, 4999787712},
          {"dreamidv_faster", dreamIdV(DreamIdVConfig::faster()), 827, 1419293248},
          {"dreamidv", dreamIdV(DreamIdVConfig::full()), 1021, 1567975322}};
}

} // namespace

class TestWan : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void publishedKeys_data() {
    QTest::addColumn<int>("index");
    const auto all = models();
    for (std::size_t i = 0; i < all.size(); ++i)
      QTest::newRow(all[i].table) << static_cast<int>(i);
  }
  // Every full-size network asks for exactly the tensors of the published checkpoint.
  void publishedKeys() {
    QFETCH(int, index);
    const Model model = models()[static_cast<std::size_t>(index)];
    WeightTable recorder = WeightTable::recorder();
    model.load(recorder);
    QCOMPARE(recorder.asked().size(), model.tensors);
    QCOMPARE(test::parameters(recorder.asked()), model.parameters);
    const auto table = test::keyTable(model.table);
    QCOMPARE(table.size(), model.tensors);
    QCOMPARE(QString::fromStdString(test::firstDifference(recorder.asked(), table)), QString());
  }

  // The full model's file carries tensors that no code uses; they must not count as left over.
  void dreamIdVIgnoresUnusedTensors() {
    DreamIdVConfig config = DreamIdVConfig::full();
    config.wan = kTiny;
    config.wan.inChannels = 48;
    config.wan.poseAttention = true;
    config.poseWidths = {2, 2, 2, 2};
    WeightTable recorder = WeightTable::recorder();
    (void)DreamIdV::load(recorder, config);
    std::vector<TensorInfo> listed = recorder.asked();
    const std::size_t used = listed.size();
    listed.push_back({"blocks.1.cross_attn.k_pose.weight", DType::F32, {24, 24}});
    listed.push_back({"blocks.1.cross_attn.pose_gate", DType::F32, {1}});
    WeightTable table(test::randomWeights(
        [&](WeightTable& names) {
          for (const TensorInfo& tensor : listed)
            (void)names.take(tensor.name, tensor.shape);
        },
        1));
    (void)DreamIdV::load(table, config);
    QVERIFY(table.finish().has_value());
    QCOMPARE(table.asked().size(), used);
  }

  // A per-frame or per-token timestep that is the same everywhere is the same as one timestep.
  void uniformTimesAgree() {
    const c10::NoGradGuard noGradients;
    const WanDit net = tinyWan();
    const at::Tensor x = at::linspace(-1, 1, 2 * 16 * 3 * 4 * 4).reshape({2, 16, 3, 4, 4});
    const WanPrompt prompt = net.prompt(net.embedText(at::linspace(-1, 1, 6 * 8).reshape({1, 6, 8})));
    FullAttention attention(Rope(net.config.headDim()).phases(framesFrom(0, 3), 2, 2));
    const at::Tensor t = at::tensor({937.5F, 20.0F});
    const at::Tensor once = net.forward(x, net.time(t), prompt, attention);
    const at::Tensor frames = net.forward(x, net.time(t.unsqueeze(1).expand({2, 3})), prompt, attention);
    const at::Tensor tokens = net.forward(x, net.time(t.unsqueeze(1).expand({2, 12})), prompt, attention);
    QVERIFY(at::allclose(once, frames, 1e-5, 1e-6));
    QVERIFY(at::allclose(once, tokens, 1e-5, 1e-6));
    QVERIFY(!at::allclose(once.select(0, 0), once.select(0, 1), 1e-2, 1e-2));
  }

  // Text padding is attended: other padding, other picture.
  void paddedTextCounts() {
    const c10::NoGradGuard noGradients;
    const WanDit net = tinyWan();
    const at::Tensor text = at::linspace(-1, 1, 6 * 8).reshape({1, 6, 8});
    const at::Tensor x = at::linspace(-1, 1, 16 * 4 * 4).reshape({1, 16, 1, 4, 4});
    FullAttention attention(Rope(net.config.headDim()).phases(framesFrom(0, 1), 2, 2));
    const auto with = [&](std::int64_t padding) {
      const at::Tensor padded = at::constant_pad_nd(text, {0, 0, 0, padding});
      return net.forward(x, net.time(at::tensor({500.0F})), net.prompt(net.embedText(padded)), attention);
    };
    QVERIFY(!at::allclose(with(0), with(6), 1e-3, 1e-4));
  }

  void bfloat16StaysNear() {
    const c10::NoGradGuard noGradients;
    const auto source = test::randomWeights([&](WeightTable& names) { (void)WanDit::load(names, kTiny); }, 7);
    WeightTable wide(source);
    WeightTable narrow(source, {.dtype = at::kBFloat16});
    const at::Tensor x = at::linspace(-1, 1, 16 * 3 * 4 * 4).reshape({1, 16, 3, 4, 4});
    const at::Tensor text = at::linspace(-1, 1, 6 * 8).reshape({1, 6, 8});
    FullAttention attention(Rope(kTiny.headDim()).phases(framesFrom(0, 3), 2, 2));
    const auto run = [&](const WanDit& net) {
      return net.forward(x, net.time(at::tensor({500.0F})), net.prompt(net.embedText(text)), attention);
    };
    const at::Tensor exact = run(WanDit::load(wide, kTiny));
    const at::Tensor rounded = run(WanDit::load(narrow, kTiny));
    QCOMPARE(rounded.scalar_type(), at::kFloat);
    const double error = ((exact - rounded).norm() / exact.norm()).item<double>();
    QVERIFY2(error < 0.02, qPrintable(QString::number(error)));
    QVERIFY(error > 0);
  }

  void stopsBetweenLayers() {
    const c10::NoGradGuard noGradients;
    const WanDit net = tinyWan();
    const at::Tensor x = at::zeros({1, 16, 1, 4, 4});
    const WanPrompt prompt = net.prompt(net.embedText(at::zeros({1, 2, 8})));
    FullAttention attention(Rope(net.config.headDim()).phases(framesFrom(0, 1), 2, 2));
    std::stop_source stop;
    int layers = 0;
    const Probe probe = [&](std::string_view name, const at::Tensor&) {
      if (name.ends_with("ffn_out")) {
        ++layers;
        stop.request_stop();
      }
    };
    const WanTime time = net.time(at::tensor({500.0F}));
    QVERIFY_THROWS_EXCEPTION(PassCancelled,
                             (void)net.run(net.patchify(x), time, prompt, attention, stop.get_token(), probe));
    QCOMPARE(layers, 1);
  }

  // A control model's patch embedding becomes a track model's: a picture without mask and tracks looks the same.
  void regroupedChannelsAgree() {
    WanConfig control = kTiny;
    control.inChannels = 48;
    WanDit net = tinyWan(control);
    const at::Tensor noisy = at::linspace(-1, 1, 16 * 2 * 4 * 4).reshape({1, 16, 2, 4, 4});
    const at::Tensor wish = at::linspace(2, -1, 16 * 2 * 4 * 4).reshape({1, 16, 2, 4, 4});
    const at::Tensor reference = at::linspace(0, 3, 16 * 2 * 4 * 4).reshape({1, 16, 2, 4, 4});
    const at::Tensor before = net.patchify(at::cat({noisy, wish, reference}, 1));
    net.patchWeight = regroupPatchChannels(net.patchWeight, {{0, 16}, {-1, 4}, {32, 16}, {16, 16}});
    QCOMPARE(net.patchWeight.size(1), std::int64_t{52});
    const at::Tensor mask = at::ones({1, 4, 2, 4, 4});
    const at::Tensor after = net.patchify(at::cat({noisy, mask, reference, wish}, 1));
    QVERIFY(at::allclose(before, after, 1e-5, 1e-5));
  }

  // A LoRA beside the weights moves the result and can be taken away again; what only merging can do is refused.
  void loraBesideTheWeights() {
    const c10::NoGradGuard noGradients;
    WeightTable recorder = WeightTable::recorder();
    (void)WanDit::load(recorder, kTiny);
    const auto fileFor = [&](const std::string& layer, std::int64_t in, std::int64_t out) {
      const auto tensors = test::randomWeights(
          [&](WeightTable& names) {
            (void)names.take("diffusion_model." + layer + ".lora_A.weight", {2, in});
            (void)names.take("diffusion_model." + layer + ".lora_B.weight", {out, 2});
          },
          4);
      return LoraFile::fit({tensors, "memory", {}, {}}, NetworkKind::WanDit, recorder.asked()).value();
    };
    WanDit net = tinyWan();
    const at::Tensor x = at::linspace(-1, 1, 16 * 2 * 4 * 4).reshape({1, 16, 2, 4, 4});
    FullAttention attention(Rope(kTiny.headDim()).phases(framesFrom(0, 2), 2, 2));
    const auto run = [&] {
      const WanPrompt prompt = net.prompt(net.embedText(at::linspace(-1, 1, 6 * 8).reshape({1, 6, 8})));
      return net.forward(x, net.time(at::tensor({500.0F})), prompt, attention);
    };
    const at::Tensor plain = run();
    QVERIFY(net.useLora({{fileFor("blocks.1.cross_attn.k", 24, 24), 1.0}}).has_value());
    QVERIFY(!at::allclose(run(), plain, 1e-3, 1e-4));
    const auto refused = net.useLora({{fileFor("text_embedding.0", 8, 24), 1.0}});
    QCOMPARE(refused.error().code, ErrorCode::Unsupported);
    QVERIFY(net.useLora({}).has_value());
    QVERIFY(at::equal(run(), plain));
  }

  void masks() {
    const auto row = [](const std::vector<std::int64_t>& seen) { return at::tensor(seen, at::kLong).to(at::kBool); };
    const at::Tensor causal = blockCausalMask(7, 3, true);
    // The first frame alone, then 1..3 and 4..6.
    QVERIFY(at::equal(causal[0], row({1, 0, 0, 0, 0, 0, 0})));
    QVERIFY(at::equal(causal[2], row({1, 1, 1, 1, 0, 0, 0})));
    QVERIFY(causal[6].all().item<bool>());
    const at::Tensor local = blockCausalMask(6, 2, false, 3);
    QVERIFY(at::equal(local[4], row({0, 0, 0, 1, 1, 1})));
    const at::Tensor forced = teacherForcingMask(2, 1);
    QVERIFY(at::equal(forced[3], row({1, 0, 0, 1})));
    QVERIFY(at::equal(forced[2], row({0, 0, 1, 0})));
    QVERIFY(at::equal(tokenMask(local, 2)[9], local[4].repeat_interleave(2)));
  }

  // The folded strokes are the dense map's convolution.
  void trackHeadMatchesItsDefinition() {
    const c10::NoGradGuard noGradients;
    const TrackHeadConfig config{.idDim = 8, .channels = 3, .bias = true};
    WeightTable table(test::randomWeights([&](WeightTable& names) { (void)TrackHead::load(names, config); }, 3));
    const TrackHead head = TrackHead::load(table, config);
    const std::int64_t frames = 9;
    const TrackPoints points{at::linspace(-0.2, 1.2, 2 * frames * 5 * 2).reshape({2, frames, 5, 2}),
                             at::linspace(0, 1, 2 * frames * 5).reshape({2, frames, 5}),
                             at::tensor({3, 99999, 0, 7, 7}).expand({2, 5})};
    const at::Tensor dense = at::constant_pad_nd(head.denseMap(points, 4, 6), {0, 0, 0, 0, 3, 0});
    const at::Tensor folded = at::conv3d(dense, head.fold, head.foldBias, {4, 1, 1});
    const at::Tensor expected = at::conv3d(folded, head.mix, head.mixBias);
    const at::Tensor whole = head.forward(points, 4, 6, true);
    QVERIFY(at::allclose(whole, expected, 1e-4, 1e-5));
    QVERIFY(at::allclose(head.window(points, 1, 2, 4, 6), whole.narrow(2, 1, 2), 1e-5, 1e-6));
  }
};

QTEST_APPLESS_MAIN(TestWan)
#include "tst_wan.moc"
