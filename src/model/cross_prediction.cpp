#include "model/cross_prediction.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/folds.h"
#include "base/spread.h"
#include "model/kernels.h"
#include "model/moments.h"

namespace polycause {
namespace {

constexpr std::size_t kMostRows = 20000;
constexpr std::size_t kFolds = 5;
constexpr double kRidges[] = {1e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 10, 100};  // per row
constexpr std::size_t kChunk = 200 * kFolds;

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::Index;

/// Rows and columns `at` of a symmetric matrix.
Eigen::MatrixXd part(const RowMatrix& from, const std::vector<Index>& rows,
                     const std::vector<Index>& columns) {
  Eigen::MatrixXd out(static_cast<Index>(rows.size()), static_cast<Index>(columns.size()));
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < out.cols(); ++j)
      out(i, j) = from(rows[static_cast<std::size_t>(i)], columns[static_cast<std::size_t>(j)]);
  }
  return out;
}

Eigen::MatrixXd solve(const RowMatrix& moments, const std::vector<Index>& inputs,
                      const std::vector<Index>& outputs, double ridge) {
  Eigen::MatrixXd a = part(moments, inputs, inputs);
  a.diagonal().array() += ridge;
  return a.ldlt().solve(part(moments, inputs, outputs));
}

/// Per latent of the modality, the ridge under which each fifth is best predicted from the others.
/// A latent is twice its first basis function, so its errors can be read off the moments (K, K).
std::vector<double> best_ridges(const std::vector<RowMatrix>& folds, const RowMatrix& moments,
                                const std::vector<std::size_t>& modality_of,
                                const std::vector<bool>& own, std::size_t modality,
                                double participants) {
  std::vector<Index> inputs;
  std::vector<Index> outputs;
  for (std::size_t j = 0; j < modality_of.size(); ++j) {
    if (modality_of[j] == modality) outputs.push_back(static_cast<Index>(j * kBasis));
    for (std::size_t b = 0; !own[modality_of[j]] && b < kBasis; ++b)
      inputs.push_back(static_cast<Index>(j * kBasis + b));
  }
  std::vector<double> least(outputs.size(), std::numeric_limits<double>::infinity());
  std::vector<double> best(outputs.size(), kRidges[0]);
  for (const double ridge : kRidges) {
    std::vector<double> error(outputs.size(), 0.0);
    for (const RowMatrix& fold : folds) {
      const Eigen::MatrixXd beta =
          solve(moments - fold, inputs, outputs, ridge * participants * (kFolds - 1) / kFolds);
      const Eigen::MatrixXd cross = part(fold, inputs, outputs);
      const Eigen::MatrixXd fitted = part(fold, inputs, inputs) * beta;
      for (std::size_t o = 0; o < outputs.size(); ++o) {
        const auto column = static_cast<Index>(o);
        error[o] += fold(outputs[o], outputs[o]) - 2 * beta.col(column).dot(cross.col(column)) +
                    beta.col(column).dot(fitted.col(column));
      }
    }
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      if (error[o] >= least[o]) continue;
      least[o] = error[o];
      best[o] = ridge;
    }
  }
  return best;
}

}  // namespace

std::size_t CrossPrediction::size_of(const std::vector<int>& latents) {
  std::size_t total = 0;
  for (const int k : latents) total += static_cast<std::size_t>(k);
  const std::size_t columns = total * kBasis;
  return 3 * total + columns + columns * columns;
}

std::size_t CrossPrediction::columns() const { return modality_of_.size() * kBasis; }

CrossPrediction::CrossPrediction(const std::vector<int>& latents, const std::vector<float>& values,
                                 const OneSource& one_source)
    : latents_(latents), one_source_(one_source), values_(values) {
  one_source_.resize(latents.size(), std::vector<bool>(latents.size(), false));
  for (std::size_t m = 0; m < latents.size(); ++m) one_source_[m][m] = true;
  for (std::size_t m = 0; m < latents.size(); ++m)
    modality_of_.insert(modality_of_.end(), static_cast<std::size_t>(latents[m]), m);
}

std::vector<double> CrossPrediction::basis_of(const std::vector<float>& z,
                                              const std::uint32_t* rows, std::size_t count) const {
  const std::size_t total = modality_of_.size();
  const float* mean = values_.data();
  const float* sd = mean + total;
  const float* centre = mean + 3 * total;
  std::vector<double> out(count * columns());
  std::vector<float> lane(kPad);
  std::vector<float> functions(static_cast<std::size_t>(kBasis) * kPad);
  for (std::size_t j = 0; j < total; ++j) {
    for (std::size_t first = 0; first < count; first += kPad) {
      const std::size_t some = std::min<std::size_t>(kPad, count - first);
      for (std::size_t t = 0; t < some; ++t)
        lane[t] = (z[rows[first + t] * total + j] - mean[j]) / sd[j];
      kernels().basis_forward(kPad, lane.data(), functions.data());
      for (std::size_t t = 0; t < some; ++t) {
        for (std::size_t k = 0; k < kBasis; ++k) {
          const std::size_t at = j * kBasis + k;
          out[(first + t) * columns() + at] =
              static_cast<double>(functions[k * kPad + t]) - static_cast<double>(centre[at]);
        }
      }
    }
  }
  return out;
}

