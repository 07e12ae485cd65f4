// SPDX-License-Identifier: Apache-2.0
#include <QtTest/QTest>

#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/sd_vae_p.h"
#include "engine/inference/networks/taehv_p.h"
#include "engine/inference/networks/taesd_p.h"
#include "engine/inference/networks/wan_vae_p.h"
#include "engine/inference/weights/key_map_p.h"
#include "tests/engine/inference/random_weights.h"
#include "tests/support/files.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

using Keys = std::map<std::string, std::vector<std::int64_t>>;

// "name<TAB>64x16x1x2x2" a line.
Keys readKeys(const char* file) {
  std::ifstream text(test::repositoryFile(std::string("tests/golden/keys/") + file));
  Keys keys;
  for (std::string line; std::getline(text, line);) {
    const std::size_t tab = line.find('\t');
    std::istringstream extents(line.substr(tab + 1));
    std::vector<std::int64_t> shape;
    for (std::string extent; std::getline(extents, extent, 'x');)
      shape.push_back(std::stoll(extent));
    keys[line.substr(0, tab)] = shape;
  }
  return keys;
}

std::int64_t parameters(const Keys& keys) {
  std::int64_t sum = 0;
  for (const auto& [name, shape] : keys) {
    std::int64_t product = 1;
    for (const std::int64_t extent : shape)
      product *= extent;
    sum += product;
  }
  return sum;
}

template <class Network, class Config>
Keys asked(const Config& config) {
  WeightTable recorder = WeightTable::recorder();
  (void)Network::load(recorder, config);
  Keys keys;
  for (const TensorInfo& tensor : recorder.asked())
    keys[tensor.name] = tensor.shape;
  return keys;
}

void compareKeys(const Keys& ours, const Keys& published) {
  for (const auto& [name, shape] : published) {
    const auto found = ours.find(name);
    QVERIFY2(found != ours.end(), name.c_str());
    QVERIFY2(found->second == shape, name.c_str());
  }
  for (const auto& [name, shape] : ours)
    QVERIFY2(published.contains(name), name.c_str());
}

template <class Network, class Config>
Network make(const Config& config, at::ScalarType type = at::kFloat, std::uint64_t seed = 1) {
  WeightTable table(test::randomWeights([&](WeightTable& t) { (void)Network::load(t, config); }, seed),
                    {.dtype = type});
  Network network = Network::load(table, config);
  if (const auto complete = table.finish(); !complete)
    qFatal("%s", complete.error().text().c_str());
  return network;
}

WanVaeConfig smallWan(bool residual) {
  WanVaeConfig config = residual ? WanVaeConfig::wan22() : WanVaeConfig::wan21();
  config.dim = 4;
  config.decoderDim = 4;
  config.resBlocks = 1;
  return config;
}

TaehvConfig smallTaehv(int variant) {
  TaehvConfig config = variant == 1 ? TaehvConfig::taew22() : TaehvConfig::taew21();
  config.encoderWidth = 8;
  config.decoderWidths = {12, 8, 8, 8};
  config.superDecoder = variant == 2;
  return config;
}

at::Tensor random(at::IntArrayRef shape, std::uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::kFloat);
}
at::Tensor pixels(at::IntArrayRef shape, std::uint64_t seed) {
  return at::rand(shape, at::detail::createCPUGenerator(seed), at::kFloat);
}

double largest(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : 1e30;
}
// Root mean square of the difference over that of the reference.
double relativeRms(const at::Tensor& ours, const at::Tensor& reference) {
  const at::Tensor exact = reference.to(at::kDouble);
  return ((ours.to(at::kDouble) - exact).square().mean() / (exact - exact.mean()).square().mean())
      .sqrt()
      .item<double>();
}

std::vector<const void*> places(const std::vector<at::Tensor>& slots) {
  std::vector<const void*> found;
  for (const at::Tensor& slot : slots)
    found.push_back(slot.defined() ? slot.const_data_ptr() : nullptr);
  return found;
}

} // namespace

