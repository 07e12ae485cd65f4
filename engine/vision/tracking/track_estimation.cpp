// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/tracking/track_estimation.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>

namespace kinora::vision {
namespace {

constexpr float kReturnTolerance = 1; // pixels by which stepping back may miss a point
constexpr std::size_t kMostPoints = 20'000;
const cv::Size kWindow(21, 21);
constexpr int kLevels = 3;

Result<cv::Mat> grey(const Image& image) {
  const Size size = image.size();
  if (image.format() == PixelFormat::Gray8)
    return cv::Mat(size.height, size.width, CV_8UC1, const_cast<std::byte*>(image.data()),
                   static_cast<std::size_t>(image.strideBytes()))
        .clone();
  if (image.format() != PixelFormat::Rgba8 || image.memory() == MemoryKind::Cuda)
    return fail(ErrorCode::InvalidArgument, "Points can be followed in 8-bit RGBA or grey frames in host memory only.");
  const cv::Mat rgba(size.height, size.width, CV_8UC4, const_cast<std::byte*>(image.data()),
                     static_cast<std::size_t>(image.strideBytes()));
  cv::Mat result;
  cv::cvtColor(rgba, result, cv::COLOR_RGBA2GRAY);
  return result;
}

// Follows points from frame to frame; a lost point stays where it was seen last.
class Follower {
 public:
  explicit Follower(std::vector<cv::Point2f> points) : points_(std::move(points)), seen_(points_.size(), 1) {}

  [[nodiscard]] const std::vector<cv::Point2f>& points() const { return points_; }
  [[nodiscard]] bool isSeen(std::size_t i) const { return seen_[i] != 0; }

  void step(const cv::Mat& frame) {
    std::vector<cv::Mat> pyramid;
    cv::buildOpticalFlowPyramid(frame, pyramid, kWindow, kLevels);
    if (!pyramid_.empty() && !points_.empty()) {
      std::vector<cv::Point2f> ahead = points_;
      std::vector<cv::Point2f> back = points_;
      std::vector<unsigned char> found;
      std::vector<unsigned char> returned;
      std::vector<float> error;
      const cv::TermCriteria until(cv::TermCriteria::COUNT + cv::TermCriteria::EPS, 30, .01);
      cv::calcOpticalFlowPyrLK(pyramid_, pyramid, points_, ahead, found, error, kWindow, kLevels, until);
      cv::calcOpticalFlowPyrLK(pyramid, pyramid_, ahead, back, returned, error, kWindow, kLevels, until,
                               cv::OPTFLOW_USE_INITIAL_FLOW);
      const auto width = static_cast<float>(frame.cols);
      const auto height = static_cast<float>(frame.rows);
      for (std::size_t i = 0; i < points_.size(); ++i) {
        const cv::Point2f p = ahead[i];
        const bool good = seen_[i] && found[i] && returned[i] && p.x >= 0 && p.y >= 0 && p.x < width && p.y < height &&
                          std::hypot(back[i].x - points_[i].x, back[i].y - points_[i].y) <= kReturnTolerance;
        if (good)
          points_[i] = p;
        else
          seen_[i] = 0;
      }
    }
    pyramid_ = std::move(pyramid);
  }

 private:
  std::vector<cv::Point2f> points_;
  std::vector<char> seen_;
  std::vector<cv::Mat> pyramid_;
};

// LK works with pixel centres at whole numbers, we at .5.
cv::Point2f toGrid(Point p) {
  return {p.x - .5F, p.y - .5F};
}
Point fromGrid(cv::Point2f p) {
  return {p.x + .5F, p.y + .5F};
}

Result<void> checkPoints(const std::vector<Point>& points, Size size) {
  if (points.empty())
    return fail(ErrorCode::InvalidArgument, "There is no point to follow. Name at least one.");
  if (points.size() > kMostPoints)
    return fail(ErrorCode::InvalidArgument, fmt::format("{} points are too many to follow at once; at most {} can be.",
                                                        points.size(), kMostPoints));
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point p = points[i];
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || p.x < 0 || p.y < 0 || p.x > static_cast<float>(size.width) ||
        p.y > static_cast<float>(size.height))
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("Point {} at {:.1f},{:.1f} lies outside of the picture of {}×{} pixels.", i + 1, p.x, p.y,
                              size.width, size.height));
  }
  return {};
}