CrossPrediction::CrossPrediction(const std::vector<float>& z, const std::vector<int>& latents,
                                 const std::vector<std::uint32_t>& all, const OneSource& one_source,
                                 const std::vector<std::size_t>& groups)
    : CrossPrediction(latents, std::vector<float>(size_of(latents), 0.0f), one_source) {
  const std::size_t total = modality_of_.size();
  const std::size_t width = columns();
  const std::vector<std::uint32_t> rows = spread(all, kMostRows);
  const std::size_t n = rows.size();
  for (std::size_t j = 0; j < total; ++j) {
    const auto [mean, sd] = moments_of(z, total, j, rows, n);
    values_[j] = static_cast<float>(mean);
    values_[total + j] = static_cast<float>(sd);
  }
  const auto each = [&](const auto& use) {
    for (std::size_t first = 0; first < n; first += kChunk) {
      const std::size_t count = std::min(kChunk, n - first);
      use(first, count, basis_of(z, rows.data() + first, count));
    }
  };
  std::vector<double> centre(width, 0.0);
  each([&](std::size_t, std::size_t count, const std::vector<double>& f) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < width; ++k) centre[k] += f[i * width + k];
    }
  });
  for (std::size_t k = 0; k < width; ++k)
    values_[3 * total + k] = static_cast<float>(centre[k] / static_cast<double>(n));
  const auto k = static_cast<Index>(width);
  std::vector<RowMatrix> folds(kFolds, RowMatrix::Zero(k, k));
  const std::vector<std::size_t> fold_of = folds_by_turns(rows, groups, kFolds);
  each([&](std::size_t at, std::size_t count, const std::vector<double>& f) {
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      RowMatrix x(static_cast<Index>(count), k);
      Index size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (fold_of[at + i] != fold) continue;
        x.row(size++) = Eigen::Map<const Eigen::RowVectorXd>(f.data() + i * width, k);
      }
      folds[fold].noalias() += x.topRows(size).transpose() * x.topRows(size);
    }
  });
  RowMatrix moments = RowMatrix::Zero(k, k);
  for (const RowMatrix& fold : folds) moments += fold;
  std::size_t first = 0;
  for (std::size_t m = 0; m < latents.size(); ++m) {
    const std::vector<double> ridges =
        best_ridges(folds, moments, modality_of_, one_source_[m], m, static_cast<double>(n));
    for (std::size_t o = 0; o < ridges.size(); ++o)
      values_[2 * total + first + o] = static_cast<float>(ridges[o]);
    first += ridges.size();
  }
  moments /= static_cast<double>(n);
  for (Index i = 0; i < moments.size(); ++i)
    values_[3 * total + width + static_cast<std::size_t>(i)] =
        static_cast<float>(moments.data()[i]);
}

std::vector<float> CrossPrediction::predict(const std::vector<float>& z,
                                            const std::vector<std::uint8_t>& present) const {
  const std::size_t total = modality_of_.size();
  const std::size_t width = columns();
  const std::size_t n = z.size() / total;
  const std::size_t modalities = latents_.size();
  std::vector<float> out(z.size(), std::numeric_limits<float>::quiet_NaN());
  RowMatrix moments(static_cast<Index>(width), static_cast<Index>(width));
  for (Index i = 0; i < moments.size(); ++i)
    moments.data()[i] =
        static_cast<double>(values_[3 * total + width + static_cast<std::size_t>(i)]);
  std::map<std::vector<bool>, std::vector<std::uint32_t>> kinds;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<bool> there(modalities, true);
    for (std::size_t m = 0; !present.empty() && m < modalities; ++m)
      there[m] = present[i * modalities + m] != 0;
    kinds[there].push_back(static_cast<std::uint32_t>(i));
  }
  for (const auto& [there, rows] : kinds) {
    // (K, D): what each basis function adds to each latent; zero for modalities that are absent or
    // of its own source.
    Eigen::MatrixXd beta =
        Eigen::MatrixXd::Zero(static_cast<Index>(width), static_cast<Index>(total));
    std::vector<bool> possible(total, false);
    std::vector<Index> used;
    for (std::size_t j = 0; j < total; ++j) {
      if (there[modality_of_[j]]) used.push_back(static_cast<Index>(j));
      std::vector<Index> inputs;
      for (std::size_t s = 0; s < total; ++s) {
        if (!there[modality_of_[s]] || one_source_[modality_of_[j]][modality_of_[s]]) continue;
        for (std::size_t b = 0; b < kBasis; ++b)
          inputs.push_back(static_cast<Index>(s * kBasis + b));
      }
      possible[j] = !inputs.empty();
      if (inputs.empty()) continue;
      const Eigen::MatrixXd found = solve(moments, inputs, {static_cast<Index>(j * kBasis)},
                                          static_cast<double>(values_[2 * total + j]));
      for (std::size_t i = 0; i < inputs.size(); ++i)
        beta(inputs[i], static_cast<Index>(j)) = 2 * found(static_cast<Index>(i), 0);
    }
    for (std::size_t first = 0; first < rows.size(); first += kChunk) {
      const std::size_t count = std::min(kChunk, rows.size() - first);
      const std::vector<double> f = basis_of(z, rows.data() + first, count);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < total; ++j) {
          if (!possible[j]) continue;
          double y = 0;
          for (const Index s : used) {
            for (std::size_t b = 0; b < kBasis; ++b) {
              const std::size_t at = static_cast<std::size_t>(s) * kBasis + b;
              y += f[i * width + at] * beta(static_cast<Index>(at), static_cast<Index>(j));
            }
          }
          out[rows[first + i] * total + j] = static_cast<float>(
              static_cast<double>(values_[j]) + static_cast<double>(values_[total + j]) * y);
        }
      }
    }
  }
  return out;
}

}  // namespace polycause
