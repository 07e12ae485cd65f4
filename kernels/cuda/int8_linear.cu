// SPDX-License-Identifier: Apache-2.0
#include "kernels/int8_linear.h"

#include "kernels/cuda/matrix_rows_p.cuh"

namespace kinora::kernels::cuda {
namespace {

template <class T>
struct StoreRow {
  ConstMatrix<T> src;
  float* scales;
  std::int8_t* bytes;

  __device__ void operator()(int row, int lane) const {
    const T* from = &pixelOf(src, 0, row);
    float largest = 0.0f;
    for (int i = lane; i < src.width; i += kPartialSums) {
      const float size = fabsf(toFloat(from[i]));
      largest = size > largest ? size : largest;
    }
    for (int half = kPartialSums / 2; half > 0; half /= 2) {
      const float other = __shfl_xor_sync(0xffffffffu, largest, half);
      largest = other > largest ? other : largest;
    }
    const float inverse = inverseScale(largest);
    std::int8_t* to = bytes + static_cast<std::size_t>(row) * static_cast<std::size_t>(src.width);
    for (int i = lane; i < src.width; i += kPartialSums)
      to[i] = quantised(toFloat(from[i]), inverse);
    if (lane == 0)
      scales[row] = largest / 127.0f;
  }
};

constexpr int kTile = 64;    // rows and outputs of a block
constexpr int kThreads = 16; // a side of the block; each thread makes 4 x 4 sums
constexpr int kEach = kTile / kThreads;
constexpr int kWords = 16; // inputs of one step, four to a word

// Four bytes from (row, 4 * word), zero outside.
__device__ int wordOf(const std::int8_t* values, std::size_t stride, int rows, int inputs, int row, int word) {
  if (row >= rows)
    return 0;
  const std::int8_t* from = values + static_cast<std::size_t>(row) * stride;
  unsigned bits = 0;
  for (int k = 0; k < 4; ++k) {
    const int i = 4 * word + k;
    if (i < inputs)
      bits |= static_cast<unsigned>(static_cast<std::uint8_t>(from[i])) << (8 * k);
  }
  return static_cast<int>(bits);
}

template <class T>
__global__ void multiply(const std::int8_t* bytes, const float* scales, int rows, int inputs, Int8Weights weights,
                         const float* bias, Matrix<T> dst) {
  __shared__ int a[kTile][kWords + 1];
  __shared__ int w[kTile][kWords + 1];
  const int outputs = weights.values.height;
  const int r0 = static_cast<int>(blockIdx.y) * kTile;
  const int o0 = static_cast<int>(blockIdx.x) * kTile;
  const int x = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(threadIdx.y);
  int sums[kEach][kEach] = {};
  for (int word0 = 0; 4 * word0 < inputs; word0 += kWords) {
    for (int k = 0; k < kEach; ++k) {
      const int row = y + k * kThreads;
      a[row][x] = wordOf(bytes, static_cast<std::size_t>(inputs), rows, inputs, r0 + row, word0 + x);
      w[row][x] = wordOf(weights.values.data, static_cast<std::size_t>(weights.values.strideBytes), outputs, inputs,
                         o0 + row, word0 + x);
    }
    __syncthreads();
    for (int word = 0; word < kWords; ++word)
      for (int i = 0; i < kEach; ++i)
        for (int j = 0; j < kEach; ++j)
          sums[i][j] = __dp4a(a[y + i * kThreads][word], w[x + j * kThreads][word], sums[i][j]);
    __syncthreads();
  }
  for (int i = 0; i < kEach; ++i) {
    for (int j = 0; j < kEach; ++j) {
      const int r = r0 + y + i * kThreads;
      const int o = o0 + x + j * kThreads;
      if (r < rows && o < outputs) {
        const float value = static_cast<float>(sums[i][j]) * scales[r] * weights.scales[o];
        pixelOf(dst, o, r) = fromFloat<T>(value + (bias != nullptr ? bias[o] : 0.0f));
      }
    }
  }
}

} // namespace

template <class T>
Status int8Linear(ConstMatrix<T> src, const Int8Weights& weights, const float* bias, Matrix<T> dst, void* scratch,
                  Stream stream) {
  const int rows = src.height;
  const int inputs = src.width;
  const int outputs = weights.values.height;
  if (weights.values.width != inputs || inputs > kMaxInt8Inputs || dst.height != rows || dst.width != outputs)
    return mismatch();
  if (rows <= 0 || outputs <= 0)
    return {};
  auto* scales = static_cast<float*>(scratch);
  auto* bytes = reinterpret_cast<std::int8_t*>(scales + rows);
  return inTurn(
      [&] {
        return forRows(rows, stream, StoreRow<T>{src, scales, bytes});
      },
      [&]() -> Status {
        const dim3 grid((static_cast<unsigned>(outputs) + kTile - 1) / kTile,
                        (static_cast<unsigned>(rows) + kTile - 1) / kTile);
        multiply<T><<<grid, dim3(kThreads, kThreads), 0, static_cast<cudaStream_t>(stream)>>>(
            bytes, scales, rows, inputs, weights, bias, dst);
        return {static_cast<int>(cudaGetLastError())};
      });
}

template Status int8Linear<float>(ConstMatrix<float>, const Int8Weights&, const float*, Matrix<float>, void*, Stream);
template Status int8Linear<BFloat16>(ConstMatrix<BFloat16>, const Int8Weights&, const float*, Matrix<BFloat16>, void*,
                                     Stream);

} // namespace kinora::kernels::cuda
