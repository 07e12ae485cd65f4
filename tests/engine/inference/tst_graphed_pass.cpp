// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include <ATen/ATen.h>

#include "engine/inference/cuda/cuda_graphs_p.h"
#include "engine/inference/networks/attention_kernels_p.h"
#include "engine/inference/networks/cancelled_p.h"
#include "engine/inference/streaming/graphed_pass_p.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

using Launches = std::vector<std::function<void()>>;

// A device that can record, played on the processor: what is launched while it records is kept and not computed, and
// replaying computes it in the memory it was recorded with.
struct PlayedDevice {
  Launches* recording = nullptr;
  int graphsAlive = 0;
  int recordCalls = 0;
  std::optional<Error> recordFails, replayFails;

  void launch(std::function<void()> work) const {
    if (recording)
      recording->push_back(std::move(work));
    else
      work();
  }
};

class PlayedGraph final : public RecordedGraph {
 public:
  PlayedGraph(PlayedDevice& device, Launches launches) : device_(device), launches_(std::move(launches)) {
    ++device_.graphsAlive;
  }
  ~PlayedGraph() override { --device_.graphsAlive; }
  PlayedGraph(const PlayedGraph&) = delete;
  PlayedGraph& operator=(const PlayedGraph&) = delete;

  Result<void> replay() override {
    if (device_.replayFails)
      return tl::unexpected<Error>(*device_.replayFails);
    for (const auto& launch : launches_)
      launch();
    return {};
  }

 private:
  PlayedDevice& device_;
  Launches launches_;
};

class PlayedRecorder final : public GraphRecorder {
 public:
  explicit PlayedRecorder(PlayedDevice& played, at::Device device = at::kCPU) : played_(played), device_(device) {}
  at::Device device() const override { return device_; }

  Result<std::unique_ptr<RecordedGraph>> record(const std::function<void()>& work, int warmUps) override {
    ++played_.recordCalls;
    if (played_.recordFails)
      return tl::unexpected<Error>(*played_.recordFails);
    for (int i = 0; i < warmUps; ++i)
      work();
    Launches launches;
    struct Recording {
      PlayedDevice& device;
      ~Recording() { device.recording = nullptr; }
    } const recording{played_};
    played_.recording = &launches;
    work();
    return std::make_unique<PlayedGraph>(played_, std::move(launches));
  }

 private:
  PlayedDevice& played_;
  at::Device device_;
};

// 2 x + w, and + y where y is defined; a second result that is never there.
struct Model {
  PlayedDevice device;
  at::Tensor w = at::full({1}, 5.0F);
  int calls = 0;
  std::function<void(int call)> duringCall = [](int) {};

  std::vector<at::Tensor> pass(const std::vector<at::Tensor>& inputs) {
    duringCall(++calls);
    at::Tensor out = at::zeros_like(inputs[0]);
    device.launch([out, x = inputs[0], bias = w]() mutable { out.copy_(x * 2 + bias); });
    if (inputs[1].defined())
      device.launch([out, y = inputs[1]]() mutable { out.add_(y); });
    return {out, at::Tensor()};
  }

  [[nodiscard]] at::Tensor expected(const at::Tensor& x, const at::Tensor& y) const {
    const at::Tensor sum = x * 2 + w;
    return y.defined() ? sum + y : sum;
  }

  [[nodiscard]] GraphedPass graphed(GraphedPass::Options options = {}) {
    return {[this](const auto& inputs) { return pass(inputs); }, std::make_shared<PlayedRecorder>(device), options};
  }
};

const at::Tensor kNothing;

at::Tensor ramp(float start, std::int64_t size = 4) {
  return at::arange(size).to(at::kFloat) + start;
}

class TestGraphedPass : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void givesTheEagerResultsAndCapturesOnce();
  void takesInputsOfAnyLayout();
  void keepsKeysApart();
  void dropsTheOneUnusedForLongest();
  void capturesAgainWhenBoundTensorsMove();
  void staysEagerWithoutARecorder();
  void asksOnceForWhatCannotBeRecorded();
  void survivesAnOperatorThatCannotBeRecorded();
  void staysEagerAfterAFailedReplay();
  void staysEagerForInputsElsewhere();
  void keepsNothingOfACancelledCapture_data();
  void keepsNothingOfACancelledCapture();
  void saysWhyThereAreNoCudaGraphs();
  void choosesAttentionKernelsForAWhile();
};

void TestGraphedPass::givesTheEagerResultsAndCapturesOnce() {
  Model model;
  GraphedPass graphed = model.graphed({.warmUps = 3});
  std::vector<at::Tensor> results;
  for (int i = 0; i < 4; ++i) {
    const std::vector<at::Tensor> out = graphed.run({ramp(float(i)), ramp(float(10 * i))}, {});
    QCOMPARE(out.size(), std::size_t(2));
    QVERIFY(!out[1].defined());
    results.push_back(out[0]);
  }
  for (int i = 0; i < 4; ++i) // later runs left the earlier results alone
    QVERIFY(at::equal(results[std::size_t(i)], model.expected(ramp(float(i)), ramp(float(10 * i)))));
  QCOMPARE(model.calls, 3 + 1);
  QCOMPARE(graphed.stats().captures, 1);
  QCOMPARE(graphed.stats().replays, 4);
  QCOMPARE(graphed.stats().eagerPasses, 0);
  QVERIFY(graphed.stats().whyEager.empty());
}

