// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/networks/fused_p.h"

#include <algorithm>
#include <cstdint>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "engine/base/check.h"
#include "engine/base/worker_pool.h"
#include "kernels/activation.h"
#include "kernels/layer_norm.h"
#include "kernels/rms_norm.h"

namespace kinora::inference::fused {
namespace {

using kernels::BFloat16;
using kernels::ConstMatrix;
using kernels::Matrix;

constexpr std::int64_t kElementsPerPiece = 32'768; // of one thread

// Calls with T = float or BFloat16.
template <class Call>
void withType(at::ScalarType type, const Call& call) {
  if (type == at::kFloat)
    call(float{});
  else
    call(BFloat16{});
}

// The rows of a tensor whose last axis is contiguous and whose other axes can be counted as one.
template <class T>
Matrix<T> rowsOf(const at::Tensor& x) {
  const std::int64_t columns = x.size(-1);
  const std::int64_t stride = x.dim() > 1 ? x.stride(-2) : columns;
  return {static_cast<T*>(x.data_ptr()), static_cast<std::int32_t>(columns),
          static_cast<std::int32_t>(x.numel() / columns),
          static_cast<std::ptrdiff_t>(stride) * static_cast<std::ptrdiff_t>(sizeof(T))};
}

template <class T>
Matrix<T> part(const Matrix<T>& all, std::int64_t begin, std::int64_t end) {
  return all.sub({0, static_cast<std::int32_t>(begin), all.width, static_cast<std::int32_t>(end - begin)});
}

// Factors [B or 1, T or 1, D] as B * T rows, which may be one row seen many times; copies only what cannot be seen that
// way. Holds the copy.
struct Factors {
  at::Tensor tensor;
  ConstMatrix<float> rows;

  Factors(const at::Tensor& factors, std::int64_t batch, std::int64_t groups) {
    if (!factors.defined())
      return;
    tensor = factors.expand({batch, groups, factors.size(-1)});
    const bool oneStride = tensor.size(0) == 1 || tensor.stride(0) == tensor.size(1) * tensor.stride(1);
    if (tensor.scalar_type() != at::kFloat || tensor.stride(2) != 1 || !oneStride)
      tensor = tensor.to(at::kFloat).contiguous();
    rows = rowsOf<float>(tensor);
  }
};

// x [B, L, D] and its modulation as the kernels see them.
struct Modulated {
  Factors scale, shift, gate;
  kernels::Modulation all;

  Modulated(const at::Tensor& x, const at::Tensor& scaleIn, const at::Tensor& shiftIn, const at::Tensor& gateIn)
      : Modulated(x, scaleIn, shiftIn, gateIn, std::max({groupsOf(scaleIn), groupsOf(shiftIn), groupsOf(gateIn)})) {}
  [[nodiscard]] kernels::Modulation from(std::int64_t row) const {
    kernels::Modulation part = all;
    part.firstRow = static_cast<std::int32_t>(row);
    return part;
  }

 private:
  Modulated(const at::Tensor& x, const at::Tensor& scaleIn, const at::Tensor& shiftIn, const at::Tensor& gateIn,
            std::int64_t groups)
      : scale(scaleIn, x.size(0), groups), shift(shiftIn, x.size(0), groups),
        gate(gateIn, x.size(0), groups), all{scale.rows, shift.rows, gate.rows,
                                             static_cast<std::int32_t>(x.size(1) / groups), 0} {}
  static std::int64_t groupsOf(const at::Tensor& factors) { return factors.defined() ? factors.size(1) : 1; }
};

// body(begin, end, pool) for pieces of rows on the tensor library's threads; the pool has one thread.
template <class Body>
void forRows(std::int64_t rows, std::int64_t columns, const Body& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, kElementsPerPiece / std::max<std::int64_t>(1, columns));
  const WorkerPool serial(1);
  at::parallel_for(0, rows, grain, [&](std::int64_t begin, std::int64_t end) { body(begin, end, serial); });
}

} // namespace

bool serves(const at::Tensor& weight) {
  return weight.device().is_cpu() && (weight.scalar_type() == at::kFloat || weight.scalar_type() == at::kBFloat16);
}

