// SPDX-License-Identifier: Apache-2.0
// What the kernels on rows of networks promise beyond kernelcheck's formulas: the same bytes on any number of threads,
// work in place, and what happens at the ends of the numbers.
#include <QtTest>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/activation.h"
#include "kernels/check/matrix_check.h"
#include "kernels/int8_linear.h"
#include "kernels/layer_norm.h"
#include "kernels/rms_norm.h"

using namespace kinora;
using namespace kinora::kernels;
using kinora::kernels::check::noiseMatrix;
using kinora::kernels::check::Picture;
using kinora::kernels::check::Random;

namespace {

constexpr std::int32_t kColumns = 200;
constexpr std::int32_t kRows = 700; // several bands of rows

Picture<float> noise(unsigned seed) {
  Random random(seed);
  return noiseMatrix<float>(kColumns, kRows, random);
}

struct Layer {
  Picture<std::int8_t> values;
  std::vector<float> scales;
  std::vector<std::int32_t> sums;

  explicit Layer(const Picture<float>& weights, const WorkerPool& pool)
      : values(weights.width(), weights.height()), scales(static_cast<std::size_t>(weights.height())),
        sums(scales.size()) {
    quantiseWeights(weights.view(), values.view(), scales.data(), sums.data(), pool);
  }
  [[nodiscard]] Int8Weights view() const { return {values.view(), scales.data(), sums.data()}; }
};

} // namespace

class TestMatrixKernels : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void threads_data() {
    QTest::addColumn<int>("operation");
    QTest::newRow("layer norm") << 0;
    QTest::newRow("rms norm") << 1;
    QTest::newRow("silu") << 2;
    QTest::newRow("int8 linear") << 3;
  }
  void threads() {
    QFETCH(int, operation);
    const Picture<float> src = noise(1);
    const auto run = [&](const WorkerPool& pool) {
      Picture<float> dst = src;
      if (operation == 0) {
        layerNorm<float, float>(src.view(), {}, 1e-6f, dst.view(), pool);
      } else if (operation == 1) {
        rmsNormRotary<float>(src.view(), src.view().row(0), 1e-6f, {}, dst.view(), pool);
      } else if (operation == 2) {
        activate<float>(src.view(), Activation::Silu, dst.view(), pool);
      } else {
        Random random(2);
        const Layer layer(noiseMatrix<float>(kColumns, kColumns, random), pool);
        std::vector<float> scratch(int8ScratchBytes(kRows, kColumns) / sizeof(float) + 1);
        int8Linear<float>(src.view(), layer.view(), nullptr, dst.view(), scratch.data(), pool);
      }
      return dst;
    };
    const Picture<float> expected = run(WorkerPool(1));
    QVERIFY(!(expected == src));
    for (const int count : {2, 5})
      QVERIFY(run(WorkerPool(count)) == expected);
  }

  void inPlace() {
    const WorkerPool pool(2);
    const Picture<float> src = noise(3);
    Picture<float> apart(kColumns, kRows);
    Picture<float> place = src;
    layerNorm<float, float>(src.view(), {}, 1e-6f, apart.view(), pool);
    layerNorm<float, float>(place.view(), {}, 1e-6f, place.view(), pool);
    QVERIFY(place == apart);
    place = src;
    rmsNormRotary<float>(src.view(), src.view().row(0), 1e-6f, {src.view().sub({0, 0, 20, kRows}), nullptr},
                         apart.view(), pool);
    const std::vector<float> weight(src.view().row(0), src.view().row(0) + kColumns);
    rmsNormRotary<float>(place.view(), weight.data(), 1e-6f, {src.view().sub({0, 0, 20, kRows}), nullptr}, place.view(),
                         pool);
    QVERIFY(place == apart);
    place = src;
    activate<float>(src.view(), Activation::GeluTanh, apart.view(), pool);
    activate<float>(place.view(), Activation::GeluTanh, place.view(), pool);
    QVERIFY(place == apart);
  }

  // Endless numbers end in what the formulas tend to, and not-a-number stays visible.
  void endsOfNumbers() {
    const WorkerPool pool(1);
    constexpr float kInf = std::numeric_limits<float>::infinity();
    const std::vector<float> in = {0, -0.0f, kInf, -1e30f, 1e30f, -200, 200, std::nanf("")};
    std::vector<float> silu(in.size());
    const auto count = static_cast<std::int32_t>(in.size());
    for (const Activation function : {Activation::Silu, Activation::GeluTanh}) {
      activate<float>(packedView(in.data(), count, 1), function, packedView(silu.data(), count, 1), pool);
      QCOMPARE(silu[0], 0.0f);
      QCOMPARE(silu[1], 0.0f);
      QCOMPARE(silu[2], kInf);
      QCOMPARE(silu[4], 1e30f);
      QVERIFY(std::abs(silu[5]) < 1e-30f);
      QCOMPARE(silu[6], 200.0f);
      QVERIFY(std::isnan(silu[7]));
    }
  }

  void bfloatRoundsToEven() {
    QCOMPARE(fromFloat<BFloat16>(1.0f).bits, std::uint16_t{0x3f80});
    QCOMPARE(fromFloat<BFloat16>(1.00390625f).bits, std::uint16_t{0x3f80}); // half a place above 1: to the even one
    QCOMPARE(fromFloat<BFloat16>(1.01171875f).bits, std::uint16_t{0x3f82});
    QCOMPARE(fromFloat<BFloat16>(3.4e38f).bits, std::uint16_t{0x7f80});
    QVERIFY(std::isnan(toFloat(fromFloat<BFloat16>(std::nanf("")))));
  }

  // Whole numbers up to 127 pass a layer unchanged: their scale is 1.
  void int8IsExact() {
    const WorkerPool pool(2);
    constexpr std::int32_t kInputs = 130;
    Picture<float> weights(kInputs, 3);
    Picture<float> src(kInputs, 2);
    Random random(4);
    for (std::int32_t i = 0; i < kInputs; ++i) {
      for (std::int32_t o = 0; o < 3; ++o)
        weights.at(i, o) = static_cast<float>(i == 0 ? 127 : random.below(255) - 127);
      for (std::int32_t r = 0; r < 2; ++r)
        src.at(i, r) = static_cast<float>(i == 1 ? -127 : random.below(255) - 127);
    }
    const Layer layer(weights, pool);
    const std::vector<float> bias = {0.5f, -2, 1000};
    Picture<float> dst(3, 2);
    std::vector<float> scratch(int8ScratchBytes(2, kInputs) / sizeof(float) + 1);
    int8Linear<float>(src.view(), layer.view(), bias.data(), dst.view(), scratch.data(), pool);
    for (std::int32_t r = 0; r < 2; ++r)
      for (std::int32_t o = 0; o < 3; ++o) {
        long sum = 0;
        for (std::int32_t i = 0; i < kInputs; ++i)
          sum += std::lround(src.at(i, r)) * std::lround(weights.at(i, o));
        QCOMPARE(dst.at(o, r), static_cast<float>(sum) + bias[static_cast<std::size_t>(o)]);
      }
  }
};

QTEST_APPLESS_MAIN(TestMatrixKernels)
#include "tst_matrix_kernels.moc"
