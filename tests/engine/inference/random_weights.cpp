// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/random_weights.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace kinora::test {
namespace {

using namespace inference;

class MadeSource : public TensorSource {
 public:
  MadeSource(std::vector<TensorInfo> tensors, std::vector<at::Tensor> values)
      : tensors_(std::move(tensors)), values_(std::move(values)) {}
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  [[nodiscard]] Result<at::Tensor> read(std::size_t index) override {
    if (index >= values_.size())
      return fail(ErrorCode::NotFound, "reading a tensor that has no numbers", name());
    return values_[index];
  }
  [[nodiscard]] std::string name() const override { return "made for a test"; }

 private:
  std::vector<TensorInfo> tensors_;
  std::vector<at::Tensor> values_;
};

} // namespace

std::shared_ptr<TensorSource> randomWeights(const std::function<void(WeightTable&)>& load, std::uint64_t seed) {
  WeightTable recorder = WeightTable::recorder();
  load(recorder);
  at::Generator generator = at::detail::createCPUGenerator(seed);
  std::vector<at::Tensor> values;
  for (const TensorInfo& tensor : recorder.asked()) {
    const at::Tensor noise = at::randn(tensor.shape, generator, at::kFloat);
    std::int64_t fanIn = 1;
    for (std::size_t i = 1; i < tensor.shape.size(); ++i)
      fanIn *= tensor.shape[i];
    const bool scales = tensor.name.ends_with("gamma") || (tensor.shape.size() == 1 && tensor.name.ends_with("weight"));
    if (scales)
      values.push_back(noise * 0.1 + 1);
    else if (tensor.shape.size() == 1)
      values.push_back(noise * 0.05);
    else
      values.push_back(noise / std::sqrt(static_cast<double>(fanIn)));
  }
  return std::make_shared<MadeSource>(recorder.asked(), std::move(values));
}

std::shared_ptr<TensorSource> namesOnly(std::vector<TensorInfo> tensors) {
  return std::make_shared<MadeSource>(std::move(tensors), std::vector<at::Tensor>());
}

} // namespace kinora::test
