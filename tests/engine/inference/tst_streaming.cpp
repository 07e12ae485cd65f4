// SPDX-License-Identifier: Apache-2.0
#include <QTest>

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "engine/inference/networks/ops_p.h"
#include "engine/inference/networks/rope_p.h"
#include "engine/inference/networks/wan_dit_p.h"
#include "engine/inference/schedules/flow_table.h"
#include "engine/inference/schedules/flow_transport_p.h"
#include "engine/inference/streaming/causal_batch_p.h"
#include "engine/inference/streaming/causal_network_p.h"
#include "engine/inference/streaming/chunk_loop_p.h"
#include "engine/inference/streaming/ring_cache_p.h"
#include "engine/inference/streaming/window_cache_p.h"
#include "tests/engine/inference/random_weights.h"

using namespace kinora;
using namespace kinora::inference;

namespace {

constexpr std::int64_t kRows = 2; // of the latent grid of tokens
constexpr std::int64_t kColumns = 1;
constexpr std::int64_t kTokens = kRows * kColumns;
constexpr WanConfig kTiny{.inChannels = 2,
                          .outChannels = 2,
                          .dim = 24,
                          .ffnDim = 32,
                          .frequencyDim = 16,
                          .textDim = 8,
                          .heads = 2,
                          .layers = 2};

at::Tensor noise(std::uint64_t seed, at::IntArrayRef shape) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::kFloat);
}

// A network, its prompt, and the schedule's arithmetic.
struct Model {
  explicit Model(WanConfig config = kTiny, double shift = 5)
      : net([&] {
          WeightTable weights(test::randomWeights([&](WeightTable& names) { (void)WanDit::load(names, config); }, 11));
          return WanDit::load(weights, config);
        }()),
        prompt(net.prompt(net.embedText(noise(1, {1, 6, 8})))), table(FlowTable::make(shift).value()),
        transport(table, at::kCPU) {}

  [[nodiscard]] WindowCache cache(const WindowRules& rules, std::int64_t rows = 1) const {
    return {rules, cacheShape(net, rows, kTokens), Rope(net.config.headDim()), kRows, kColumns};
  }
  [[nodiscard]] RingCache ring(const RingRules& rules, std::int64_t rows) const {
    return {rules, cacheShape(net, rows, kTokens), Rope(net.config.headDim()), kRows, kColumns};
  }

  WanDit net;
  WanPrompt prompt;
  FlowTable table;
  FlowTransport transport;
};

at::Tensor frames(std::uint64_t seed, std::int64_t count, std::int64_t rows = 1) {
  return noise(seed, {rows, count, 2, 2 * kRows, 2 * kColumns});
}

Renoise renoise(std::uint64_t seed) {
  return [seed](std::int64_t step, const at::Tensor& like) {
    return noise(seed * 100 + static_cast<std::uint64_t>(step), like.sizes());
  };
}

// Memory of this process; nothing where the system does not say.
std::optional<std::int64_t> residentBytes() {
  std::ifstream status("/proc/self/statm");
  std::int64_t all = 0;
  std::int64_t resident = 0;
  if (!(status >> all >> resident))
    return std::nullopt;
  return resident * 4096;
}

struct Recipe {
  const char* name;
  WindowRules rules;
  std::vector<std::int64_t> chunks;
};

std::vector<Recipe> recipes() {
  WindowRules unropedClip = WindowRules::causVid(9);
  unropedClip.keys = KeyForm::Unroped;
  WindowRules ropedSinksClip = WindowRules::causVid(9);
  ropedSinksClip.keys = KeyForm::RopedSinks;
  ropedSinksClip.sinks = 1;
  return {{"CausVid, whole clip", WindowRules::causVid(9), {3, 3, 3}},
          {"first frame alone", WindowRules::causVid(7), {1, 3, 3}},
          {"whole clip, un-roped", unropedClip, {3, 3, 3}},
          {"whole clip, roped sinks", ropedSinksClip, {1, 3, 3, 2}},
          {"Self-Forcing 6/1", WindowRules::selfForcing(6, 1), {3, 3, 3, 3, 3}},
          {"Self-Forcing 9/3", WindowRules::selfForcing(9, 3), {3, 3, 3, 3, 3}},
          {"Self-Forcing 7/2, uneven", WindowRules::selfForcing(7, 2), {1, 3, 2, 3, 3, 1, 3}}};
}