at::Tensor layerNormModulate(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps,
                             at::ScalarType type) {
  KINORA_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous());
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(type));
  const Modulated modulated(x, scale, shift, {});
  const auto from = rowsOf<float>(x);
  withType(type, [&](auto t) {
    using T = decltype(t);
    const auto to = rowsOf<T>(out);
    forRows(from.height, from.width, [&](std::int64_t begin, std::int64_t end, const WorkerPool& pool) {
      kernels::layerNorm<T, float>(part(from, begin, end), modulated.from(begin), static_cast<float>(eps),
                                   part(to, begin, end), pool);
    });
  });
  return out;
}

void addGated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate) {
  KINORA_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous());
  const at::Tensor branch = y.contiguous();
  const Modulated modulated(x, {}, {}, gate);
  const auto to = rowsOf<float>(x);
  withType(branch.scalar_type(), [&](auto t) {
    using T = decltype(t);
    const auto from = rowsOf<T>(branch);
    forRows(to.height, to.width, [&](std::int64_t begin, std::int64_t end, const WorkerPool& pool) {
      kernels::addGated<T, float>(part(from, begin, end), modulated.from(begin), part(to, begin, end), pool);
    });
  });
}

at::Tensor addGatedLayerNorm(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate, const at::Tensor& scale,
                             const at::Tensor& shift, double eps) {
  KINORA_CHECK(x.scalar_type() == at::kFloat && x.is_contiguous());
  const at::Tensor branch = y.contiguous();
  at::Tensor out = at::empty(x.sizes(), branch.options());
  const Modulated modulated(x, scale, shift, gate);
  const auto sum = rowsOf<float>(x);
  withType(branch.scalar_type(), [&](auto t) {
    using T = decltype(t);
    const auto from = rowsOf<T>(branch);
    const auto to = rowsOf<T>(out);
    forRows(sum.height, sum.width, [&](std::int64_t begin, std::int64_t end, const WorkerPool& pool) {
      kernels::addGatedLayerNorm<T, float>(part(from, begin, end), modulated.from(begin), static_cast<float>(eps),
                                           part(sum, begin, end), part(to, begin, end), pool);
    });
  });
  return out;
}

void rmsNorm(at::Tensor& x, const at::Tensor& weight, double eps) {
  KINORA_CHECK(x.is_contiguous());
  const at::Tensor factors = weight.to(at::kFloat).contiguous();
  withType(x.scalar_type(), [&](auto t) {
    using T = decltype(t);
    const auto rows = rowsOf<T>(x);
    forRows(rows.height, rows.width, [&](std::int64_t begin, std::int64_t end, const WorkerPool& pool) {
      const auto piece = part(rows, begin, end);
      kernels::rmsNormRotary<T>(piece, factors.const_data_ptr<float>(), static_cast<float>(eps), {}, piece, pool);
    });
  });
}

void geluTanh(at::Tensor& x) {
  KINORA_CHECK(x.is_contiguous());
  withType(x.scalar_type(), [&](auto t) {
    using T = decltype(t);
    const auto rows = rowsOf<T>(x);
    forRows(rows.height, rows.width, [&](std::int64_t begin, std::int64_t end, const WorkerPool& pool) {
      const auto piece = part(rows, begin, end);
      kernels::activate<T>(piece, kernels::Activation::GeluTanh, piece, pool);
    });
  });
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& phases) {
  const at::Tensor source = x.contiguous();
  at::Tensor out = at::empty_like(source);
  const at::Tensor turns = at::view_as_real(phases).contiguous().flatten(-2); // [L, d]: cosine, sine, cosine ...
  const auto table = rowsOf<float>(turns);
  const std::int64_t tokens = source.size(1);
  const at::Tensor flat = source.flatten(2).flatten(0, 1);
  const at::Tensor flatOut = out.flatten(2).flatten(0, 1);
  withType(source.scalar_type(), [&](auto t) {
    using T = decltype(t);
    const auto from = rowsOf<T>(flat);
    const auto to = rowsOf<T>(flatOut);
    for (std::int64_t row = 0; row < source.size(0); ++row) {
      forRows(tokens, from.width, [&](std::int64_t begin, std::int64_t end, const WorkerPool& pool) {
        const std::int64_t at = row * tokens;
        kernels::rmsNormRotary<T>(part(from, at + begin, at + end), nullptr, 0, {part(table, begin, end), nullptr},
                                  part(to, at + begin, at + end), pool);
      });
    }
  });
  return out;
}

} // namespace kinora::inference::fused
