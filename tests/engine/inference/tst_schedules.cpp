// SPDX-License-Identifier: Apache-2.0
#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include "engine/inference/schedules/flow_table.h"
#include "engine/inference/schedules/flow_transport_p.h"
#include "engine/inference/schedules/moving_buffer_p.h"
#include "engine/inference/schedules/noise_controller_p.h"
#include "engine/inference/schedules/schedule_p.h"
#include "engine/inference/schedules/similar_image_filter_p.h"
#include "engine/inference/schedules/stream_batch_p.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Maker {
  const char* name;
  std::function<ScheduleResult(int steps)> make;
  bool falls = true; // from noise to picture
};

std::vector<Maker> makers() {
  return {
      {"Euler", [](int n) { return makeFlowEuler({.steps = n, .shift = 5}); }},
      {"UniPC, Wan", [](int n) { return makeUniPc({.steps = n, .shift = 5}); }},
      {"UniPC, order 3", [](int n) { return makeUniPc({.steps = n, .shift = 8, .order = 3}); }},
      {"UniPC, diffusers", [](int n) { return makeUniPc({.steps = n, .shift = 3, .grid = UniPcGrid::Diffusers}); }},
      {"UniPC, B(h) = h", [](int n) { return makeUniPc({.steps = n, .shift = 5, .bh2 = false}); }},
      {"DPM-Solver++", [](int n) { return makeDpmSolver({.steps = n, .shift = 5}); }},
      {"DPM-Solver++, order 3", [](int n) { return makeDpmSolver({.steps = n, .shift = 5, .order = 3}); }},
      {"DDIM, epsilon", [](int n) { return makeDdim({.betas = {}, .steps = n, .offset = 0}); }},
      {"DDIM, v, eta 1",
       [](int n) { return makeDdim({.betas = {}, .steps = n, .offset = 0, .prediction = Prediction::V, .eta = 1}); }},
      {"DDIM inversion", [](int n) { return makeDdimInversion({.betas = {}, .steps = n, .offset = 0}); }, false},
      {"LCM",
       [](int n) { return makeLcm({.betas = {}, .steps = n, .originalSteps = 1000, .prediction = Prediction::V}); }},
  };
}

at::Tensor random(std::uint64_t seed, at::IntArrayRef shape = {1, 4, 3, 5}) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::kFloat);
}

// Walks the whole schedule with a network that is linear in x and t; also checks that nothing is NaN.
at::Tensor walk(Schedule& schedule) {
  const at::Tensor a = random(1) * 0.1;
  const at::Tensor b = random(2) * 0.1;
  at::Tensor x = random(3);
  for (int i = 0; i < schedule.steps(); ++i) {
    const at::Tensor said = a * x + b * (schedule.timesteps()[static_cast<std::size_t>(i)] / 1000);
    x = schedule.step(x, said, i, schedule.wantsNoise(i) ? random(static_cast<std::uint64_t>(i) + 4) : at::Tensor());
  }
  return x;
}

template <class T>
T must(Result<T> result) {
  if (!result)
    qFatal("%s", result.error().text().c_str());
  return std::move(*result);
}

} // namespace