// Which frames each frame of the stream sees: its chunk, the sinks and the last frames before.
at::Tensor visible(const Recipe& recipe) {
  std::int64_t total = 0;
  for (const std::int64_t chunk : recipe.chunks)
    total += chunk;
  at::Tensor mask = at::zeros({total, total}, at::kBool);
  std::int64_t begin = 0;
  for (const std::int64_t chunk : recipe.chunks) {
    const std::int64_t end = begin + chunk;
    const std::int64_t sinks = std::min(recipe.rules.sinks, end);
    const std::int64_t window = std::min(end, recipe.rules.slots - recipe.rules.sinks);
    const at::Tensor rows = mask.narrow(0, begin, chunk);
    rows.narrow(1, 0, sinks).fill_(true);
    rows.narrow(1, end - window, window).fill_(true);
    begin = end;
  }
  return mask;
}

class Stopping : public CausalNetwork { // asks for a stop inside a given call, at its first layer
 public:
  Stopping(CausalNetwork& inner, int call) : inner_(inner), call_(call) {}
  void prepare(std::int64_t first, std::int64_t count) override { inner_.prepare(first, count); }
  Result<at::Tensor> flow(const at::Tensor& x, const at::Tensor& t, const CachedPass& pass, KvCachePolicy& cache,
                          const std::stop_token& stop) override {
    if (calls_++ != call_)
      return inner_.flow(x, t, pass, cache, stop);
    // One layer writes its keys, then the pass is given up.
    StopAfterOneLayer once(cache, source_);
    return inner_.flow(x, t, pass, once, source_.get_token());
  }

 private:
  class StopAfterOneLayer : public KvCachePolicy {
   public:
    StopAfterOneLayer(KvCachePolicy& inner, std::stop_source& source) : inner_(inner), source_(source) {}
    Result<void> begin(const CachedPass& pass) override { return inner_.begin(pass); }
    at::Tensor attend(std::int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) override {
      at::Tensor out = inner_.attend(layer, q, k, v);
      source_.request_stop();
      return out;
    }
    void reset() override { inner_.reset(); }
    void mark() override { inner_.mark(); }
    void revert() override { inner_.revert(); }
    void commit() override { inner_.commit(); }
    std::int64_t largestChunk() const override { return inner_.largestChunk(); }
    std::int64_t bytes() const override { return inner_.bytes(); }
    std::int64_t largestPosition() const override { return inner_.largestPosition(); }

   private:
    KvCachePolicy& inner_;
    std::stop_source& source_;
  };
  CausalNetwork& inner_;
  int call_;
  int calls_ = 0;
  std::stop_source source_;
};

} // namespace