using OnFrame = std::function<void(std::int64_t frame, const Follower&)>;

// Runs points through the film. check is called with the first frame's size.
Result<Size> follow(const FrameProvider& frames, const std::vector<Point>& points,
                    const std::function<Result<void>(Size)>& check, const OnFrame& onFrame,
                    const std::stop_token& stop) {
  try {
    Size size;
    std::vector<cv::Point2f> start;
    start.reserve(points.size());
    for (const Point p : points)
      start.push_back(toGrid(p));
    Follower follower(std::move(start));
    for (std::int64_t frame = 0;; ++frame) {
      if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, "Following points was cancelled.");
      auto image = frames();
      if (!image)
        return fail(image);
      if (!*image)
        break;
      if (frame == 0) {
        size = (*image)->size();
        if (auto good = check(size); !good)
          return fail(good);
      } else if (!((*image)->size() == size)) {
        return fail(ErrorCode::InvalidArgument, fmt::format("Frame {} has another size than the first one.", frame));
      }
      auto picture = grey(**image);
      if (!picture)
        return fail(picture);
      follower.step(*picture);
      onFrame(frame, follower);
    }
    if (size.isEmpty())
      return fail(ErrorCode::InvalidArgument, "The film has no frame, so no point can be followed.");
    return size;
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, fmt::format("Following points failed: {}.", error.what()));
  }
}

double quantile(std::vector<double>& values, double share) {
  if (values.empty())
    return 0;
  const auto n = static_cast<std::ptrdiff_t>(std::floor(share * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + n, values.end());
  return values[static_cast<std::size_t>(n)];
}

} // namespace

std::vector<Point> gridPoints(Size size, int columns, int rows) {
  std::vector<Point> points;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      points.push_back({(static_cast<float>(c) + .5F) * static_cast<float>(size.width) / static_cast<float>(columns),
                        (static_cast<float>(r) + .5F) * static_cast<float>(size.height) / static_cast<float>(rows)});
  return points;
}

Result<EstimatedTracks> estimateTracks(const FrameProvider& frames, const std::vector<Point>& points,
                                       std::stop_token stop) {
  EstimatedTracks result;
  result.tracks.resize(points.size());
  const auto size = follow(
      frames, points, [&points](Size s) { return checkPoints(points, s); },
      [&result](std::int64_t, const Follower& follower) {
        ++result.frameCount;
        for (std::size_t i = 0; i < result.tracks.size(); ++i)
          result.tracks[i].positions.push_back({fromGrid(follower.points()[i]), follower.isSeen(i)});
      },
      stop);
  if (!size)
    return fail(size);
  result.size = *size;
  return result;
}

Result<TrackError> measureTracks(const FrameProvider& frames,
                                 const std::vector<std::vector<session::TrackPosition>>& wanted, std::stop_token stop) {
  std::vector<Point> starts;
  for (const auto& track : wanted) {
    if (track.empty())
      return fail(ErrorCode::InvalidArgument, "A track without positions cannot be measured.");
    starts.push_back(track.front().at);
  }
  std::vector<double> errors;
  std::int64_t asked = 0;
  const auto size = follow(
      frames, starts, [&starts](Size s) { return checkPoints(starts, s); },
      [&](std::int64_t frame, const Follower& follower) {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          if (frame >= static_cast<std::int64_t>(wanted[i].size()) ||
              !wanted[i][static_cast<std::size_t>(frame)].visible)
            continue;
          ++asked;
          if (!follower.isSeen(i))
            continue;
          const Point at = wanted[i][static_cast<std::size_t>(frame)].at;
          const Point seen = fromGrid(follower.points()[i]);
          errors.push_back(std::hypot(seen.x - at.x, seen.y - at.y));
        }
      },
      stop);
  if (!size)
    return fail(size);
  TrackError result;
  result.samples = static_cast<std::int64_t>(errors.size());
  result.percentTracked = asked > 0 ? 100.0 * static_cast<double>(errors.size()) / static_cast<double>(asked) : 0;
  for (const double e : errors)
    result.mean += e / static_cast<double>(errors.size());
  result.median = quantile(errors, .5);
  result.p95 = quantile(errors, .95);
  return result;
}

} // namespace kinora::vision
