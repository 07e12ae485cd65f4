// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdlib>
#include <limits>

#include "engine/vision/matte/regions_p.h"
#include "engine/vision/plate/fill_p.h"
#include "engine/vision/scaling_p.h"

namespace kinora::vision {
namespace {

constexpr int kRadius = 3; // patches of 7 x 7
constexpr int kSide = 2 * kRadius + 1;
constexpr int kMostLevels = 7;
constexpr int kSmallestSide = 24;
constexpr int kJump = 4;

// A repeatable throw of dice: every (level, round, pixel) has its own.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x632BE59BD9B4E019ull) {}
  int below(int limit) {
    state_ += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    z ^= z >> 31;
    return static_cast<int>(((z >> 32) * static_cast<std::uint64_t>(limit)) >> 32);
  }

 private:
  std::uint64_t state_;
};

struct Match {
  int x = 0;
  int y = 0;
  int cost = std::numeric_limits<int>::max();
};

// The picture with its edge repeated all round, so that patches may hang over it.
Grid<Pixel> padded(const Grid<Pixel>& g) {
  Grid<Pixel> out(g.width + 2 * kRadius + 1, g.height + 2 * kRadius);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      out.at(x, y) = g.clamped(x - kRadius, y - kRadius);
  return out;
}

// Sum of absolute differences of two patches, their middle column counted double (two loads of 16 bytes cover a row of
// 28); ends early beyond limit.
int patchCost(const Pixel* a, const Pixel* b, int stride, int limit) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(a);
  const auto* q = reinterpret_cast<const std::uint8_t*>(b);
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(stride) * 4;
  int sum = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int i = 0; i < 16; ++i)
      sum += std::abs(p[i] - q[i]);
    for (int i = 12; i < 28; ++i)
      sum += std::abs(p[i] - q[i]);
    if (sum >= limit)
      return sum;
    p += step;
    q += step;
  }
  return sum;
}

class Filler {
 public:
  // picture: filled somehow inside hole.
  Filler(Grid<Pixel> picture, Grid<std::uint8_t> hole, int level, const WorkerPool& pool, const std::stop_token& stop)
      : picture_(std::move(picture)), hole_(std::move(hole)), level_(level), pool_(pool), stop_(stop),
        target_(grown(hole_, kRadius + 1)), matches_(picture_.size()) {
    // Sources: patches inside of the picture that touch no hole.
    const Grid<std::uint8_t> spoilt = target_;
    for (int y = kRadius; y + kRadius < picture_.height; ++y)
      for (int x = kRadius; x + kRadius < picture_.width; ++x)
        if (spoilt.at(x, y) == 0)
          sources_.push_back(y * picture_.width + x);
    isSource_ = Grid<std::uint8_t>(picture_.size());
    for (const int s : sources_)
      isSource_.data[static_cast<std::size_t>(s)] = 1;
    for (int y = 0; y < picture_.height; ++y)
      for (int x = 0; x < picture_.width; ++x)
        if (target_.at(x, y) != 0)
          targets_.push_back(y * picture_.width + x);
  }

  [[nodiscard]] bool canWork() const { return !sources_.empty() && !targets_.empty(); }
  [[nodiscard]] const Grid<Pixel>& picture() const { return picture_; }
  [[nodiscard]] const Grid<Match>& matches() const { return matches_; }
  [[nodiscard]] bool stopped() const { return stop_.stop_requested(); }

  // Starts from the matches of the level below (half the size), or by chance.
  void start(const Grid<Match>* coarser) {
    for (const int t : targets_) {
      const int x = t % picture_.width;
      const int y = t / picture_.width;
      Dice dice(seed(0, t));
      Match m;
      if (coarser != nullptr) {
        const Match& c = coarser->clamped(x / 2, y / 2);
        if (c.cost != std::numeric_limits<int>::max()) {
          m.x = c.x * 2 + (x & 1);
          m.y = c.y * 2 + (y & 1);
        }
      }
      if (!picture_.contains(m.x, m.y) || isSource_.at(m.x, m.y) == 0) {
        const int s = sources_[static_cast<std::size_t>(dice.below(static_cast<int>(sources_.size())))];
        m.x = s % picture_.width;
        m.y = s / picture_.width;
      }
      m.cost = 1; // counted in search(); until then all alike
      matches_.data[static_cast<std::size_t>(t)] = m;
    }
    if (coarser != nullptr)
      vote();
  }

