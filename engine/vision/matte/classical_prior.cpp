// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "engine/vision/matte/colour_model_p.h"
#include "engine/vision/matte/geodesic_p.h"
#include "engine/vision/matte/matte_prior.h"
#include "engine/vision/scaling_p.h"

namespace kinora::vision {
namespace {

// Lengths below are for a picture of 256 x 256 and grow with it.
constexpr float kReferenceSide = 256;
constexpr float kPictureLambda = 60;
constexpr float kLikelihoodLambda = 90;
constexpr float kBorderDistance = 25;
constexpr float kSeedRadius = 2;

std::vector<Point> scaled(const std::vector<Point>& points, float factor) {
  std::vector<Point> out;
  out.reserve(points.size());
  for (const Point& p : points)
    out.push_back(p * factor);
  return out;
}

float logit(float p) {
  const float q = std::clamp(p, 0.01f, 0.99f);
  return std::log(q / (1 - q));
}

// How much nearer the object's seeds are than the others': 0 far, 1 at the object.
Grid<float> nearness(const GeodesicGround& ground, std::span<const Point> positives, std::span<const Point> negatives,
                     float scale) {
  const Grid<float> toObject = geodesicDistance(ground, positives, kSeedRadius * scale, -1);
  const Grid<float> toOther = geodesicDistance(ground, negatives, kSeedRadius * scale, kBorderDistance * scale);
  Grid<float> out(toObject.size());
  for (std::size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = toOther.data[i] / (toObject.data[i] + toOther.data[i] + 1e-3f);
  return out;
}

} // namespace

MattePrior classicalMattePrior() {
  return [](const MatteClues& clues, std::stop_token stop) -> Result<std::vector<float>> {
    const Size size = clues.picture.size();
    Grid<Pixel> picture(size);
    for (int y = 0; y < size.height; ++y)
      std::memcpy(picture.row(y), clues.picture.row<Pixel>(y), static_cast<std::size_t>(size.width) * sizeof(Pixel));
    // Half the size says where an object is just as well, in a quarter of the time.
    const Grid<Pixel> small = halved(picture);
    const std::vector<Point> positives = scaled(clues.positives, 0.5f);
    const std::vector<Point> negatives = scaled(clues.negatives, 0.5f);
    const float scale = std::sqrt(static_cast<float>(small.width) * static_cast<float>(small.height)) / kReferenceSide;

    const Grid<float> likelihood = colourLikelihood(small, positives, negatives);
    if (stop.stop_requested())
      return fail(ErrorCode::Cancelled, "Making a matte was cancelled.");
    const Grid<float> byPicture =
        nearness(geodesicGround(small, kPictureLambda * scale), positives, negatives, scale);
    if (stop.stop_requested())
      return fail(ErrorCode::Cancelled, "Making a matte was cancelled.");
    Grid<float> levels(likelihood.size());
    for (std::size_t i = 0; i < levels.data.size(); ++i)
      levels.data[i] = likelihood.data[i] * 255;
    const Grid<float> byLikelihood =
        nearness(geodesicGround(levels, kLikelihoodLambda * scale), positives, negatives, scale);

    Grid<float> probability(small.size());
    for (std::size_t i = 0; i < probability.data.size(); ++i) {
      const float z = 1.0f * logit(byPicture.data[i]) + 1.0f * logit(byLikelihood.data[i]) +
                      0.5f * logit(likelihood.data[i]);
      probability.data[i] = 1 / (1 + std::exp(-z));
    }
    return resized(probability, size).data;
  };
}

} // namespace kinora::vision