class TestSchedules : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); } // tiny tensors: a second thread costs more than it gives

  void walksAnyNumberOfSteps_data() {
    QTest::addColumn<int>("maker");
    QTest::addColumn<int>("steps");
    const auto all = makers();
    for (int m = 0; m < static_cast<int>(all.size()); ++m)
      for (const int steps : {1, 2, 3, 4, 7, 14, 15, 50, 333, 1000})
        QTest::newRow(qPrintable(QStringLiteral("%1, %2 steps").arg(QLatin1String(all[m].name)).arg(steps)))
            << m << steps;
  }
  void walksAnyNumberOfSteps() {
    QFETCH(int, maker);
    QFETCH(int, steps);
    const Maker made = makers()[static_cast<std::size_t>(maker)];
    const auto schedule = must(made.make(steps));
    QCOMPARE(schedule->steps(), steps);
    const auto& sigmas = schedule->sigmas();
    QCOMPARE(sigmas.size(), static_cast<std::size_t>(steps) + 1);
    for (int i = 0; i < steps; ++i) {
      const auto k = static_cast<std::size_t>(i);
      QVERIFY(made.falls ? sigmas[k] >= sigmas[k + 1] : sigmas[k] <= sigmas[k + 1]);
      QVERIFY(schedule->timesteps()[k] >= 0 && schedule->timesteps()[k] <= 1000);
      if (i > 0)
        QVERIFY(made.falls ? schedule->timesteps()[k] <= schedule->timesteps()[k - 1]
                           : schedule->timesteps()[k] >= schedule->timesteps()[k - 1]);
    }
    const at::Tensor first = walk(*schedule);
    QVERIFY2(first.isfinite().all().item<bool>(), "a sample is not finite");
    QVERIFY2(first.abs().max().item<float>() < 1000, "the walk runs away");
    QVERIFY2(at::equal(first, walk(*schedule)), "a second walk on the same object differs");
    QVERIFY2(at::equal(first, walk(*must(made.make(steps)))), "a second object differs");
  }

  void solversAgreeInTheLimit() {
    // All solvers on flow solve the same equation: with many steps they meet.
    const at::Tensor fine = walk(*must(makeUniPc({.steps = 200, .shift = 5})));
    for (const auto& [name, other] :
         {std::pair{"order 3", makeUniPc({.steps = 200, .shift = 5, .order = 3})},
          std::pair{"diffusers", makeUniPc({.steps = 200, .shift = 5, .grid = UniPcGrid::Diffusers})},
          std::pair{"DPM", makeDpmSolver({.steps = 200, .shift = 5})}}) {
      const double distance = (walk(**other) - fine).abs().max().item<double>();
      QVERIFY2(distance < 2e-3, qPrintable(QStringLiteral("%1: %2").arg(QLatin1String(name)).arg(distance)));
    }
  }

  void goesBackWhereItCameFrom() {
    // With a network that says zero noise everywhere, inversion and sampling only scale.
    const auto back = must(makeDdimInversion({.betas = {}, .steps = 50}));
    const auto forth = must(makeDdim({.betas = {}, .steps = 50}));
    const at::Tensor start = random(7);
    at::Tensor x = start;
    for (int i = 0; i < 50; ++i)
      x = back->step(x, at::zeros_like(x), i);
    for (int i = 0; i < 50; ++i)
      x = forth->step(x, at::zeros_like(x), i);
    QVERIFY((x - start).abs().max().item<double>() < 1e-4);
  }

  void listsTheTimestepsOfTheWanGrid() {
    const auto twelve = must(makeUniPc({.steps = 12, .shift = 5}));
    const std::vector<float> wanted = {999, 981, 961, 937, 908, 874, 833, 780, 713, 624, 499, 312};
    QVERIFY(twelve->timesteps() == wanted);
    const FlowTable table = must(FlowTable::make(8));
    QCOMPARE(table.sigmas().front(), 1.0F);
    QVERIFY(std::abs(table.sigmas().back() - 0.007944F) < 1e-6F);
    QVERIFY(std::abs(table.sigmaOf(700) - 0.70023F) < 1e-5F);
    const std::vector<int> steps = {1000, 750, 500, 250, 0};
    const auto warped = must(table.warped(steps));
    QVERIFY(std::abs(warped[1] - 960) < 1e-3F && std::abs(warped[2] - 888.889F) < 1e-2F && warped[4] == 0);
  }

  void fewStepsEndOnThePrediction() {
    const auto schedule = must(makeFewStep({.steps = {1000, 500, 0}, .shift = 5}));
    const at::Tensor x = random(1);
    const at::Tensor flow = random(2);
    const at::Tensor noise = random(3);
    const at::Tensor next = schedule->step(x, flow, 0, noise);
    const float sigma = must(FlowTable::make(5)).sigmaOf(schedule->timesteps()[1]);
    QVERIFY(at::allclose(next, (1 - sigma) * (x - flow) + sigma * noise, 1e-5, 1e-6));
    QVERIFY(!schedule->wantsNoise(2));
  }

  void refusesWhatMakesNoSchedule() {
    const auto refused = [](const auto& result) {
      return !result.has_value() && result.error().code == ErrorCode::InvalidArgument &&
             !result.error().message.empty();
    };
    for (const int steps : {0, -1, 1001, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
      for (const Maker& maker : makers())
        QVERIFY2(refused(maker.make(steps)), maker.name);
    }
    for (const double shift : {0.0, -1.0, kNan, std::numeric_limits<double>::infinity(), 1e300, 1e-300}) {
      QVERIFY(refused(makeFlowEuler({.steps = 4, .shift = shift})));
      QVERIFY(refused(makeUniPc({.steps = 4, .shift = shift})));
      QVERIFY(refused(makeDpmSolver({.steps = 4, .shift = shift})));
      QVERIFY(refused(makeFewStep({.shift = shift})));
      QVERIFY(refused(FlowTable::make(shift)));
      QVERIFY(refused(MovingBuffer::make({.shift = shift})));
    }
    for (const int order : {0, 4, -2}) {
      QVERIFY(refused(makeUniPc({.order = order})));
      QVERIFY(refused(makeDpmSolver({.order = order})));
    }
    for (const std::vector<int>& steps : {std::vector<int>{}, {500, 1000}, {500, 500}, {1001}, {-1}, {1000, 500, 500}})
      QVERIFY(refused(makeFewStep({.steps = steps})));
    QVERIFY(refused(makeDdim({.betas = {}, .steps = 1000, .offset = 1})));
    QVERIFY(refused(makeDdim({.betas = {}, .offset = -1})));
    for (const double eta : {-0.1, 1.1, kNan})
      QVERIFY(refused(makeDdim({.betas = {}, .eta = eta})));
    for (const BetaConfig& betas : {BetaConfig{0, 0.01}, BetaConfig{0.02, 0.01}, BetaConfig{0.01, 1},
                                    BetaConfig{kNan, 0.01}, BetaConfig{0.5, 0.9, false}})
      QVERIFY(refused(makeDdim({.betas = betas})));
    QVERIFY(refused(makeLcm({.betas = {}, .steps = 51})));
    QVERIFY(refused(makeLcm({.betas = {}, .originalSteps = 1001})));
    QVERIFY(refused(makeLcm({.betas = {}, .timestepScaling = kNan})));
    for (const std::vector<int>& indices : {std::vector<int>{}, {45, 32}, {32, 32}, {50}, {-1}})
      QVERIFY(refused(StreamBatch::make({.betas = {}, .stepIndices = indices})));
    QVERIFY(refused(StreamBatch::make({.betas = {}, .pictures = 0})));
    QVERIFY(refused(StreamBatch::make({.betas = {}, .guidanceScale = kNan})));
    QVERIFY(refused(MovingBuffer::make({.chunks = 0})));
    QVERIFY(refused(MovingBuffer::make({.referenceFrames = -1})));
    QVERIFY(refused(MovingBuffer::make({.chunks = 1000, .microSteps = 1000})));
    QVERIFY(refused(NoiseController::make(kNan)));
    QVERIFY(refused(SimilarImageFilter::make(kNan)));
    QVERIFY(refused(SimilarImageFilter::make(0.98, -1)));
  }

  void refusesStepsOutOfTurn() {
    const auto schedule = must(makeUniPc({.steps = 4}));
    const at::Tensor x = random(1);
    QVERIFY_EXCEPTION_THROWN((void)schedule->step(x, x, 1), std::invalid_argument);
    (void)schedule->step(x, x, 0);
    QVERIFY_EXCEPTION_THROWN((void)schedule->step(x, x, 2), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)schedule->step(x, x, -1), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)schedule->step(x, x.slice(1, 1), 1), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)schedule->step(x, {}, 1), std::invalid_argument);
    const auto lcm = must(makeLcm({.betas = {}}));
    QVERIFY_EXCEPTION_THROWN((void)lcm->step(x, x, 0), std::invalid_argument);
    QVERIFY((void(lcm->step(x, x, 0, x)), true));
  }

  void mixesWithOneTimestepForEachFrame() {
    const FlowTable table = must(FlowTable::make(5));
    const FlowTransport transport(table, at::kCPU);
    const at::Tensor clean = random(1, {2, 3, 4, 5, 6});
    const at::Tensor noise = random(2, {2, 3, 4, 5, 6});
    const at::Tensor t = at::tensor({1000.0F, 937.5F, 0.0F, 625.0F, 12.0F, 500.0F}).reshape({2, 3});
    const at::Tensor noisy = transport.addNoise(clean, noise, t);
    QVERIFY(at::equal(noisy[0][0], noise[0][0]));
    QVERIFY(at::allclose(transport.clean(noise - clean, noisy, t), clean, 1e-4, 1e-5));
    QVERIFY(at::allclose(transport.flow(clean, noisy, t), noise - clean, 1e-3, 1e-3));
    QVERIFY_EXCEPTION_THROWN((void)transport.addNoise(clean, noise, t.flatten()), std::invalid_argument);
    for (float query = 0; query <= 1000; query += 0.37F) {
      const at::Tensor index = transport.lookup(at::tensor({query}));
      QCOMPARE(static_cast<std::size_t>(index.item<std::int64_t>()), table.nearest(query));
    }
  }

  void streamBatchDelaysByItsSteps() {
    // A network that says "no noise" makes x0 a multiple of the picture: the picture that left is the one that entered
    // three calls before.
    StreamBatch batch = must(StreamBatch::make(
        {.betas = {}, .stepIndices = {10, 20, 30, 40}, .guidance = StreamGuidance::None, .addNoise = false}));
    batch.start(random(1, {4, 4, 2, 3}));
    QVERIFY_EXCEPTION_THROWN((void)batch.leave(random(2, {4, 4, 2, 3})), std::logic_error);
    std::vector<at::Tensor> entered;
    for (std::uint64_t tick = 0; tick < 12; ++tick) {
      entered.push_back(random(tick + 5, {1, 4, 2, 3}));
      const at::Tensor& rows = batch.enter(entered.back());
      QCOMPARE(rows.size(0), 4);
      QVERIFY_EXCEPTION_THROWN((void)batch.enter(entered.back()), std::logic_error);
      const at::Tensor left = batch.leave(at::zeros_like(rows));
      if (tick < 3)
        continue;
      const at::Tensor& origin = entered[tick - 3];
      const double ratio = (left * origin).sum().item<double>() / origin.square().sum().item<double>();
      QVERIFY((left - origin * ratio).abs().max().item<double>() < 1e-4 * std::abs(ratio) + 1e-6);
    }
  }

  void streamBatchTakesSeveralPictures() {
    // Two pictures a call are two streams beside each other.
    StreamBatchConfig config{.betas = {}, .stepIndices = {22, 32, 45}, .guidance = StreamGuidance::OneTimeNegative};
    const at::Tensor noise = random(1, {3, 4, 2, 3});
    StreamBatch one = must(StreamBatch::make(config));
    config.pictures = 2;
    StreamBatch two = must(StreamBatch::make(config));
    one.start(noise);
    two.start(noise.repeat_interleave(2, 0));
    QCOMPARE(two.rowTimesteps().size(), std::size_t(8));
    for (std::uint64_t tick = 0; tick < 6; ++tick) {
      const at::Tensor picture = random(tick + 10, {1, 4, 2, 3});
      const at::Tensor other = one.leave(one.enter(one.noisy(picture)).mul(0.3));
      const at::Tensor both = two.leave(two.enter(two.noisy(picture.repeat({2, 1, 1, 1}))).mul(0.3));
      QVERIFY(at::allclose(both.narrow(0, 0, 1), other, 1e-5, 1e-6));
      QVERIFY(at::allclose(both.narrow(0, 1, 1), other, 1e-5, 1e-6));
    }
  }

  void movingBufferShowsEveryFrameAllSteps_data() {
    QTest::addColumn<int>("reference");
    QTest::addColumn<int>("chunks");
    QTest::addColumn<int>("frames");
    QTest::addColumn<int>("micro");
    QTest::newRow("diagonal") << 0 << 8 << 1 << 1;
    QTest::newRow("uniform") << 0 << 1 << 8 << 4;
    QTest::newRow("mixed") << 3 << 4 << 2 << 3;
    QTest::newRow("reference shorter than a chunk") << 1 << 2 << 4 << 2;
  }
  void movingBufferShowsEveryFrameAllSteps() {
    QFETCH(int, reference);
    QFETCH(int, chunks);
    QFETCH(int, frames);
    QFETCH(int, micro);
    const MovingBuffer partition = must(MovingBuffer::make(
        {.referenceFrames = reference, .chunks = chunks, .chunkFrames = frames, .microSteps = micro, .shift = 5}));
    QCOMPARE(partition.totalSteps(), chunks * micro);
    QCOMPARE(partition.sigmas().front(), 1.0F);
    QCOMPARE(partition.sigmas().back(), 0.0F);
    const auto before = partition.frameSigmas(0);
    QCOMPARE(static_cast<int>(before.size()), partition.frames());
    QVERIFY(std::is_sorted(before.begin() + reference, before.end()));
    QVERIFY(std::all_of(before.begin(), before.begin() + reference, [](float s) { return s == 0; }));
    QCOMPARE(before.back(), 1.0F);
    QCOMPARE(partition.frameSigmas(micro)[static_cast<std::size_t>(reference)], 0.0F);

    // A network that knows the true flow: noise n enters as n and leaves as the clean frame c. Frame i carries n = i.
    at::Tensor noises = at::arange(partition.frames(), at::kFloat).reshape({-1, 1});
    at::Tensor buffer = noises.clone();
    buffer.narrow(0, 0, reference).zero_();
    float next = static_cast<float>(partition.frames());
    std::vector<float> out;
    for (int round = 0; round < 3 * chunks; ++round) {
      for (int m = 0; m < micro; ++m)
        partition.step(buffer, noises, m); // clean frames are 0: flow = noise
      const at::Tensor fresh = at::arange(next, next + static_cast<float>(frames), at::kFloat).reshape({-1, 1});
      next += static_cast<float>(frames);
      const at::Tensor left = partition.advance(buffer, fresh);
      QCOMPARE(left.size(0), frames);
      (void)partition.advance(noises, fresh);
      if (round >= chunks - 1)
        QVERIFY2(left.abs().max().item<float>() < 1e-3F, "a frame left without having seen all steps");
    }
  }

  void noiseFollowsMotion() {
    NoiseController controller = must(NoiseController::make(0.8));
    QCOMPARE(controller.current().step, 700);
    for (int i = 0; i < 50; ++i)
      (void)controller.update(0);
    QVERIFY(std::abs(controller.current().scale - 0.8) < 1e-9);
    for (int i = 0; i < 50; ++i)
      (void)controller.update(1);
    QVERIFY(std::abs(controller.current().scale - 0.7) < 1e-9);
    NoiseController quiet = must(NoiseController::make(0.02));
    QCOMPARE(quiet.update(1).step, 0); // never negative
    const at::Tensor still = random(1, {1, 3, 1, 8, 8}).expand({1, 3, 5, 8, 8});
    QCOMPARE(motionOf(still), 0.0F);
    QCOMPARE(motionOf(at::stack({at::zeros({1, 3, 8, 8}), at::ones({1, 3, 8, 8})}, 2)), 1.0F);
    QVERIFY_EXCEPTION_THROWN((void)motionOf(at::zeros({1, 3, 1, 8, 8})), std::invalid_argument);
  }

  void similarPicturesAreSkippedButNotForEver() {
    SimilarImageFilter filter = must(SimilarImageFilter::make(0.98, 10));
    const at::Tensor picture = at::rand({3, 8, 8});
    QVERIFY(filter.keep(picture, 0.5));
    int skipped = 0;
    while (!filter.keep(picture, 0.5))
      ++skipped;
    QCOMPARE(skipped, 11);
    QVERIFY(filter.keep(-picture, 0.5));
    SimilarImageFilter open = must(SimilarImageFilter::make(1));
    for (int i = 0; i < 30; ++i)
      QVERIFY(open.keep(picture, 0.01));
  }
};

QTEST_APPLESS_MAIN(TestSchedules)
#include "tst_schedules.moc"