void TestGraphedPass::takesInputsOfAnyLayout() {
  Model model;
  GraphedPass graphed = model.graphed();
  const at::Tensor x = at::arange(6).to(at::kFloat).reshape({2, 3}).t();
  for (const at::Tensor& input : {x, x.contiguous(), at::ones({1, 2}).expand({3, 2})})
    QVERIFY(at::equal(graphed.run({input, kNothing}, {})[0], model.expected(input, kNothing)));
  QCOMPARE(graphed.stats().captures, 1);
}

void TestGraphedPass::keepsKeysApart() {
  Model model;
  GraphedPass graphed = model.graphed();
  for (int round = 0; round < 2; ++round) {
    for (const PassVariant& variant :
         {PassVariant{0, at::kFloat}, PassVariant{1, at::kFloat}, PassVariant{0, at::kHalf}})
      QVERIFY(at::equal(graphed.run({ramp(2), ramp(1)}, variant)[0], model.expected(ramp(2), ramp(1))));
    QVERIFY(at::equal(graphed.run({ramp(2), kNothing}, {})[0], model.expected(ramp(2), kNothing)));
    QVERIFY(at::equal(graphed.run({ramp(2, 6), kNothing}, {})[0], model.expected(ramp(2, 6), kNothing)));
    const at::Tensor wide = ramp(2).to(at::kDouble);
    QVERIFY(at::equal(graphed.run({wide, kNothing}, {})[0], model.expected(wide, kNothing)));
  }
  QCOMPARE(graphed.stats().captures, 6);
  QCOMPARE(graphed.stats().replays, 12);
  QCOMPARE(model.device.graphsAlive, 6);
}

void TestGraphedPass::dropsTheOneUnusedForLongest() {
  Model model;
  GraphedPass graphed = model.graphed({.limit = 2});
  const auto run = [&](std::int64_t bucket) { (void)graphed.run({ramp(0), kNothing}, {.bucket = bucket}); };
  run(0);
  run(1);
  run(0);
  run(2); // 1 goes
  QCOMPARE(graphed.stats().evictions, 1);
  QCOMPARE(model.device.graphsAlive, 2);
  run(0);
  QCOMPARE(graphed.stats().captures, 3);
  run(1);
  QCOMPARE(graphed.stats().captures, 4);
  QCOMPARE(graphed.stats().evictions, 2);
}

void TestGraphedPass::capturesAgainWhenBoundTensorsMove() {
  Model model;
  GraphedPass graphed = model.graphed();
  const auto right = [&] {
    return at::equal(graphed.run({ramp(1), kNothing}, {})[0], model.expected(ramp(1), kNothing));
  };
  graphed.bind({model.w, kNothing});
  QVERIFY(right());
  model.w.fill_(7); // merged in place: the graph reads the new values
  graphed.bind({model.w, kNothing});
  QVERIFY(right());
  QCOMPARE(graphed.stats().captures, 1);

  model.w = at::full({1}, 9.0F); // a new prompt, other weights
  graphed.bind({model.w, kNothing});
  QCOMPARE(model.device.graphsAlive, 0);
  QVERIFY(right());
  QCOMPARE(graphed.stats().captures, 2);

  graphed.bind({model.w}); // a LoRA went
  QVERIFY(right());
  graphed.invalidate();
  QCOMPARE(model.device.graphsAlive, 0);
  graphed.invalidate(); // nothing to drop
  QVERIFY(right());
  QCOMPARE(graphed.stats().captures, 4);
  QCOMPARE(graphed.stats().invalidations, 3);
}

void TestGraphedPass::staysEagerWithoutARecorder() {
  Model model;
  GraphedPass graphed([&](const auto& inputs) { return model.pass(inputs); },
                      fail(ErrorCode::Device, "there is no device"), {});
  QVERIFY(at::equal(graphed.run({ramp(1), ramp(2)}, {})[0], model.expected(ramp(1), ramp(2))));
  QCOMPARE(model.calls, 1);
  QCOMPARE(graphed.stats().eagerPasses, 1);
  QCOMPARE(graphed.stats().whyEager, std::string("there is no device"));
}

void TestGraphedPass::asksOnceForWhatCannotBeRecorded() {
  Model model;
  model.device.recordFails = Error{ErrorCode::Device, "not this one", {}};
  GraphedPass graphed = model.graphed();
  for (int i = 0; i < 3; ++i)
    QVERIFY(at::equal(graphed.run({ramp(1), kNothing}, {})[0], model.expected(ramp(1), kNothing)));
  QCOMPARE(model.device.recordCalls, 1);
  QCOMPARE(model.calls, 3);
  QCOMPARE(graphed.stats().eagerPasses, 3);
  QCOMPARE(graphed.stats().whyEager, std::string("not this one"));
  model.device.recordFails.reset();
  graphed.invalidate();
  QVERIFY(at::equal(graphed.run({ramp(1), kNothing}, {})[0], model.expected(ramp(1), kNothing)));
  QCOMPARE(graphed.stats().captures, 1);
}

