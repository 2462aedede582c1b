// Two halves of participants that nothing lies between.
#pragma once

#include <torch/types.h>

#include <optional>

namespace polycause {

/// (n,) bool: who is in the second half of points (n, l), a tenth of the participants in each at
/// least. The halves are those of least normalised cut (Shi and Malik 2000) of the graph of nearest
/// neighbours. Nothing where that cut is not clean: where it parts hardly fewer neighbours than
/// other places along the same direction do, or these part too few to compare with, as in a thread.
std::optional<torch::Tensor> clean_halves(const torch::Tensor& points, at::Generator& generator);

}  // namespace polycause
