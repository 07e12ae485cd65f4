// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <algorithm>
#include <map>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/clip_text_p.h"
#include "engine/inference/networks/clip_vision_p.h"
#include "engine/inference/networks/sd_unet_p.h"
#include "engine/inference/networks/umt5_p.h"
#include "engine/inference/weights/key_map_p.h"
#include "tests/engine/inference/key_table.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

Umt5Config smallUmt5() {
  return {.vocabulary = 90, .width = 32, .attentionWidth = 48, .feedForward = 64, .heads = 3, .layers = 3};
}

SdUnetConfig smallUnet(bool linear) {
  SdUnetConfig config;
  config.channels = {16, 32, 32, 32};
  config.heads = {1, 2, 2, 4};
  config.textWidth = 24;
  config.normGroups = 8;
  config.linearProjection = linear;
  return config;
}

template <class Network, class Load>
Network made(const Load& load, std::uint64_t seed, at::ScalarType type = at::kFloat) {
  WeightTable table(test::randomWeights([&](WeightTable& recorder) { static_cast<void>(load(recorder)); }, seed),
                    {.dtype = type});
  Network network = load(table);
  const auto complete = table.finish();
  Q_ASSERT(complete.has_value());
  return network;
}

Umt5Encoder umt5(at::ScalarType type = at::kFloat) {
  return made<Umt5Encoder>([](WeightTable& table) { return Umt5Encoder::load(table, smallUmt5()); }, 3, type);
}
SdUnet unet(bool linear, at::ScalarType type = at::kFloat) {
  return made<SdUnet>([&](WeightTable& table) { return SdUnet::load(table, smallUnet(linear)); }, 5, type);
}

at::Tensor numbers(at::IntArrayRef shape, std::int64_t seed) { // the same everywhere, no generator
  std::int64_t count = 1;
  for (const std::int64_t extent : shape)
    count *= extent;
  return at::sin(at::arange(count, at::kDouble) * 12.9898 + static_cast<double>(seed))
      .mul_(1.4)
      .to(at::kFloat)
      .view(shape);
}

double distance(const at::Tensor& a, const at::Tensor& b) { // relative to the size of b
  return ((a.to(at::kDouble) - b.to(at::kDouble)).norm() / b.to(at::kDouble).norm()).item<double>();
}

double largest(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

template <class Load>
std::vector<TensorInfo> asked(const Load& load) {
  WeightTable table = WeightTable::recorder();
  static_cast<void>(load(table));
  return table.asked();
}

std::vector<TensorInfo> tensorsOf(const std::map<std::string, std::vector<std::int64_t>>& table) {
  std::vector<TensorInfo> tensors;
  for (const auto& [name, shape] : table)
    tensors.push_back({name, DType::F32, shape});
  return tensors;
}

} // namespace

class TestTextNetworks : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); } // small tensors: threads would only wait for each other
  void asksForTheTensorsOfThePublicFiles_data();
  void asksForTheTensorsOfThePublicFiles();
  void countsTheParametersOfThePublicFiles();
  void bucketsOfDistances();
  void aPromptDoesNotDependOnItsNeighbours();
  void umt5IsDeterministic();
  void umt5InShortTypesStaysClose();
  void clipTextLooksBackwardsOnly();
  void clipTextTakesTheFirstEnd();
  void clipInShortTypesStaysClose();
  void visionTakesAnySize();
  void unetTakesOddSizes();
  void unetRowsAreIndependent();
  void unetInShortTypesStaysClose();
  void hooksThatDoNothingChangeNothing();
  void hooksReplaceMaps();
  void hooksSeeEverySiteOnce();
};

void TestTextNetworks::asksForTheTensorsOfThePublicFiles_data() {
  QTest::addColumn<QString>("table");
  for (const char* table : {"umt5_xxl", "sd15_text", "sd21_text", "sd15_unet", "sd21_unet"})
    QTest::newRow(table) << table;
}