void TestGraphedPass::survivesAnOperatorThatCannotBeRecorded() {
  Model model;
  model.duringCall = [&](int) { TORCH_CHECK(!model.device.recording, "this looks at values"); };
  GraphedPass graphed = model.graphed();
  for (int i = 0; i < 2; ++i)
    QVERIFY(at::equal(graphed.run({ramp(1), kNothing}, {})[0], model.expected(ramp(1), kNothing)));
  QCOMPARE(model.device.recordCalls, 1);
  QCOMPARE(graphed.stats().captures, 0);
  QCOMPARE(graphed.stats().eagerPasses, 2);
  QVERIFY(graphed.stats().whyEager.find("this looks at values") != std::string::npos);
}

void TestGraphedPass::staysEagerAfterAFailedReplay() {
  Model model;
  GraphedPass graphed = model.graphed();
  (void)graphed.run({ramp(1), kNothing}, {});
  model.device.replayFails = Error{ErrorCode::Device, "it did not start", {}};
  for (int i = 0; i < 2; ++i)
    QVERIFY(at::equal(graphed.run({ramp(3), kNothing}, {})[0], model.expected(ramp(3), kNothing)));
  QCOMPARE(model.device.graphsAlive, 0);
  QCOMPARE(graphed.stats().replays, 1);
  QCOMPARE(graphed.stats().eagerPasses, 2);
  QCOMPARE(graphed.stats().whyEager, std::string("it did not start"));
}

void TestGraphedPass::staysEagerForInputsElsewhere() {
  Model model;
  GraphedPass graphed([&](const auto& inputs) { return model.pass(inputs); },
                      std::make_shared<PlayedRecorder>(model.device, at::kMeta), {});
  QVERIFY(at::equal(graphed.run({ramp(1), kNothing}, {})[0], model.expected(ramp(1), kNothing)));
  QCOMPARE(model.device.recordCalls, 0);
  QVERIFY(graphed.stats().whyEager.find("cpu") != std::string::npos);
}

void TestGraphedPass::keepsNothingOfACancelledCapture_data() {
  QTest::addColumn<int>("call");
  QTest::newRow("first warm-up") << 1;
  QTest::newRow("second warm-up") << 2;
  QTest::newRow("while recording") << 3;
}

void TestGraphedPass::keepsNothingOfACancelledCapture() {
  QFETCH(int, call);
  Model model;
  std::stop_source source;
  model.duringCall = [&](int now) {
    if (now == call)
      source.request_stop();
    throwIfStopped(source.get_token());
  };
  GraphedPass graphed = model.graphed({.warmUps = 2});
  QVERIFY_EXCEPTION_THROWN((void)graphed.run({ramp(1), kNothing}, {}), PassCancelled);
  QCOMPARE(model.calls, call);
  QCOMPARE(model.device.graphsAlive, 0);
  QCOMPARE(graphed.stats().captures, 0);
  QCOMPARE(graphed.stats().eagerPasses, 0);

  source = {};
  model.duringCall = [](int) {};
  QVERIFY(at::equal(graphed.run({ramp(1), kNothing}, {})[0], model.expected(ramp(1), kNothing)));
  QCOMPARE(graphed.stats().captures, 1);
  QCOMPARE(graphed.stats().replays, 1);
}

void TestGraphedPass::saysWhyThereAreNoCudaGraphs() {
  Model model;
  Result<std::shared_ptr<CudaGraphs>> none = CudaGraphs::open(-1); // no machine has it
  QVERIFY(!none);
  QCOMPARE(none.error().code, ErrorCode::Device);
  GraphedPass graphed([&](const auto& inputs) { return model.pass(inputs); }, none, {});
  (void)graphed.run({ramp(1), kNothing}, {});
  QCOMPARE(graphed.stats().whyEager, none.error().text());
}

void TestGraphedPass::choosesAttentionKernelsForAWhile() {
  at::Context& context = at::globalContext();
  const auto before = context.sDPPriorityOrder();
  const bool flash = context.userEnabledFlashSDP();
  context.setSDPUseFlash(false);
  context.setSDPUseCuDNN(true);
  {
    const AttentionKernels outer;
    { const AttentionKernels inner; }
    QVERIFY(context.userEnabledFlashSDP() && context.userEnabledMemEfficientSDP() && context.userEnabledMathSDP());
    QVERIFY(!context.userEnabledCuDNNSDP());
    QCOMPARE(context.sDPPriorityOrder()[0], at::SDPBackend::flash_attention);
    QCOMPARE(context.sDPPriorityOrder()[2], at::SDPBackend::math);
  }
  QVERIFY(!context.userEnabledFlashSDP());
  QVERIFY(context.userEnabledCuDNNSDP());
  QVERIFY(context.sDPPriorityOrder() == before);
  context.setSDPUseFlash(flash);
}

} // namespace

QTEST_APPLESS_MAIN(TestGraphedPass)
#include "tst_graphed_pass.moc"
