// Tensors as plain numbers, which is all that leaves the module.
#pragma once

#include <torch/types.h>

#include <vector>

namespace polycause {

/// All numbers of a tensor, row-major.
inline std::vector<float> flat(const torch::Tensor& tensor) {
  const torch::Tensor t = tensor.detach().to(torch::kFloat).contiguous();
  const float* from = t.data_ptr<float>();
  return {from, from + t.numel()};
}

}  // namespace polycause