// The published files, seen through the key map, hold exactly what the networks ask for.
void TestTextNetworks::asksForTheTensorsOfThePublicFiles() {
  QFETCH(QString, table);
  const auto load = [&](WeightTable& recorder) {
    if (table == "umt5_xxl")
      static_cast<void>(Umt5Encoder::load(recorder));
    else if (table == "sd15_text")
      static_cast<void>(ClipText::load(recorder));
    else if (table == "sd21_text")
      static_cast<void>(ClipText::loadOpenClip(recorder, ClipTextConfig::openClipH()));
    else
      static_cast<void>(SdUnet::load(recorder, table == "sd21_unet" ? SdUnetConfig::sd21() : SdUnetConfig()));
    return 0;
  };
  const NetworkKind kind = table == "umt5_xxl"    ? NetworkKind::Umt5
                           : table == "sd15_text" ? NetworkKind::ClipText
                           : table == "sd21_text" ? NetworkKind::OpenClipText
                                                  : NetworkKind::SdUnet;
  const auto published = test::keyTable(table.toStdString());
  QVERIFY2(!published.empty(), "the key table is in tests/golden/keys");
  const auto source = withOriginalKeys(test::namesOnly(tensorsOf(published)), kind);
  std::map<std::string, std::vector<std::int64_t>> original;
  for (const TensorInfo& tensor : source->tensors())
    original[tensor.name] = tensor.shape;
  const std::string unlike = test::firstDifference(asked(load), original);
  QVERIFY2(unlike.empty(), unlike.c_str());
}

