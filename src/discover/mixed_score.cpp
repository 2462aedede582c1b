#include <algorithm>
#include <cmath>
#include <map>

#include "discover/moments.h"
#include "discover/score.h"
#include "discover/strata.h"

namespace polycause {
namespace {

struct Shared {
  std::shared_ptr<const LevelCodes> codes;
  std::vector<std::vector<double>> numeric;  // [d](n,) mean 0, variance 1; empty for discrete ones
};

class MixedScore : public Score {
 public:
  MixedScore(std::shared_ptr<const Shared> shared, double penalty)
      : shared_(std::move(shared)), penalty_(penalty) {}
  std::size_t size() const override { return shared_->codes->levels.size(); }
  std::unique_ptr<Score> clone() const override {
    return std::make_unique<MixedScore>(shared_, penalty_);
  }
  double local(std::size_t node, const NodeSet& parents) override {
    NodeSet with = parents;
    with.insert(std::upper_bound(with.begin(), with.end(), node), node);
    return joint(with) - joint(parents);
  }

 private:
  // Penalised log-likelihood of a set of variables.
  double joint(const NodeSet& set) {
    if (set.empty()) return 0;
    const auto known = joint_.find(set);
    if (known != joint_.end()) return known->second;
    if (joint_.size() > kMostHeld) joint_.clear();
    const double value = compute(set);
    joint_.emplace(set, value);
    return value;
  }

  double compute(const NodeSet& set) {
    NodeSet groups;
    std::vector<const double*> columns;
    double cells = 1;
    for (const std::size_t node : set) {
      const std::size_t levels = shared_->codes->levels[node];
      if (levels > 0) {
        groups.push_back(node);
        cells *= static_cast<double>(levels);
      } else {
        columns.push_back(shared_->numeric[node].data());
      }
    }
    strata_.assign(*shared_->codes, groups);
    const std::size_t k = columns.size();
    moments_.reset(strata_.count(), k);
    row_.resize(k);
    for (std::size_t r = 0; r < shared_->codes->rows; ++r) {
      for (std::size_t c = 0; c < k; ++c) row_[c] = columns[c][r];
      moments_.add(static_cast<std::size_t>(strata_.stratum()[r]), row_.data());
    }
    const auto n = static_cast<double>(shared_->codes->rows);
    const auto numbers = static_cast<double>(k);
    double value = 0;
    for (std::size_t s = 0; s < strata_.count(); ++s) {
      const double rows = moments_.rows(s);
      value += rows * std::log(rows / n);
      if (k > 0) value -= 0.5 * rows * (moments_.log_determinant(s, lower_) + numbers);
    }
    const double parameters = cells - 1 + cells * numbers * (numbers + 3) / 2;
    return value - 0.5 * penalty_ * std::log(n) * parameters;
  }

  static constexpr std::size_t kMostHeld = 1 << 20;
  std::shared_ptr<const Shared> shared_;
  double penalty_;
  std::map<NodeSet, double> joint_;
  Strata strata_;
  Moments moments_;
  std::vector<double> row_;
  std::vector<double> lower_;
};

}  // namespace

std::unique_ptr<Score> make_mixed_score(const Dataset& data, double penalty) {
  const Dataset complete = complete_part(data);
  auto shared = std::make_shared<Shared>();
  for (const Variable& variable : complete.variables) {
    shared->numeric.emplace_back();
    if (variable.levels > 0) continue;
    double sum = 0;
    double squares = 0;
    const auto n = static_cast<double>(complete.rows);
    for (const double v : variable.values) sum += v;
    for (const double v : variable.values) squares += (v - sum / n) * (v - sum / n);
    const double scale = squares > 0 ? std::sqrt(n / squares) : 0.0;
    for (const double v : variable.values) shared->numeric.back().push_back((v - sum / n) * scale);
  }
  shared->codes = make_codes(complete);
  return std::make_unique<MixedScore>(std::move(shared), penalty);
}

}  // namespace polycause
