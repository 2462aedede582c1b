#include <algorithm>
#include <cmath>

#include "discover/score.h"
#include "discover/strata.h"
#include "polycause/error.h"

namespace polycause {
namespace {

class BdeuScore : public Score {
 public:
  BdeuScore(std::shared_ptr<const LevelCodes> codes, double sample_prior, double structure_prior)
      : codes_(std::move(codes)), sample_prior_(sample_prior), structure_prior_(structure_prior) {}

  std::size_t size() const override { return codes_->levels.size(); }
  std::unique_ptr<Score> clone() const override { return std::make_unique<BdeuScore>(*this); }

  double local(std::size_t node, const NodeSet& parents) override {
    const std::size_t levels = codes_->levels[node];
    double combinations = 1;  // of the parents' values, whether they occur or not
    for (const std::size_t p : parents) combinations *= static_cast<double>(codes_->levels[p]);
    strata_.assign(*codes_, parents);
    counts_.assign(strata_.count() * levels, 0);
    const std::int32_t* code = codes_->code[node].data();
    for (std::size_t r = 0; r < codes_->rows; ++r) {
      ++counts_[static_cast<std::size_t>(strata_.stratum()[r]) * levels +
                static_cast<std::size_t>(code[r])];
    }
    const double per_stratum = sample_prior_ / combinations;
    const double per_cell = per_stratum / static_cast<double>(levels);
    double value = structure(parents.size());
    for (std::size_t s = 0; s < strata_.count(); ++s) {
      double rows = 0;
      for (std::size_t level = 0; level < levels; ++level) {
        const double count = counts_[s * levels + level];
        if (count == 0) continue;
        rows += count;
        value += std::lgamma(count + per_cell) - std::lgamma(per_cell);
      }
      value += std::lgamma(per_stratum) - std::lgamma(rows + per_stratum);
    }
    return value;
  }

 private:
  // Each of the other variables is a parent with the same probability.
  double structure(std::size_t parents) const {
    const auto others = static_cast<double>(size() - 1);
    const double p = std::min(0.5, structure_prior_ / std::max(1.0, others));
    const auto chosen = static_cast<double>(parents);
    return chosen * std::log(p) + (others - chosen) * std::log1p(-p);
  }

  std::shared_ptr<const LevelCodes> codes_;
  double sample_prior_;
  double structure_prior_;
  Strata strata_;
  std::vector<std::int32_t> counts_;  // (strata, levels)
};

}  // namespace

std::unique_ptr<Score> make_bdeu_score(const Dataset& data, double sample_prior,
                                       double structure_prior) {
  for (const Variable& variable : data.variables) {
    if (variable.levels > 0) continue;
    throw DataError(data.name.empty() ? "discover" : data.name, 0, variable.id,
                    "is numeric; expected discrete columns only for score \"bdeu\"; take score "
                    "\"bic\" or a test for discrete columns");
  }
  return std::make_unique<BdeuScore>(make_codes(complete_part(data)), sample_prior,
                                     structure_prior);
}

}  // namespace polycause