  // Looks for better matches: neighbours' and by chance, in ever smaller windows. All pixels at once (each reads the
  // last round), so the order of work does not matter.
  void search(int rounds) {
    const Grid<Pixel> pad = padded(picture_);
    const auto patchAt = [&](int x, int y) { return pad.row(y) + x; };
    const auto forAll = [&](const std::function<void(int)>& body) {
      pool_.parallelFor(static_cast<std::int64_t>(targets_.size()), 512, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          if ((i & 255) == 0 && stopped())
            return;
          body(targets_[static_cast<std::size_t>(i)]);
        }
      });
    };
    forAll([&](int t) {
      Match& m = matches_.data[static_cast<std::size_t>(t)];
      m.cost = patchCost(patchAt(t % picture_.width, t / picture_.width), patchAt(m.x, m.y), pad.width,
                         std::numeric_limits<int>::max());
    });
    Grid<Match> next = matches_;
    for (int round = 0; round < rounds; ++round) {
      ++round_;
      const int jump = round % 2 == 0 ? kJump : 1;
      forAll([&](int t) {
        const int x = t % picture_.width;
        const int y = t / picture_.width;
        const Pixel* own = patchAt(x, y);
        Match best = matches_.data[static_cast<std::size_t>(t)];
        const auto consider = [&](int sx, int sy) {
          if (!picture_.contains(sx, sy) || isSource_.at(sx, sy) == 0 || (sx == best.x && sy == best.y))
            return;
          const int cost = patchCost(own, patchAt(sx, sy), pad.width, best.cost);
          if (cost < best.cost)
            best = {sx, sy, cost};
        };
        for (const int j : {jump, jump == 1 ? kJump : 1}) {
          constexpr int kDx[4] = {1, -1, 0, 0};
          constexpr int kDy[4] = {0, 0, 1, -1};
          for (int d = 0; d < 4; ++d) {
            const int nx = x + kDx[d] * j;
            const int ny = y + kDy[d] * j;
            if (!target_.contains(nx, ny) || target_.at(nx, ny) == 0)
              continue;
            const Match& n = matches_.at(nx, ny);
            consider(n.x - kDx[d] * j, n.y - kDy[d] * j);
          }
        }
        Dice dice(seed(round_, t));
        for (int reach = std::max(picture_.width, picture_.height); reach >= 1; reach /= 3)
          consider(best.x + dice.below(2 * reach + 1) - reach, best.y + dice.below(2 * reach + 1) - reach);
        next.data[static_cast<std::size_t>(t)] = best;
      });
      std::swap(next, matches_);
      if (stopped())
        return;
    }
  }

  // Every pixel of the hole becomes the mean of what the patches over it say, good ones more.
  void vote() {
    const std::vector<float> weight = weights();
    Grid<Pixel> out = picture_;
    pool_.parallelFor(picture_.height, 8, [&](std::int64_t begin, std::int64_t end) {
      if (stopped())
        return;
      for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y)
        for (int x = 0; x < picture_.width; ++x)
          if (hole_.at(x, y) != 0) {
            const std::array<float, 4> v = votesFor(x, y, weight);
            out.at(x, y) = {toByte(v[0]), toByte(v[1]), toByte(v[2]), toByte(v[3])};
          }
    });
    picture_ = std::move(out);
  }

  // Shifts the fill so that it meets the rim: the difference there, spread smoothly inwards.
  void meetRim() {
    const std::vector<float> weight = weights();
    Grid<Pixel> difference(picture_.size(), Pixel{128, 128, 128, 128});
    Grid<std::uint8_t> known(picture_.size());
    const Grid<std::uint8_t> rim = grown(hole_, 2);
    for (int y = 0; y < picture_.height; ++y)
      for (int x = 0; x < picture_.width; ++x) {
        if (rim.at(x, y) == 0 || hole_.at(x, y) != 0)
          continue;
        const std::array<float, 4> v = votesFor(x, y, weight);
        const Pixel p = picture_.at(x, y);
        // Only what looks like a change of light; where the patches show something else there is nothing to meet.
        const auto d = [](std::uint8_t want, float is) {
          const float delta = static_cast<float>(want) - is;
          return toByte(128 + 4 * std::clamp(delta, -24.0f, 24.0f));
        };
        difference.at(x, y) = {d(p.r, v[0]), d(p.g, v[1]), d(p.b, v[2]), d(p.a, v[3])};
        known.at(x, y) = 255;
      }
    pushPull(difference, known);
    for (std::size_t i = 0; i < picture_.data.size(); ++i)
      if (hole_.data[i] != 0) {
        Pixel& p = picture_.data[i];
        const Pixel d = difference.data[i];
        const auto shifted = [](std::uint8_t v, std::uint8_t by) {
          return toByte(static_cast<float>(v) + (static_cast<float>(by) - 128) / 4);
        };
        p = {shifted(p.r, d.r), shifted(p.g, d.g), shifted(p.b, d.b), shifted(p.a, d.a)};
      }
  }

 private:
  [[nodiscard]] std::uint64_t seed(int round, int target) const {
    return (static_cast<std::uint64_t>(level_) << 56) ^ (static_cast<std::uint64_t>(round) << 40) ^
           static_cast<std::uint64_t>(target);
  }

  // exp(-cost / 2 c), c the cost that three quarters of the matches stay below.
  [[nodiscard]] std::vector<float> weights() const {
    std::vector<int> costs;
    costs.reserve(targets_.size());
    for (const int t : targets_)
      costs.push_back(matches_.data[static_cast<std::size_t>(t)].cost);
    const auto quarter = costs.begin() + static_cast<std::ptrdiff_t>(costs.size() * 3 / 4);
    std::nth_element(costs.begin(), quarter, costs.end());
    const float scale = -1 / (2 * static_cast<float>(std::max(1, *quarter)));
    std::vector<float> weight(matches_.data.size(), 0.0f);
    for (const int t : targets_)
      weight[static_cast<std::size_t>(t)] =
          std::exp(static_cast<float>(matches_.data[static_cast<std::size_t>(t)].cost) * scale) + 1e-6f;
    return weight;
  }

  [[nodiscard]] std::array<float, 4> votesFor(int x, int y, const std::vector<float>& weight) const {
    std::array<float, 4> sum{};
    float total = 0;
    for (int dy = -kRadius; dy <= kRadius; ++dy)
      for (int dx = -kRadius; dx <= kRadius; ++dx) {
        const int tx = x + dx;
        const int ty = y + dy;
        if (!target_.contains(tx, ty) || target_.at(tx, ty) == 0)
          continue;
        const Match& m = matches_.at(tx, ty);
        const Pixel& s = picture_.at(m.x - dx, m.y - dy);
        const float w = weight[static_cast<std::size_t>(ty) * static_cast<std::size_t>(picture_.width) +
                               static_cast<std::size_t>(tx)];
        sum[0] += w * static_cast<float>(s.r);
        sum[1] += w * static_cast<float>(s.g);
        sum[2] += w * static_cast<float>(s.b);
        sum[3] += w * static_cast<float>(s.a);
        total += w;
      }
    for (float& v : sum)
      v /= total;
    return sum;
  }

  Grid<Pixel> picture_;
  Grid<std::uint8_t> hole_;
  int level_;
  const WorkerPool& pool_;
  const std::stop_token& stop_;
  Grid<std::uint8_t> target_; // patches that touch the hole
  Grid<Match> matches_;
  Grid<std::uint8_t> isSource_;
  std::vector<int> sources_;
  std::vector<int> targets_;
  int round_ = 0;
};