class TestStreaming : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { noGradients_.emplace(); }
  void cleanup() { noGradients_.reset(); }

  // Chunk by chunk through the cache is one pass under a mask, wherever a policy promises it.
  void cacheIsMaskedAttention_data() {
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < recipes().size(); ++i)
      QTest::newRow(recipes()[i].name) << static_cast<int>(i);
  }
  void cacheIsMaskedAttention() {
    QFETCH(int, index);
    const Recipe recipe = recipes()[static_cast<std::size_t>(index)];
    const Model model;
    const at::Tensor mask = visible(recipe);
    const std::int64_t total = mask.size(0);
    const at::Tensor x = frames(5, total);
    const at::Tensor t = at::full({1, total}, 300.0F);
    FullAttention whole(Rope(model.net.config.headDim()).phases(framesFrom(0, total), kRows, kColumns),
                        tokenMask(mask, kTokens));
    const at::Tensor expected =
        model.net.forward(x.transpose(1, 2), model.net.time(t), model.prompt, whole).transpose(1, 2);

    WindowCache cache = model.cache(recipe.rules);
    CausalWan causal(model.net, model.prompt);
    std::int64_t start = 0;
    for (const std::int64_t chunk : recipe.chunks) {
      const auto flow = causal.flow(x.narrow(1, start, chunk), t.narrow(1, start, chunk), {{start}, chunk}, cache, {});
      QVERIFY(flow.has_value());
      QVERIFY2(at::allclose(*flow, expected.narrow(1, start, chunk), 1e-4, 1e-5),
               qPrintable(QString("chunk at frame %1").arg(start)));
      start += chunk;
    }
  }

  // MotionStream's form of the cache gives the numbers of Infinite-Forcing's.
  void ropedSinksAreUnroped() {
    const Model model;
    WindowRules unroped = WindowRules::motionStream(3, 1, 1);
    unroped.keys = KeyForm::Unroped;
    std::vector<at::Tensor> made[2];
    for (int form = 0; form < 2; ++form) {
      WindowCache cache = model.cache(form == 0 ? unroped : WindowRules::motionStream(3, 1, 1));
      CausalWan causal(model.net, model.prompt);
      ChunkLoop loop(causal, cache, model.transport, {.times = {1000, 625}});
      for (std::uint64_t chunk = 0; chunk < 6; ++chunk)
        made[form].push_back(loop.next(frames(chunk, 3), renoise(chunk)).value());
      QCOMPARE(cache.largestPosition(), std::int64_t{8});
    }
    for (std::size_t chunk = 0; chunk < 6; ++chunk)
      QVERIFY(at::allclose(made[0][chunk], made[1][chunk], 1e-4, 1e-5));
  }

  // Ten thousand chunks: memory and positions stay what they were after the first few, and numbers stay numbers.
  void endlessStream_data() {
    QTest::addColumn<int>("which");
    QTest::newRow("MotionStream") << 0;
    QTest::newRow("StreamDiffusionV2 with refreshed positions") << 1;
  }
  void endlessStream() {
    QFETCH(int, which);
    constexpr int kChunks = 10000;
    WanConfig config = kTiny;
    config.layers = 1;
    config.heads = 1;
    config.dim = 12;
    config.ffnDim = 12;
    const Model model(config);
    CausalWan causal(model.net, model.prompt);
    const at::Tensor x = frames(3, 1);
    const at::Tensor fresh = frames(4, 1);
    const Renoise same = [&](std::int64_t, const at::Tensor&) { return fresh; };
    ChunkSchedule schedule{.times = {700}, .cleanPass = false};
    if (which == 1) {
      schedule.refreshAt = 50;
      schedule.refreshTo = 5;
    }
    const auto stream = [&](KvCachePolicy& cache, std::int64_t positions) {
      ChunkLoop loop(causal, cache, model.transport, schedule);
      std::optional<std::int64_t> before;
      for (int chunk = 0; chunk < kChunks; ++chunk) {
        const auto made = loop.next(x, same);
        if (!made)
          QFAIL(qPrintable(QString::fromStdString(made.error().text())));
        if (chunk == 1000)
          before = residentBytes();
        if (chunk + 1 == kChunks)
          QVERIFY(made->isfinite().all().item<bool>());
      }
      const std::optional<std::int64_t> after = residentBytes();
      if (before && after) // 9,000 chunks: a leak of 500 bytes a chunk would be seen
        QVERIFY2(*after - *before < 4 << 20, qPrintable(QString("grew by %1 bytes").arg(*after - *before)));
      QVERIFY2(cache.largestPosition() < positions, qPrintable(QString::number(cache.largestPosition())));
    };
    if (which == 1) {
      RingCache cache = model.ring(RingRules::streamDiffusionV2(1), 1);
      stream(cache, 51);
    } else {
      WindowCache cache = model.cache(WindowRules::motionStream(1, 1, 1));
      stream(cache, 3);
    }
  }

  // A chunk that is cancelled at any pass leaves no trace: what follows is bit-equal to a stream without it.
  void cancelledChunkLeavesNoTrace_data() {
    QTest::addColumn<int>("which");
    QTest::addColumn<int>("call");
    for (int which = 0; which < 4; ++which) {
      for (int call = 0; call < (which == 3 ? 2 : 3); ++call)
        QTest::addRow("cache %d, pass %d", which, call) << which << call;
    }
  }
  void cancelledChunkLeavesNoTrace() {
    QFETCH(int, which);
    QFETCH(int, call);
    const Model model;
    const std::int64_t size = which == 3 ? 1 : 3;
    const ChunkSchedule schedule{.times = {1000, 625}, .cleanPass = which != 3};
    const auto stream = [&](bool interrupted) {
      std::unique_ptr<KvCachePolicy> cache;
      if (which == 3)
        cache = std::make_unique<RingCache>(model.ring(RingRules::streamDiffusionV2(2), 1));
      else
        cache = std::make_unique<WindowCache>(model.cache(which == 0   ? WindowRules::selfForcing(6, 1)
                                                          : which == 1 ? WindowRules::infiniteForcing(6, 1)
                                                                       : WindowRules::motionStream(3, 1, 1)));
      CausalWan causal(model.net, model.prompt);
      std::vector<at::Tensor> made;
      std::int64_t start = 0;
      for (std::uint64_t chunk = 0; chunk < 9; ++chunk) {
        if (interrupted && (chunk == 0 || chunk >= 5)) {
          Stopping stopping(causal, call);
          ChunkLoop loop(stopping, *cache, model.transport, schedule, start);
          const auto failed = loop.next(frames(900 + chunk, size), renoise(900 + chunk));
          if (failed || failed.error().code != ErrorCode::Cancelled || loop.position() != start)
            return std::vector<at::Tensor>();
        }
        ChunkLoop loop(causal, *cache, model.transport, schedule, start);
        made.push_back(loop.next(frames(chunk, size), renoise(chunk)).value());
        start = loop.position();
      }
      return made;
    };
    const auto plain = stream(false);
    const auto interrupted = stream(true);
    QCOMPARE(interrupted.size(), plain.size());
    for (std::size_t chunk = 0; chunk < plain.size(); ++chunk)
      QVERIFY2(at::equal(plain[chunk], interrupted[chunk]), qPrintable(QString("chunk %1").arg(chunk)));
  }

  void cancelledTickLeavesNoTrace() {
    const Model model({kTiny}, 8);
    const auto stream = [&](bool interrupted) {
      RingCache cache = model.ring(RingRules{6, 3, 0.9, 2}, 2);
      CausalWan causal(model.net, model.prompt);
      // Passes 0 and 1 prepare; then a tick each, with the cancelled ones among them.
      Stopping stopping(causal, interrupted ? 9 : -1);
      CausalBatch batch(stopping, cache, model.transport, {.times = {700, 500}});
      std::vector<at::Tensor> made{batch.prepare(frames(50, 2), renoise(50)).value()};
      for (std::uint64_t tick = 0; tick < 12;) {
        const auto out = batch.tick(frames(tick, 1), 690, renoise(tick));
        if (!out) {
          if (out.error().code != ErrorCode::Cancelled)
            return std::vector<at::Tensor>();
          continue; // the same frame once more
        }
        made.push_back(batch.rows().clone());
        ++tick;
      }
      return made;
    };
    const auto plain = stream(false);
    const auto interrupted = stream(true);
    QCOMPARE(plain.size(), std::size_t{13});
    QCOMPARE(interrupted.size(), plain.size());
    for (std::size_t tick = 0; tick < plain.size(); ++tick)
      QVERIFY2(at::equal(plain[tick], interrupted[tick]), qPrintable(QString("tick %1").arg(tick)));
  }

  void rowsAreIndependent() {
    const Model model;
    const auto stream = [&](const std::vector<std::uint64_t>& seeds) {
      const auto rows = static_cast<std::int64_t>(seeds.size());
      WindowCache cache = model.cache(WindowRules::infiniteForcing(6, 1), rows);
      CausalWan causal(model.net, model.prompt);
      ChunkLoop loop(causal, cache, model.transport, {.times = {1000, 625}});
      std::vector<at::Tensor> made;
      for (std::uint64_t chunk = 0; chunk < 4; ++chunk) {
        const auto rowsOf = [&](std::uint64_t salt) {
          std::vector<at::Tensor> parts;
          for (const std::uint64_t seed : seeds)
            parts.push_back(frames(seed * 1000 + salt + chunk, 3));
          return at::cat(parts, 0);
        };
        const Renoise fresh = [&](std::int64_t step, const at::Tensor&) {
          return rowsOf(50 + 10 * static_cast<std::uint64_t>(step));
        };
        made.push_back(loop.next(rowsOf(0), fresh).value());
      }
      return at::cat(made, 1);
    };
    const at::Tensor both = stream({1, 2});
    QVERIFY(at::allclose(both.narrow(0, 0, 1), stream({1}), 1e-4, 1e-5));
    QVERIFY(at::allclose(both.narrow(0, 1, 1), stream({2}), 1e-4, 1e-5));
  }

  // In a stream batch each frame runs as it would alone: rows hold different frames and never mix.
  void streamBatchRowsDoNotMix() {
    const Model model({kTiny}, 8);
    const auto stream = [&](bool changeLast) {
      RingCache cache = model.ring(RingRules::streamDiffusionV2Fast(2), 2);
      CausalWan causal(model.net, model.prompt);
      CausalBatch batch(causal, cache, model.transport, {.times = {700, 500}});
      (void)batch.prepare(frames(50, 2), renoise(50)).value();
      std::vector<at::Tensor> left;
      for (std::uint64_t tick = 0; tick < 9; ++tick) {
        const at::Tensor x = frames(changeLast && tick == 8 ? 77 : tick, 1);
        const auto out = batch.tick(x, 690, renoise(tick)).value();
        if (out.has_value())
          left.push_back(*out);
      }
      return left;
    };
    const auto one = stream(false);
    const auto other = stream(true);
    QCOMPARE(one.size(), std::size_t{8});        // one tick of delay
    for (std::size_t i = 0; i < one.size(); ++i) // the changed frame has not left yet
      QVERIFY(at::equal(one[i], other[i]));
  }

  // With one row the stream batch is the chunk loop, whatever a tick brings.
  void oneRowIsTheChunkLoop_data() {
    QTest::addColumn<int>("perTick");
    QTest::newRow("one frame a tick") << 1;
    QTest::newRow("three frames a tick") << 3;
  }
  void oneRowIsTheChunkLoop() {
    QFETCH(int, perTick);
    const Model model(kTiny, 8);
    const RingRules rules = perTick == 1 ? RingRules{6, 3, -1, 1} : RingRules{9, 0, -1, 1};
    const ChunkSchedule schedule{.times = {700}, .cleanPass = false, .refreshAt = 20, .refreshTo = 5};
    const std::int64_t first = perTick == 1 ? 2 : 3;
    CausalWan causal(model.net, model.prompt);
    RingCache batchCache = model.ring(rules, 1);
    RingCache loopCache = model.ring(rules, 1);
    CausalBatch batch(causal, batchCache, model.transport, schedule, perTick);
    ChunkLoop loop(causal, loopCache, model.transport, schedule);
    QVERIFY(at::equal(batch.prepare(frames(50, first), renoise(50)).value(),
                      loop.next(frames(50, first), renoise(50)).value()));
    for (std::uint64_t tick = 0; tick < 12; ++tick) {
      const at::Tensor x = frames(tick, perTick);
      const float time = 690 - static_cast<float>(tick);
      const auto ticked = batch.tick(x, time, renoise(tick)).value();
      QVERIFY(ticked.has_value());
      QVERIFY2(at::equal(*ticked, loop.next(x, renoise(tick), {}, time).value()), qPrintable(QString::number(tick)));
      QCOMPARE(batch.position(), loop.position());
    }
  }

  void frameNumbersGoBack() {
    const auto given = [](bool stays) {
      FrameNumbers numbers({.times = {}, .refreshAt = 8, .refreshTo = 4, .staysRefreshed = stays}, 6);
      std::vector<std::int64_t> seen;
      for (int chunk = 0; chunk < 7; ++chunk) {
        seen.push_back(numbers.upcoming());
        numbers.advance(1);
      }
      return seen;
    };
    QCOMPARE(given(false), (std::vector<std::int64_t>{6, 7, 4, 5, 6, 7, 4}));
    QCOMPARE(given(true), (std::vector<std::int64_t>{6, 7, 4, 4, 4, 4, 4}));
  }

  void sameSeedSameBits() {
    const Model model;
    const auto stream = [&] {
      WindowCache cache = model.cache(WindowRules::motionStream(3, 1, 1));
      CausalWan causal(model.net, model.prompt);
      ChunkLoop loop(causal, cache, model.transport, {.times = {1000, 857, 667}});
      std::vector<at::Tensor> made;
      for (std::uint64_t chunk = 0; chunk < 5; ++chunk)
        made.push_back(loop.next(frames(chunk, 3), renoise(chunk)).value());
      return at::cat(made, 1);
    };
    QVERIFY(at::equal(stream(), stream()));
  }

  // After restart() nothing of the old stream is left.
  void restartForgets() {
    const Model model;
    WindowCache cache = model.cache(WindowRules::selfForcing(6, 1));
    CausalWan causal(model.net, model.prompt);
    ChunkLoop loop(causal, cache, model.transport, {.times = {1000, 625}, .historyFrames = 6});
    const at::Tensor first = loop.next(frames(1, 3), renoise(1)).value();
    QVERIFY(loop.next(frames(2, 3), renoise(2)).has_value());
    loop.restart();
    QVERIFY(at::equal(loop.next(frames(1, 3), renoise(1)).value(), first));
  }

  // Attention sinks of a language model: full causal attention until the cache is full, then the first and the last
  // tokens at neighbouring positions.
  void attentionSinks() {
    const std::int64_t sinks = 2;
    const std::int64_t window = 3;
    const Rope rope = Rope::alongTime(8);
    KvShape shape{.layers = 1, .rows = 1, .tokensPerSlot = 1, .heads = 2, .headDim = 8};
    WindowCache cache(WindowRules::attentionSinks(sinks, window), shape, rope, 1, 1);
    const at::Tensor q = noise(1, {1, 40, 2, 8});
    const at::Tensor k = noise(2, {1, 40, 2, 8});
    const at::Tensor v = noise(3, {1, 40, 2, 8});
    for (std::int64_t token = 0; token < 40; ++token) {
      QVERIFY(cache.begin({{token}, 1}).has_value());
      const at::Tensor seen = cache.attend(0, q.narrow(1, token, 1), k.narrow(1, token, 1), v.narrow(1, token, 1));
      std::vector<std::int64_t> kept;
      for (std::int64_t i = 0; i <= token; ++i) {
        if (i < sinks || i > token - window)
          kept.push_back(i);
      }
      const at::Tensor index = at::tensor(kept, at::kLong);
      const auto count = static_cast<std::int64_t>(kept.size());
      const at::Tensor expected = ops::attention(
          rotate(q.narrow(1, token, 1), rope.phases({count - 1}, 1, 1)),
          rotate(k.index_select(1, index), rope.phases(framesFrom(0, count), 1, 1)), v.index_select(1, index));
      QVERIFY2(at::allclose(seen, expected, 1e-4, 1e-5), qPrintable(QString("token %1").arg(token)));
    }
    QCOMPARE(cache.largestPosition(), sinks + window - 1);
  }

  // DreamID-V: the reference is the sink, alone in its block; exchanging it leaves the video frames in place.
  void referenceIsTheSink() {
    DreamIdVConfig config;
    config.wan = kTiny;
    config.wan.inChannels = 6;
    config.referenceChannels = 2;
    const auto source = test::randomWeights([&](WeightTable& names) { (void)DreamIdV::load(names, config); }, 5);
    WeightTable table(source);
    const DreamIdV net = DreamIdV::load(table, config);
    const WanPrompt prompt = net.wan.prompt(net.wan.embedText(noise(1, {1, 4, 8})));
    const at::Tensor shown = noise(9, {1, 6, 4, 2 * kRows, 2 * kColumns});
    const at::Tensor x = frames(4, 6);
    const at::Tensor face = noise(6, {1, 2, 1, 2 * kRows, 2 * kColumns});
    const at::Tensor t = at::full({1, 6}, 300.0F);

    const at::Tensor tokens =
        at::cat({net.referenceTokens(face), net.wan.patchify(at::cat({x, shown}, 2).transpose(1, 2))}, 1);
    FullAttention whole(net.rope().phases(framesFrom(0, 7), kRows, kColumns),
                        tokenMask(blockCausalMask(7, 3, true), kTokens));
    const WanTime time = net.wan.time(at::cat({at::zeros({1, 1}), t}, 1));
    const at::Tensor out = net.wan.head(net.wan.run(tokens, time, prompt, whole), time.e);
    const at::Tensor expected =
        net.wan.unpatchify(out.narrow(1, kTokens, 6 * kTokens), 6, 2 * kRows, 2 * kColumns).transpose(1, 2);

    WindowCache cache(WindowRules::dreamIdV(6), cacheShape(net.wan, 1, kTokens), net.rope(), kRows, kColumns);
    CausalDreamIdV causal(net, prompt,
                          [&](std::int64_t first, std::int64_t count) { return shown.narrow(1, first, count); });
    QVERIFY(causal.setReference(face, cache, {}).has_value());
    for (std::int64_t start = 0; start < 6; start += 3) {
      causal.prepare(1 + start, 3);
      const auto flow = causal.flow(x.narrow(1, start, 3), t.narrow(1, start, 3), {{1 + start}, 3}, cache, {});
      QVERIFY(flow.has_value());
      QVERIFY(at::allclose(*flow, expected.narrow(1, start, 3), 1e-4, 1e-5));
    }
    const at::Tensor before = cache.orderedKeys(1).clone();
    const at::Tensor other = noise(60, face.sizes());
    QVERIFY(causal.setReference(other, cache, {}).has_value());
    const at::Tensor after = cache.orderedKeys(1);
    QVERIFY(at::equal(before.narrow(1, kTokens, 6 * kTokens), after.narrow(1, kTokens, 6 * kTokens)));
    QVERIFY(!at::allclose(before.narrow(1, 0, kTokens), after.narrow(1, 0, kTokens), 1e-2, 1e-2));
    QCOMPARE(cache.seen(), std::int64_t{7});
  }

  // A new prompt re-reads the kept frames; without it the old words stay in the cache.
  void recacheSpeaksOfTheNewPrompt() {
    const Model model;
    const WanPrompt other = model.net.prompt(model.net.embedText(noise(2, {1, 6, 8})));
    WindowCache cache = model.cache(WindowRules::longLive(6, 3));
    CausalWan causal(model.net, model.prompt);
    ChunkLoop loop(causal, cache, model.transport, {.times = {1000, 625}, .historyFrames = 6});
    for (std::uint64_t chunk = 0; chunk < 4; ++chunk)
      QVERIFY(loop.next(frames(chunk, 3), renoise(chunk)).has_value());
    const at::Tensor old = cache.orderedKeys(1).clone();
    causal.setPrompt(other);
    std::int64_t reread = 0;
    loop.observe([&](const PassReport& pass) { reread += pass.x.size(1); });
    QVERIFY(loop.recache(true).has_value());
    QCOMPARE(reread, std::int64_t{6});
    QVERIFY(!at::allclose(old, cache.orderedKeys(1), 1e-3, 1e-3));
    // Protected sinks keep their keys.
    const at::Tensor sinks = cache.orderedKeys(1).narrow(1, 0, 3 * kTokens).clone();
    causal.setPrompt(model.prompt);
    QVERIFY(loop.recache(false).has_value());
    QVERIFY(at::equal(sinks, cache.orderedKeys(1).narrow(1, 0, 3 * kTokens)));
    QCOMPARE(cache.seen(), std::int64_t{12});
  }

  void wrongCallsAreRefused() {
    const Model model;
    CausalWan causal(model.net, model.prompt);
    WindowCache clip = model.cache(WindowRules::causVid(4));
    ChunkLoop loop(causal, clip, model.transport, {.times = {1000}});
    QCOMPARE(loop.next(frames(1, 4), renoise(1)).error().code, ErrorCode::InvalidArgument); // larger than a chunk
    QVERIFY(loop.next(frames(1, 3), renoise(1)).has_value());
    const auto full = loop.next(frames(2, 3), renoise(2));
    QCOMPARE(full.error().code, ErrorCode::InvalidArgument);
    QVERIFY(full.error().message.find("Start a new stream") != std::string::npos);
    QCOMPARE(loop.position(), std::int64_t{3});
    QVERIFY(loop.next(frames(2, 1), renoise(2)).has_value()); // what fits still goes on

    WindowCache sinks = model.cache(WindowRules::selfForcing(6, 4));
    ChunkLoop tight(causal, sinks, model.transport, {.times = {1000}});
    QVERIFY(tight.next(frames(1, 3), renoise(1)).has_value());
    QVERIFY(tight.next(frames(1, 3), renoise(1)).has_value());
    QCOMPARE(tight.next(frames(1, 3), renoise(1)).error().code, ErrorCode::InvalidArgument);

    RingCache ring = model.ring(RingRules::streamDiffusionV2(2), 2);
    QCOMPARE(ring.begin({{0, 0}, 1}).error().code, ErrorCode::InvalidArgument); // rows before replicate()
    CausalBatch batch(causal, ring, model.transport, {.times = {700, 500}});
    QCOMPARE(batch.tick(frames(1, 1), 700, renoise(1)).error().code, ErrorCode::InvalidArgument);
  }

 private:
  std::optional<c10::NoGradGuard> noGradients_;
};

QTEST_APPLESS_MAIN(TestStreaming)
#include "tst_streaming.moc"