void TestTextNetworks::countsTheParametersOfThePublicFiles() {
  const auto expect = [](const std::vector<TensorInfo>& found, std::size_t tensors, std::uint64_t parameters) {
    QCOMPARE(found.size(), tensors);
    QCOMPARE(test::parameters(found), parameters);
  };
  expect(asked([](WeightTable& t) { return Umt5Encoder::load(t); }), 242, 5'680'910'336);
  expect(asked([](WeightTable& t) { return ClipText::load(t); }), 196, 123'060'480);
  // Joined queries, keys and values: four tensors a layer fewer than in transformers' files, the same numbers.
  expect(asked([](WeightTable& t) { return ClipText::loadOpenClip(t, ClipTextConfig::openClipH()); }), 372 - 23 * 4,
         340'387'840);
  expect(asked([](WeightTable& t) { return ClipVision::load(t); }), 389, 630'763'520);
  expect(asked([](WeightTable& t) { return SdUnet::load(t); }), 686, 859'520'964);
  expect(asked([](WeightTable& t) { return SdUnet::load(t, SdUnetConfig::sd21()); }), 686, 865'910'724);
  SdUnetConfig inpainting;
  inpainting.inChannels = 9;
  expect(asked([&](WeightTable& t) { return SdUnet::load(t, inpainting); }), 686, 859'535'364);
}

void TestTextNetworks::bucketsOfDistances() {
  const auto bucket = [](std::int64_t d) { return relativePositionBucket(d, 32, 128); };
  for (std::int64_t d = 0; d < 8; ++d) {
    QCOMPARE(bucket(-d), d);
    QCOMPARE(bucket(d), d == 0 ? 0 : 16 + d);
  }
  // 8 · 16^(k/8) for k = 1 … 7: the first distance of each wide bucket.
  QCOMPARE(bucket(-8), 8);
  QCOMPARE(bucket(-11), 8);
  QCOMPARE(bucket(-12), 9);
  QCOMPARE(bucket(-16), 10);
  QCOMPARE(bucket(-32), 12);
  QCOMPARE(bucket(-64), 14);
  QCOMPARE(bucket(-127), 15);
  QCOMPARE(bucket(-100'000), 15);
  QCOMPARE(bucket(100'000), 31);
}

void TestTextNetworks::aPromptDoesNotDependOnItsNeighbours() {
  const c10::NoGradGuard noGradients;
  const Umt5Encoder encoder = umt5();
  const std::vector<std::vector<std::int64_t>> prompts = {{5, 9, 33, 1}, {1}, {7, 8, 7, 8, 7, 8, 20, 41, 1}};
  const std::int64_t length = 14;
  at::Tensor ids = at::zeros({3, length}, at::kLong);
  at::Tensor mask = at::zeros({3, length}, at::kLong);
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    const auto count = static_cast<std::int64_t>(prompts[row].size());
    ids[static_cast<std::int64_t>(row)].narrow(0, 0, count).copy_(at::tensor(prompts[row], at::kLong));
    mask[static_cast<std::int64_t>(row)].narrow(0, 0, count).fill_(1);
  }
  const at::Tensor batch = encoder.forward(ids, mask);
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    const auto count = static_cast<std::int64_t>(prompts[row].size());
    const at::Tensor alone = encoder.encode(prompts[row]);
    QCOMPARE(alone.size(0), count);
    QVERIFY(largest(batch[static_cast<std::int64_t>(row)].narrow(0, 0, count), alone) < 1e-5);
    const at::Tensor padded = zeroPaddedPrompt(alone, length);
    QCOMPARE(padded.size(0), length);
    QCOMPARE(padded.narrow(0, count, length - count).abs().sum().item<double>(), 0.0);
  }
  // What stands in the padding does not matter.
  const at::Tensor other = ids + (1 - mask) * 17;
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    const auto at = static_cast<std::int64_t>(row);
    const auto count = static_cast<std::int64_t>(prompts[row].size());
    QVERIFY(largest(encoder.forward(other, mask)[at].narrow(0, 0, count), batch[at].narrow(0, 0, count)) < 1e-6);
  }
}

void TestTextNetworks::umt5IsDeterministic() {
  const c10::NoGradGuard noGradients;
  QVERIFY(at::equal(umt5().encode({4, 5, 6, 1}), umt5().encode({4, 5, 6, 1})));
}

void TestTextNetworks::umt5InShortTypesStaysClose() {
  const c10::NoGradGuard noGradients;
  const std::vector<std::int64_t> prompt = {4, 50, 61, 12, 80, 3, 1};
  const at::Tensor exact = umt5().encode(prompt);
  const at::Tensor brain = umt5(at::kBFloat16).encode(prompt);
  QCOMPARE(brain.scalar_type(), at::kBFloat16);
  QVERIFY2(distance(brain, exact) < 0.03, qPrintable(QString::number(distance(brain, exact))));
  const at::Tensor half = umt5(at::kHalf).encode(prompt);
  QVERIFY2(distance(half, exact) < 0.005, qPrintable(QString::number(distance(half, exact))));
}

namespace {
ClipTextConfig smallClip() {
  return {.vocabulary = 60, .positions = 12, .width = 32, .feedForward = 64, .heads = 4, .layers = 3, .endOfText = 59};
}
ClipText clip(at::ScalarType type = at::kFloat) {
  return made<ClipText>([](WeightTable& table) { return ClipText::load(table, smallClip()); }, 9, type);
}
} // namespace

void TestTextNetworks::clipTextLooksBackwardsOnly() {
  const c10::NoGradGuard noGradients;
  const ClipText model = clip();
  at::Tensor ids = at::tensor({58, 3, 4, 5, 6, 59, 59, 59, 59, 59, 59, 59}, at::kLong).unsqueeze(0);
  const at::Tensor before = model.forward(ids).lastHidden;
  ids[0][7] = 20;
  const at::Tensor after = model.forward(ids).lastHidden;
  QVERIFY(largest(before.narrow(1, 0, 7), after.narrow(1, 0, 7)) < 1e-6);
  QVERIFY(largest(before.narrow(1, 7, 5), after.narrow(1, 7, 5)) > 1e-3);
}

void TestTextNetworks::clipTextTakesTheFirstEnd() {
  const c10::NoGradGuard noGradients;
  const ClipText model = clip();
  const at::Tensor ids = at::tensor({58, 3, 59, 59, 59, 59, 59, 59, 59, 59, 59, 59}, at::kLong).unsqueeze(0);
  const ClipTextOutput out = model.forward(ids, true);
  QVERIFY(at::equal(out.pooled[0], out.lastHidden[0][2]));
  QCOMPARE(out.hidden.size(), std::size_t{4});
}

void TestTextNetworks::clipInShortTypesStaysClose() {
  const c10::NoGradGuard noGradients;
  const at::Tensor ids = at::tensor({58, 3, 4, 31, 6, 59, 59, 59, 59, 59, 59, 59}, at::kLong).unsqueeze(0);
  const at::Tensor exact = clip().forward(ids).lastHidden;
  for (const auto& [type, most] : {std::pair{at::kBFloat16, 0.03}, std::pair{at::kHalf, 0.005}}) {
    const double off = distance(clip(type).forward(ids).lastHidden, exact);
    QVERIFY2(off < most, qPrintable(QString::number(off)));
  }
}

void TestTextNetworks::visionTakesAnySize() {
  const c10::NoGradGuard noGradients;
  const ClipVisionConfig config{
      .imageSize = 28, .patchSize = 7, .width = 32, .feedForward = 64, .heads = 4, .layers = 3};
  const auto load = [&](WeightTable& table) { return ClipVision::load(table, config); };
  const auto model = made<ClipVision>(load, 2);
  for (const auto& [height, width] : {std::pair{28, 28}, std::pair{9, 100}, std::pair{480, 832}, std::pair{1, 1}}) {
    const at::Tensor features = model.forward(numbers({2, 3, height, width}, 1).clamp_(-1, 1));
    QCOMPARE(features.sizes().vec(), (std::vector<std::int64_t>{2, 17, 32}));
    QVERIFY(features.isfinite().all().item<bool>());
  }
  const at::Tensor picture = numbers({1, 3, 40, 66}, 4).clamp_(-1, 1);
  const double off = distance(made<ClipVision>(load, 2, at::kBFloat16).forward(picture), model.forward(picture));
  QVERIFY2(off < 0.03, qPrintable(QString::number(off)));
}

void TestTextNetworks::unetTakesOddSizes() {
  const c10::NoGradGuard noGradients;
  const SdUnet network = unet(false);
  for (const auto& [height, width] : {std::pair{8, 8}, std::pair{9, 15}, std::pair{1, 1}, std::pair{17, 8}}) {
    const at::Tensor out =
        network.forward(numbers({1, 4, height, width}, 1), at::tensor({500}, at::kLong), numbers({1, 5, 24}, 2));
    QCOMPARE(out.sizes().vec(), (std::vector<std::int64_t>{1, 4, height, width}));
    QVERIFY(out.isfinite().all().item<bool>());
  }
}

void TestTextNetworks::unetRowsAreIndependent() {
  const c10::NoGradGuard noGradients;
  for (const bool linear : {false, true}) {
    const SdUnet network = unet(linear);
    const at::Tensor latents = numbers({3, 4, 8, 16}, 1);
    const at::Tensor times = at::tensor({1, 500, 999}, at::kLong);
    const at::Tensor text = numbers({3, 7, 24}, 2);
    const at::Tensor together = network.forward(latents, times, text);
    for (std::int64_t row = 0; row < 3; ++row) {
      const at::Tensor alone =
          network.forward(latents.narrow(0, row, 1), times.narrow(0, row, 1), text.narrow(0, row, 1));
      QVERIFY(largest(alone, together.narrow(0, row, 1)) < 2e-5);
    }
    QVERIFY(at::equal(together, network.forward(latents, times, text)));
  }
}

void TestTextNetworks::unetInShortTypesStaysClose() {
  const c10::NoGradGuard noGradients;
  const at::Tensor latents = numbers({1, 4, 16, 16}, 1);
  const at::Tensor times = at::tensor({321}, at::kLong);
  const at::Tensor text = numbers({1, 7, 24}, 2);
  const at::Tensor exact = unet(true).forward(latents, times, text);
  const at::Tensor brain = unet(true, at::kBFloat16).forward(latents, times, text);
  QCOMPARE(brain.scalar_type(), at::kBFloat16);
  QVERIFY2(distance(brain, exact) < 0.05, qPrintable(QString::number(distance(brain, exact))));
  // Scores in float32 come no further away.
  SdUnet upcast = unet(true, at::kBFloat16);
  upcast.config.upcastAttention = true;
  const double off = distance(upcast.forward(latents, times, text), exact);
  QVERIFY2(off < 0.05, qPrintable(QString::number(off)));
}

void TestTextNetworks::hooksThatDoNothingChangeNothing() {
  const c10::NoGradGuard noGradients;
  struct Maps : SdUnetHook {
    bool wantsMap(const AttentionSite&) override { return true; }
  } maps;
  SdUnetHook nothing;
  const SdUnet network = unet(false);
  const at::Tensor latents = numbers({1, 4, 8, 8}, 1);
  const at::Tensor times = at::tensor({40}, at::kLong);
  const at::Tensor text = numbers({1, 7, 24}, 2);
  const at::Tensor plain = network.forward(latents, times, text);
  QVERIFY(at::equal(plain, network.forward(latents, times, text, &nothing)));
  // With maps built instead of fused: the same up to rounding.
  QVERIFY(largest(plain, network.forward(latents, times, text, &maps)) < 2e-5);
}

// Maps of one picture put into another: what swapping objects between pictures is made of.
void TestTextNetworks::hooksReplaceMaps() {
  const c10::NoGradGuard noGradients;
  struct Keeper : SdUnetHook {
    std::map<int, at::Tensor> kept;
    bool replace = false;
    bool wantsMap(const AttentionSite&) override { return true; }
    void map(const AttentionSite& site, at::Tensor& probabilities) override {
      if (replace)
        probabilities = kept.at(site.index);
      else
        kept[site.index] = probabilities.clone();
    }
  } keeper;
  const SdUnet network = unet(false);
  const at::Tensor times = at::tensor({40}, at::kLong);
  const at::Tensor text = numbers({1, 7, 24}, 2);
  const at::Tensor first = network.forward(numbers({1, 4, 8, 8}, 1), times, text, &keeper);
  for (const auto& [index, map] : keeper.kept)
    QVERIFY((map.sum(-1) - 1).abs().max().item<double>() < 1e-5);
  keeper.replace = true;
  const at::Tensor again = network.forward(numbers({1, 4, 8, 8}, 1), times, text, &keeper);
  QVERIFY(largest(first, again) < 1e-6);
  const at::Tensor other = network.forward(numbers({1, 4, 8, 8}, 9), times, text, &keeper);
  QVERIFY(largest(other, network.forward(numbers({1, 4, 8, 8}, 9), times, text)) > 1e-4);
}

void TestTextNetworks::hooksSeeEverySiteOnce() {
  const c10::NoGradGuard noGradients;
  struct Watcher : SdUnetHook {
    std::vector<AttentionSite> projected, added;
    std::vector<std::string> places;
    void projections(const AttentionSite& site, at::Tensor& q, at::Tensor& k, at::Tensor& v) override {
      projected.push_back(site);
      QCOMPARE(q.size(1), site.heads);
      QCOMPARE(q.size(2), site.height * site.width);
      QCOMPARE(k.size(2), site.cross ? 7 : site.height * site.width);
      QCOMPARE(v.sizes(), k.sizes());
    }
    void output(const AttentionSite& site, at::Tensor&) override { added.push_back(site); }
    void features(const std::string& place, at::Tensor&) override { places.push_back(place); }
  } watcher;
  const SdUnet network = unet(false);
  static_cast<void>(
      network.forward(numbers({1, 4, 8, 8}, 1), at::tensor({40}, at::kLong), numbers({1, 7, 24}, 2), &watcher));
  QCOMPARE(watcher.projected.size(), std::size_t{32}); // 16 transformers
  QCOMPARE(watcher.added.size(), std::size_t{32});
  for (std::size_t i = 0; i < 32; ++i) {
    QCOMPARE(watcher.projected[i].index, static_cast<int>(i));
    QCOMPARE(watcher.projected[i].cross, i % 2 == 1);
  }
  auto places = watcher.places;
  std::sort(places.begin(), places.end());
  QVERIFY(std::adjacent_find(places.begin(), places.end()) == places.end());
  QVERIFY(std::find(places.begin(), places.end(), "up3") != places.end());
}

QTEST_APPLESS_MAIN(TestTextNetworks)
#include "tst_text_networks.moc"
