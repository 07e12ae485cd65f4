// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/vision/plate/fill_p.h"

namespace kinora::vision {
namespace {

struct Sample {
  std::array<float, 4> colour{}; // times weight
  float weight = 0;
};

Grid<Sample> coarser(const Grid<Sample>& g) {
  Grid<Sample> out((g.width + 1) / 2, (g.height + 1) / 2);
  for (int y = 0; y < g.height; ++y)
    for (int x = 0; x < g.width; ++x) {
      const Sample& s = g.at(x, y);
      Sample& to = out.at(x / 2, y / 2);
      for (std::size_t c = 0; c < 4; ++c)
        to.colour[c] += s.colour[c];
      to.weight += s.weight;
    }
  for (Sample& s : out.data)
    if (s.weight > 1) {
      for (float& c : s.colour)
        c /= s.weight;
      s.weight = 1;
    }
  return out;
}

// What a finer level does not know, the coarser one says, bilinearly.
void refine(const Grid<Sample>& coarse, Grid<Sample>& fine) {
  for (int y = 0; y < fine.height; ++y) {
    const int cy = y / 2;
    const int oy = std::clamp(cy + (y % 2 == 0 ? -1 : 1), 0, coarse.height - 1);
    for (int x = 0; x < fine.width; ++x) {
      Sample& s = fine.at(x, y);
      if (s.weight >= 1)
        continue;
      const int cx = x / 2;
      const int ox = std::clamp(cx + (x % 2 == 0 ? -1 : 1), 0, coarse.width - 1);
      const Sample& a = coarse.at(cx, cy);
      const Sample& b = coarse.at(ox, cy);
      const Sample& c = coarse.at(cx, oy);
      const Sample& d = coarse.at(ox, oy);
      const float wa = 0.5625f * a.weight;
      const float wb = 0.1875f * b.weight;
      const float wc = 0.1875f * c.weight;
      const float wd = 0.0625f * d.weight;
      const float sum = wa + wb + wc + wd;
      if (sum <= 0)
        continue;
      // Coarse samples are whole after their own refinement (weight 1), or empty everywhere.
      const float missing = (1 - s.weight) / sum;
      for (std::size_t i = 0; i < 4; ++i)
        s.colour[i] += missing * (0.5625f * a.colour[i] + 0.1875f * b.colour[i] + 0.1875f * c.colour[i] +
                                  0.0625f * d.colour[i]);
      s.weight = 1;
    }
  }
}

} // namespace

void pushPull(Grid<Pixel>& picture, const Grid<std::uint8_t>& known) {
  std::vector<Grid<Sample>> levels;
  levels.emplace_back(picture.size());
  for (std::size_t i = 0; i < picture.data.size(); ++i) {
    if (known.data[i] == 0)
      continue;
    const float w = static_cast<float>(known.data[i]) / 255;
    const Pixel p = picture.data[i];
    levels[0].data[i] = {
        {static_cast<float>(p.r) * w, static_cast<float>(p.g) * w, static_cast<float>(p.b) * w,
         static_cast<float>(p.a) * w},
        w};
  }
  while (levels.back().width > 1 || levels.back().height > 1)
    levels.push_back(coarser(levels.back()));
  Sample& top = levels.back().data[0];
  if (top.weight <= 0)
    return;
  for (float& c : top.colour)
    c /= top.weight;
  top.weight = 1;
  for (std::size_t i = levels.size() - 1; i-- > 0;)
    refine(levels[i + 1], levels[i]);
  for (std::size_t i = 0; i < picture.data.size(); ++i)
    if (known.data[i] != 255) {
      const auto& c = levels[0].data[i].colour;
      picture.data[i] = {toByte(c[0]), toByte(c[1]), toByte(c[2]), toByte(c[3])};
    }
}

} // namespace kinora::vision
