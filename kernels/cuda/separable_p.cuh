// SPDX-License-Identifier: Apache-2.0
// Runs two one-dimensional filters over a picture: columns first, then rows, sums in the order of the taps, as the CPU
// does.
#pragma once

#include <vector>

#include "kernels/cuda/launch_p.h"
#include "kernels/shared/pixel_p.h"
#include "kernels/shared/taps_p.h"

namespace kinora::kernels::cuda {

// Taps on the device: first, count, offset of each output, then all weights.
struct DeviceTaps {
  const std::int32_t* first;
  const std::int32_t* count;
  const std::int32_t* offset;
  const float* weights;
};

class UploadedTaps {
 public:
  UploadedTaps(const Taps& taps, Stream stream) : outputs_(taps.first.size()), memory_(bytesOf(taps), stream) {
    std::vector<std::int32_t> packed;
    packed.reserve(bytesOf(taps) / sizeof(std::int32_t));
    for (const auto* part : {&taps.first, &taps.count, &taps.offset})
      packed.insert(packed.end(), part->begin(), part->end());
    for (const float weight : taps.weights)
      packed.push_back(static_cast<std::int32_t>(bitsOf(weight)));
    status_ = memory_.status();
    if (status_.ok())
      status_ = memory_.upload(packed.data(), packed.size() * sizeof(std::int32_t));
  }
  [[nodiscard]] Status status() const { return status_; }
  [[nodiscard]] DeviceTaps view() const {
    const std::int32_t* all = memory_.as<std::int32_t>();
    return {all, all + outputs_, all + 2 * outputs_, reinterpret_cast<const float*>(all + 3 * outputs_)};
  }

 private:
  static std::size_t bytesOf(const Taps& taps) {
    return sizeof(std::int32_t) * (3 * taps.first.size() + taps.weights.size());
  }
  std::size_t outputs_;
  Scratch memory_;
  Status status_;
};

// How a type goes through a filter: as Value, and back.
template <class Pixel>
struct Filtered {
  using Value = Float4;
  static __device__ Value zero() { return {0, 0, 0, 0}; }
  static __device__ Value load(Pixel p, AlphaMode alpha) {
    const Float4 v = Channels<Pixel>::load(p);
    return alpha == AlphaMode::Straight ? weightedByAlpha(v) : v;
  }
  static __device__ Pixel store(Value v, AlphaMode alpha) {
    return Channels<Pixel>::store(alpha == AlphaMode::Straight ? dividedByAlpha(v) : v);
  }
};

template <>
struct Filtered<Gray8> {
  using Value = float;
  static __device__ Value zero() { return 0; }
  static __device__ Value load(Gray8 p, AlphaMode) { return static_cast<float>(p); }
  static __device__ Gray8 store(Value v, AlphaMode) { return toByte(v); }
};

template <>
struct Filtered<Gray32F> {
  using Value = float;
  static __device__ Value zero() { return 0; }
  static __device__ Value load(Gray32F p, AlphaMode) { return p; }
  static __device__ Gray32F store(Value v, AlphaMode) { return v; }
};

template <class Pixel>
struct FilterDown {
  ImageView<const Pixel> src;
  typename Filtered<Pixel>::Value* sums; // src.width values a row
  DeviceTaps taps;
  AlphaMode alpha;

  __device__ void operator()(int x, int y) const {
    auto sum = Filtered<Pixel>::zero();
    for (int k = 0; k < taps.count[y]; ++k)
      sum = sum + Filtered<Pixel>::load(pixelOf(src, x, taps.first[y] + k), alpha) * taps.weights[taps.offset[y] + k];
    sums[static_cast<std::size_t>(y) * static_cast<std::size_t>(src.width) + static_cast<std::size_t>(x)] = sum;
  }
};

template <class Pixel>
struct FilterAcross {
  const typename Filtered<Pixel>::Value* sums;
  int columns; // of sums
  ImageView<Pixel> dst;
  DeviceTaps taps;
  AlphaMode alpha;

  __device__ void operator()(int x, int y) const {
    const auto* row = sums + static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) + taps.first[x];
    auto sum = Filtered<Pixel>::zero();
    for (int k = 0; k < taps.count[x]; ++k)
      sum = sum + row[k] * taps.weights[taps.offset[x] + k];
    pixelOf(dst, x, y) = Filtered<Pixel>::store(sum, alpha);
  }
};

template <class Pixel>
Status filterSeparably(const ImageView<const Pixel>& src, const ImageView<Pixel>& dst, const Taps& across,
                       const Taps& down, AlphaMode alpha, Stream stream) {
  using Value = typename Filtered<Pixel>::Value;
  const UploadedTaps acrossTaps(across, stream);
  const UploadedTaps downTaps(down, stream);
  const Scratch sums(sizeof(Value) * static_cast<std::size_t>(src.width) * static_cast<std::size_t>(dst.height),
                     stream);
  return inTurn([&] { return acrossTaps.status(); }, [&] { return downTaps.status(); }, [&] { return sums.status(); },
                [&] {
                  return forPixels(src.width, dst.height, stream,
                                   FilterDown<Pixel>{src, sums.as<Value>(), downTaps.view(), alpha});
                },
                [&] {
                  return forPixels(dst.width, dst.height, stream,
                                   FilterAcross<Pixel>{sums.as<Value>(), src.width, dst, acrossTaps.view(), alpha});
                });
}

template <class Pixel>
Status copyPicture(const ImageView<const Pixel>& src, const ImageView<Pixel>& dst, Stream stream) {
  return {static_cast<int>(cudaMemcpy2DAsync(
      dst.data, static_cast<std::size_t>(dst.strideBytes), src.data, static_cast<std::size_t>(src.strideBytes),
      sizeof(Pixel) * static_cast<std::size_t>(src.width), static_cast<std::size_t>(src.height),
      cudaMemcpyDeviceToDevice, static_cast<cudaStream_t>(stream)))};
}

} // namespace kinora::kernels::cuda