Grid<std::uint8_t> halvedHole(const Grid<std::uint8_t>& g) {
  Grid<std::uint8_t> out((g.width + 1) / 2, (g.height + 1) / 2);
  for (int y = 0; y < g.height; ++y)
    for (int x = 0; x < g.width; ++x)
      if (g.at(x, y) != 0)
        out.at(x / 2, y / 2) = 1;
  return out;
}

} // namespace

Result<void> patchFill(Grid<Pixel>& picture, const Grid<std::uint8_t>& hole, const WorkerPool& pool,
                       const std::stop_token& stop) {
  struct Level {
    Grid<Pixel> picture;
    Grid<std::uint8_t> hole;
  };
  std::vector<Level> levels;
  levels.push_back({picture, hole});
  while (levels.size() < kMostLevels) {
    const Level& finer = levels.back();
    if (std::min(finer.picture.width, finer.picture.height) < 2 * kSmallestSide)
      break;
    // Small enough when patches reach from rim to rim.
    const Grid<std::uint8_t> core = shrunk(finer.hole, 1, 2 * kRadius);
    if (boundsOf<std::uint8_t>(core, 1).isEmpty())
      break;
    Level next{halved(finer.picture), halvedHole(finer.hole)};
    levels.push_back(std::move(next));
  }
  constexpr int kRounds[] = {3, 4, 6};
  Grid<Match> coarser;
  for (std::size_t i = levels.size(); i-- > 0;) {
    Filler filler(levels[i].picture, levels[i].hole, static_cast<int>(i), pool, stop);
    if (!filler.canWork()) {
      coarser = {};
      continue; // the smooth fill stays; a finer level may have room for patches
    }
    filler.start(coarser.isEmpty() ? nullptr : &coarser);
    const int rounds = i < std::size(kRounds) ? kRounds[i] : 8;
    for (int round = 0; round < rounds; ++round) {
      filler.search(2);
      if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, "Filling the background was cancelled.");
      filler.vote();
    }
    coarser = filler.matches();
    if (i == 0) {
      filler.meetRim();
      if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, "Filling the background was cancelled.");
      picture = filler.picture();
    }
  }
  return {};
}

} // namespace kinora::vision