class TestCodecs : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { at::set_num_threads(1); } // tiny tensors: a second thread costs more than it gives

  // ---- Names and shapes at full size -------------------------------------------------------------------------------
  void asksForThePublishedTensors() {
    const Keys wan21 = readKeys("wan_vae21.tsv");
    QCOMPARE(wan21.size(), std::size_t(194));
    QCOMPARE(parameters(wan21), 126'892'531);
    compareKeys(asked<WanVae>(WanVaeConfig::wan21()), wan21);
    const Keys wan22 = readKeys("wan_vae22.tsv");
    QCOMPARE(wan22.size(), std::size_t(196));
    QCOMPARE(parameters(wan22), 704'688'668);
    compareKeys(asked<WanVae>(WanVaeConfig::wan22()), wan22);
    const Keys taew21 = readKeys("taew2_1.tsv");
    QCOMPARE(taew21.size(), std::size_t(128));
    QCOMPARE(parameters(taew21), 11'315'539);
    compareKeys(asked<Taehv>(TaehvConfig::taew21()), taew21);
    compareKeys(asked<Taehv>(TaehvConfig::taew22()), readKeys("taew2_2.tsv"));
    compareKeys(asked<Taehv>(TaehvConfig::taew21Super()), readKeys("taew2_1_super.tsv"));
    const Keys taesd = readKeys("taesd.tsv");
    QCOMPARE(parameters(taesd), 2'445'063);
    compareKeys(asked<Taesd>(TaesdConfig()), taesd);
  }
  void asksForThePublishedTensorsOfStableDiffusion() {
    // The published list has diffusers' names; ours are the original ones.
    const Keys published = readKeys("sd_vae_diffusers.tsv");
    QCOMPARE(published.size(), std::size_t(248));
    QCOMPARE(parameters(published), 83'653'863);
    std::vector<TensorInfo> infos;
    for (const auto& [name, shape] : published)
      infos.push_back({name, DType::F32, shape});
    const auto mapped = withOriginalKeys(test::namesOnly(infos), NetworkKind::SdVae);
    Keys original;
    for (const TensorInfo& tensor : mapped->tensors())
      original[tensor.name] = tensor.shape;
    compareKeys(asked<SdVae>(SdVaeConfig()), original);
  }

  // ---- Wan ---------------------------------------------------------------------------------------------------------
  void wanStreamsWhatItComputesWhole_data() {
    QTest::addColumn<bool>("residual");
    QTest::addColumn<unsigned>("seed");
    for (const unsigned seed : {1U, 2U, 3U}) {
      QTest::addRow("2.1, cut %u", seed) << false << seed;
      QTest::addRow("2.2, cut %u", seed) << true << seed;
    }
  }
  void wanStreamsWhatItComputesWhole() {
    QFETCH(bool, residual);
    QFETCH(unsigned, seed);
    const c10::NoGradGuard noGradients;
    const WanVae vae = make<WanVae>(smallWan(residual));
    const std::int64_t stride = vae.config.spatialStride();
    const at::Tensor video = pixels({2, 3, 21, 2 * stride, 3 * stride}, seed) * 2 - 1;
    const at::Tensor latents = vae.encode(video);
    QCOMPARE(latents.size(2), 6);
    const at::Tensor frames = vae.decode(latents);
    QVERIFY(frames.sizes() == video.sizes());
    QVERIFY(frames.isfinite().all().item<bool>());

    std::mt19937 dice(seed);
    WanVaeEncoder encoder(vae);
    std::vector<at::Tensor> pieces;
    for (std::int64_t at = 0; at < 21;) {
      const std::int64_t groups = std::min<std::int64_t>(dice() % 3 + (at == 0 ? 0 : 1), (21 - at) / 4);
      const std::int64_t count = 4 * groups + (at == 0 ? 1 : 0);
      pieces.push_back(encoder.encode(video.narrow(2, at, count)));
      at += count;
    }
    QVERIFY(largest(at::cat(pieces, 2), latents) < 2e-5);
    WanVaeDecoder decoder(vae);
    pieces.clear();
    for (std::int64_t at = 0; at < 6;) {
      const std::int64_t count = std::min<std::int64_t>(dice() % 3 + 1, 6 - at);
      pieces.push_back(decoder.decode(latents.narrow(2, at, count)));
      at += count;
    }
    QVERIFY(largest(at::cat(pieces, 2), frames) < 5e-5);

    decoder.reset();
    QVERIFY2(at::equal(decoder.decode(latents.narrow(2, 0, 1)), vae.decode(latents.narrow(2, 0, 1))),
             "a stream that was reset begins anew");
    QCOMPARE(vae.decode(latents.narrow(2, 0, 1)).size(2), 1);
    QVERIFY2(at::equal(vae.encode(video), latents) && at::equal(vae.decode(latents), frames), "two runs differ");
  }

  void wanKeepsItsMemoryInPlace() {
    const c10::NoGradGuard noGradients;
    const WanVae vae = make<WanVae>(smallWan(false));
    WanVaeDecoder decoder(vae);
    WanVaeEncoder encoder(vae);
    (void)decoder.decode(random({1, 16, 1, 1, 1}, 1));
    (void)encoder.encode(pixels({1, 3, 1, 8, 8}, 1));
    const auto decoderPlaces = places(decoder.memory().slots);
    const auto encoderPlaces = places(encoder.memory().slots);
    for (std::uint64_t chunk = 0; chunk < 1000; ++chunk) {
      const at::Tensor frames = decoder.decode(random({1, 16, 1, 1, 1}, chunk));
      if (chunk % 10 == 0)
        (void)encoder.encode(frames.clamp(-1, 1));
      if (chunk % 100 == 99)
        QVERIFY(frames.isfinite().all().item<bool>());
    }
    QVERIFY(places(decoder.memory().slots) == decoderPlaces);
    QVERIFY(places(encoder.memory().slots) == encoderPlaces);
  }

  void wanRefusesWhatDoesNotFit() {
    const c10::NoGradGuard noGradients;
    const WanVae vae = make<WanVae>(smallWan(false));
    QVERIFY_EXCEPTION_THROWN((void)vae.encode(at::zeros({1, 3, 4, 8, 8})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)vae.encode(at::zeros({1, 3, 5, 8, 12})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)vae.encode(at::zeros({1, 4, 5, 8, 8})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)vae.decode(at::zeros({1, 15, 1, 1, 1})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)vae.decode(at::zeros({1, 16, 0, 1, 1})), std::invalid_argument);
    WanVaeDecoder decoder(vae);
    (void)decoder.decode(at::zeros({1, 16, 1, 1, 1}));
    QVERIFY_EXCEPTION_THROWN((void)decoder.decode(at::zeros({1, 16, 1, 1, 2})), std::invalid_argument);
    decoder.reset();
    QCOMPARE(decoder.decode(at::zeros({1, 16, 1, 1, 2})).size(4), 16);
    WanVaeEncoder encoder(vae);
    (void)encoder.encode(at::zeros({1, 3, 5, 8, 8}));
    QVERIFY_EXCEPTION_THROWN((void)encoder.encode(at::zeros({1, 3, 5, 8, 8})), std::invalid_argument);
  }

  // ---- TAEHV -------------------------------------------------------------------------------------------------------
  void taehvStreamsWhatItComputesWhole_data() {
    QTest::addColumn<int>("variant");
    QTest::addColumn<unsigned>("seed");
    for (const unsigned seed : {1U, 2U, 3U, 4U}) {
      QTest::addRow("2.1, cut %u", seed) << 0 << seed;
      QTest::addRow("2.2, cut %u", seed) << 1 << seed;
      QTest::addRow("super, cut %u", seed) << 2 << seed;
    }
  }
  void taehvStreamsWhatItComputesWhole() {
    QFETCH(int, variant);
    QFETCH(unsigned, seed);
    const c10::NoGradGuard noGradients;
    const Taehv network = make<Taehv>(smallTaehv(variant));
    const std::int64_t stride = network.config.spatialStride();
    const std::int64_t length = 17 + seed;
    const at::Tensor video = pixels({2, length, 3, 2 * stride, 3 * stride}, seed);
    const at::Tensor latents = network.encode(video);
    QCOMPARE(latents.size(1), (length + 3) / 4);
    const at::Tensor frames = network.decode(latents);
    QCOMPARE(frames.size(1), latents.size(1) * 4 - 3);
    QVERIFY(frames.min().item<float>() >= 0 && frames.max().item<float>() <= 1);
    QVERIFY2(frames.std().item<float>() > 0.01F, "the picture is flat");

    std::mt19937 dice(seed);
    TaehvEncoder encoder(network);
    std::vector<at::Tensor> pieces;
    for (std::int64_t at = 0; at < length;) {
      const std::int64_t count = std::min<std::int64_t>(dice() % 6 + 1, length - at);
      pieces.push_back(encoder.encode(video.narrow(1, at, count)));
      at += count;
    }
    pieces.push_back(encoder.flush());
    QVERIFY(largest(at::cat(pieces, 1), latents) < 2e-5);
    TaehvDecoder decoder(network);
    pieces.clear();
    for (std::int64_t at = 0; at < latents.size(1);) {
      const std::int64_t count = std::min<std::int64_t>(dice() % 3 + 1, latents.size(1) - at);
      pieces.push_back(decoder.decode(latents.narrow(1, at, count)));
      at += count;
    }
    QVERIFY(largest(at::cat(pieces, 1), frames) < 2e-5);

    decoder.reset();
    QVERIFY(at::equal(decoder.decode(latents.narrow(1, 0, 1)), network.decode(latents.narrow(1, 0, 1))));
    QCOMPARE(network.decode(latents.narrow(1, 0, 1)).size(1), 1);
    QVERIFY2(at::equal(network.encode(video), latents) && at::equal(network.decode(latents), frames),
             "two runs differ");
  }

  void taehvJoinsUpsamplingExactly_data() {
    QTest::addColumn<int>("variant");
    QTest::newRow("2.1") << 0;
    QTest::newRow("2.2") << 1;
    QTest::newRow("super") << 2;
  }
  void taehvJoinsUpsamplingExactly() {
    QFETCH(int, variant);
    const c10::NoGradGuard noGradients;
    const Taehv network = make<Taehv>(smallTaehv(variant));
    Taehv joined = network;
    joined.joinUpsampling();
    QCOMPARE(joined.decoder.size(), network.decoder.size() - (variant == 2 ? 0 : 6));
    const at::Tensor latents = random({2, 4, network.config.latentChannels, 3, 5}, 1);
    const at::Tensor frames = network.decode(latents);
    QVERIFY(largest(joined.decode(latents), frames) < 1e-5);
    TaehvDecoder stream(joined);
    std::vector<at::Tensor> pieces;
    for (std::int64_t i = 0; i < 4; ++i)
      pieces.push_back(stream.decode(latents.narrow(1, i, 1)));
    QVERIFY(largest(at::cat(pieces, 1), frames) < 1e-5);
  }

  void taehvKeepsItsMemoryInPlace() {
    const c10::NoGradGuard noGradients;
    const Taehv network = make<Taehv>(smallTaehv(0));
    TaehvDecoder decoder(network);
    (void)decoder.decode(random({1, 1, 16, 1, 1}, 1));
    const auto before = places(decoder.memory().slots);
    for (std::uint64_t chunk = 0; chunk < 1000; ++chunk)
      QVERIFY(decoder.decode(random({1, 1, 16, 1, 1}, chunk)).size(1) == 4);
    QVERIFY(places(decoder.memory().slots) == before);
  }

  void taehvRefusesWhatDoesNotFit() {
    const c10::NoGradGuard noGradients;
    const Taehv network = make<Taehv>(smallTaehv(0));
    QVERIFY_EXCEPTION_THROWN((void)network.encode(at::zeros({1, 4, 3, 8, 12})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)network.encode(at::zeros({1, 0, 3, 8, 8})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)network.decode(at::zeros({1, 4, 15, 1, 1})), std::invalid_argument);
    TaehvEncoder encoder(network);
    QVERIFY_EXCEPTION_THROWN((void)encoder.flush(), std::invalid_argument);
    QCOMPARE(encoder.encode(at::zeros({1, 3, 3, 8, 8})).size(1), 0);
    QVERIFY_EXCEPTION_THROWN((void)encoder.encode(at::zeros({1, 1, 3, 8, 16})), std::invalid_argument);
    encoder.reset();
    QCOMPARE(encoder.encode(at::zeros({1, 4, 3, 8, 16})).size(1), 1);
    QCOMPARE(encoder.flush().size(1), 0);
  }

  // ---- Pictures ----------------------------------------------------------------------------------------------------
  void smallPictureCodecGivesPictures() {
    const c10::NoGradGuard noGradients;
    const Taesd network = make<Taesd>(TaesdConfig{.width = 8, .latentChannels = 4});
    const at::Tensor image = pixels({2, 3, 24, 16}, 1);
    const at::Tensor latents = network.encode(image);
    QVERIFY(latents.sizes() == at::IntArrayRef({2, 4, 3, 2}));
    const at::Tensor back = network.decode(latents);
    QVERIFY(back.sizes() == image.sizes());
    QVERIFY(back.min().item<float>() >= 0 && back.max().item<float>() <= 1);
    QVERIFY(at::equal(network.decode(latents), back));
    QVERIFY2(largest(network.decode(latents.narrow(0, 1, 1)), back.narrow(0, 1, 1)) < 1e-5, "rows are independent");
    QVERIFY_EXCEPTION_THROWN((void)network.encode(at::zeros({1, 3, 12, 16})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)network.decode(at::zeros({1, 3, 2, 2})), std::invalid_argument);
  }
  void pictureCodecRefusesWhatDoesNotFit() {
    const c10::NoGradGuard noGradients;
    const SdVae vae = make<SdVae>(SdVaeConfig{.widths = {8, 8}, .resBlocks = 1, .groups = 4});
    QVERIFY_EXCEPTION_THROWN((void)vae.encode(at::zeros({1, 3, 3, 4})), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN((void)vae.decode(at::zeros({1, 3, 2, 2})), std::invalid_argument);
    const SdVae::Posterior posterior = vae.encode(pixels({1, 3, 4, 6}, 1) * 200);
    QVERIFY(posterior.logVar.max().item<float>() <= 20 && posterior.logVar.min().item<float>() >= -30);
  }

  // ---- The run type ------------------------------------------------------------------------------------------------
  void bfloat16StaysNear() {
    const c10::NoGradGuard noGradients;
    // Random networks amplify rounding more than trained ones; bfloat16 has 8 bits.
    const at::Tensor video = pixels({1, 3, 9, 32, 32}, 1) * 2 - 1;
    const at::Tensor z = random({1, 16, 3, 4, 4}, 2);
    const WanVae exact = make<WanVae>(smallWan(false));
    const WanVae fast = make<WanVae>(smallWan(false), at::kBFloat16);
    QVERIFY(fast.decode(z).scalar_type() == at::kBFloat16);
    const double wanEncode = relativeRms(fast.encode(video), exact.encode(video));
    const double wanDecode = relativeRms(fast.decode(z), exact.decode(z));
    const Taehv small = make<Taehv>(smallTaehv(0));
    const Taehv smallFast = make<Taehv>(smallTaehv(0), at::kBFloat16);
    const at::Tensor frames = (video.transpose(1, 2) + 1) / 2;
    const at::Tensor latents = z.transpose(1, 2);
    const double taehvEncode = relativeRms(smallFast.encode(frames), small.encode(frames));
    const double taehvDecode = relativeRms(smallFast.decode(latents), small.decode(latents));
    qInfo("bfloat16 against float32, relative rms: Wan %.4f %.4f, TAEHV %.4f %.4f (encode, decode)", wanEncode,
          wanDecode, taehvEncode, taehvDecode);
    QVERIFY(wanEncode < 0.05 && wanDecode < 0.05 && taehvEncode < 0.05 && taehvDecode < 0.05);
  }
};

QTEST_APPLESS_MAIN(TestCodecs)
#include "tst_codecs.moc"
