#include <algorithm>
#include <cmath>

#include "discover/correlation.h"
#include "discover/score.h"

namespace polycause {

void Score::local_with_each(std::size_t node, const NodeSet& parents, std::vector<double>& scores) {
  for (std::size_t c = 0; c < size(); ++c) {
    if (c == node || std::binary_search(parents.begin(), parents.end(), c)) continue;
    NodeSet with = parents;
    with.insert(std::upper_bound(with.begin(), with.end(), c), c);
    scores[c] = local(node, with);
  }
}

namespace {

class GaussianScore : public Score {
 public:
  GaussianScore(std::shared_ptr<const std::vector<double>> correlation, double n, std::size_t d,
                double penalty)
      : correlation_(std::move(correlation)), n_(n), d_(d), price_(0.5 * penalty * std::log(n)) {}

  std::size_t size() const override { return d_; }
  std::unique_ptr<Score> clone() const override { return std::make_unique<GaussianScore>(*this); }

  double local(std::size_t node, const NodeSet& parents) override {
    factor(parents);
    return value(residual(node, parents), parents.size());
  }

  void local_with_each(std::size_t node, const NodeSet& parents,
                       std::vector<double>& scores) override {
    factor(parents);
    const double own = residual(node, parents);
    const std::vector<double> left = solved_;  // L^-1 r(parents, node)
    for (std::size_t c = 0; c < d_; ++c) {
      if (c == node || std::binary_search(parents.begin(), parents.end(), c)) continue;
      const double variance = residual(c, parents);
      double shared = at(node, c);
      for (std::size_t i = 0; i < parents.size(); ++i) shared -= left[i] * solved_[i];
      // A candidate that the parents determine adds nothing but its price.
      const double gain = variance > kCollinear ? shared * shared / variance : 0.0;
      scores[c] = value(own - gain, parents.size() + 1);
    }
  }

 private:
  double at(std::size_t i, std::size_t j) const { return (*correlation_)[i * d_ + j]; }
  double value(double variance, std::size_t parents) const {
    return -0.5 * n_ * std::log(std::max(variance, kCollinear)) -
           price_ * static_cast<double>(parents);
  }

  // Lower Cholesky factor of the parents' correlations; a parent determined by others gets 0.
  void factor(const NodeSet& parents) {
    const std::size_t k = parents.size();
    lower_.assign(k * k, 0.0);
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = at(parents[i], parents[j]);
        for (std::size_t m = 0; m < j; ++m) sum -= lower_[i * k + m] * lower_[j * k + m];
        if (i == j) {
          lower_[i * k + i] = sum > kCollinear ? std::sqrt(sum) : 0.0;
        } else {
          lower_[i * k + j] = lower_[j * k + j] > 0 ? sum / lower_[j * k + j] : 0.0;
        }
      }
    }
  }

  double residual(std::size_t node, const NodeSet& parents) {
    const std::size_t k = parents.size();
    solved_.resize(k);
    double variance = 1;
    for (std::size_t i = 0; i < k; ++i) {
      double sum = at(parents[i], node);
      for (std::size_t m = 0; m < i; ++m) sum -= lower_[i * k + m] * solved_[m];
      solved_[i] = lower_[i * k + i] > 0 ? sum / lower_[i * k + i] : 0.0;
      variance -= solved_[i] * solved_[i];
    }
    return variance;
  }

  std::shared_ptr<const std::vector<double>> correlation_;  // (d, d)
  double n_;
  std::size_t d_;
  double price_;
  std::vector<double> lower_;
  std::vector<double> solved_;
};

}  // namespace

std::unique_ptr<Score> make_gaussian_score(const Dataset& data, double penalty,
                                           std::size_t threads) {
  return make_gaussian_score(correlation_matrix(data, threads),
                             static_cast<double>(complete_rows(data).size()), penalty);
}

std::unique_ptr<Score> make_gaussian_score(const std::vector<double>& correlation, double n,
                                           double penalty) {
  const auto d =
      static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(correlation.size()))));
  return std::make_unique<GaussianScore>(std::make_shared<const std::vector<double>>(correlation),
                                         n, d, penalty);
}

}  // namespace polycause
