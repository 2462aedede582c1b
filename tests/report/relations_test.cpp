#include "report/relations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace polycause {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Rank correlation by its definition: mid-ranks counted pair by pair, then Pearson's formula.
double brute_force_spearman(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    x.push_back(a[i]);
    y.push_back(b[i]);
  }
  const auto ranks = [](const std::vector<double>& v) {
    std::vector<double> out(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) {
      for (std::size_t j = 0; j < v.size(); ++j) {
        out[i] += v[j] < v[i] ? 1 : (v[j] == v[i] ? 0.5 : 0);
      }
    }
    return out;
  };
  const std::vector<double> p = ranks(x);
  const std::vector<double> q = ranks(y);
  double mp = 0, mq = 0, pp = 0, qq = 0, pq = 0;
  const auto n = static_cast<double>(p.size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    mp += p[i] / n;
    mq += q[i] / n;
  }
  for (std::size_t i = 0; i < p.size(); ++i) {
    pp += (p[i] - mp) * (p[i] - mp);
    qq += (q[i] - mq) * (q[i] - mq);
    pq += (p[i] - mp) * (q[i] - mq);
  }
  return pq / std::sqrt(pp * qq);
}

class Relations : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::size_t n = 200;
    Random random(3, "relations");
    for (std::size_t i = 0; i < n; ++i) study.ids.push_back(std::to_string(i));
    Modality a;
    a.name = "a";
    a.table.columns.resize(3);
    a.table.columns[0].name = "continuous";
    a.table.columns[1].name = "rounded";
    a.table.columns[2].name = "constant";
    Modality dotted;
    dotted.name = "a.b";
    dotted.table.columns.resize(1);
    dotted.table.columns[0].name = "other";
    Table covariates;
    covariates.name = "people";
    covariates.columns.resize(2);
    covariates.columns[0].name = "group";
    covariates.columns[0].type = ColumnType::kCategorical;
    covariates.columns[0].levels = {"p", "q", "r", "never seen"};
    covariates.columns[1].name = "sex";
    covariates.columns[1].type = ColumnType::kBinary;
    covariates.columns[1].levels = {"f", "m"};
    latents.columns.resize(2);
    latents.columns[0].name = "a.z1";
    latents.columns[1].name = "a.b.z1";
    for (std::size_t i = 0; i < n; ++i) {
      const double z = random.normal();
      latents.columns[0].values.push_back(z);
      latents.columns[1].values.push_back(random.normal());
      a.table.columns[0].values.push_back(i % 7 == 0 ? kMissing : -z + random.normal());
      a.table.columns[1].values.push_back(std::round(z + random.normal()));
      a.table.columns[2].values.push_back(5);
      dotted.table.columns[0].values.push_back(random.normal());
      covariates.columns[0].values.push_back(static_cast<double>(random.below(3)));
      covariates.columns[1].values.push_back(z + random.normal() > 0 ? 1 : 0);
    }
    study.modalities = {a, dotted};
    study.covariates = {covariates};
  }

  Relation find(const std::string& latent, const std::string& column) {
    for (const Relation& r : relations(study, latents)) {
      if (r.latent == latent && r.column == column) return r;
    }
    ADD_FAILURE() << "no relation of " << latent << " with " << column;
    return {};
  }

  Study study;
  Table latents;
};

TEST_F(Relations, AreSpearmanWithTiesAndMissingCells) {
  for (std::size_t j = 0; j < 2; ++j) {
    const Column& column = study.modalities[0].table.columns[j];
    const Relation r = find("a.z1", column.name);
    EXPECT_NEAR(r.spearman, brute_force_spearman(latents.columns[0].values, column.values), 1e-12);
    EXPECT_GT(std::fabs(r.spearman), 0.4);
  }
  EXPECT_LT(find("a.z1", "continuous").spearman, 0);
  EXPECT_EQ(find("a.z1", "continuous").n, 171u);
  EXPECT_EQ(find("a.z1", "rounded").n, 200u);
}

TEST_F(Relations, AreUndefinedForAConstantColumn) {
  EXPECT_TRUE(std::isnan(find("a.z1", "constant").spearman));
  EXPECT_NE(relations_csv({find("a.z1", "constant")}).find("a.z1,a,constant,,200,,\n"),
            std::string::npos);
}

TEST_F(Relations, OfATwoLevelColumnKeepTheirSign) {
  const Relation sex = find("a.z1", "sex");
  EXPECT_NEAR(
      sex.spearman,
      brute_force_spearman(latents.columns[0].values, study.covariates[0].columns[1].values),
      1e-12);
  EXPECT_GT(sex.spearman, 0.3);
  EXPECT_NE(relations_csv({sex}).find(",200,m,f\n"), std::string::npos);
}

TEST_F(Relations, AreOfFivePeopleOrMore) {
  Column& rounded = study.modalities[0].table.columns[1];
  for (std::size_t i = 5; i < rounded.values.size(); ++i) rounded.values[i] = kMissing;
  EXPECT_FALSE(std::isnan(find("a.z1", "rounded").spearman));
  for (std::size_t i = 0; i < study.ids.size(); ++i)
    study.groups.push_back(std::to_string(i == 0 ? 1 : i));
  EXPECT_TRUE(std::isnan(find("a.z1", "rounded").spearman));
}

TEST_F(Relations, OfManyLevelsAreNotLargerByChance) {
  Column& group = study.covariates[0].columns[0];
  group.levels.clear();
  for (int k = 0; k < 60; ++k) group.levels.push_back(std::to_string(k));
  Random random(5, "permutations");
  double squares = 0;
  const int times = 200;
  for (int t = 0; t < times; ++t) {
    for (double& value : group.values) value = static_cast<double>(random.below(60));
    const double ratio = find("a.z1", "group").spearman;
    squares += ratio * ratio / times;
  }
  // Uncorrected it is 59 / 199 = .30 on average; what stays is of the floor at 0.
  EXPECT_LT(squares, 0.04);
  // A relation is still found: level and rank go together.
  for (std::size_t i = 0; i < group.values.size(); ++i)
    group.values[i] = std::floor(30 + 8 * std::clamp(latents.columns[0].values[i], -3.0, 3.0));
  EXPECT_GT(find("a.z1", "group").spearman, 0.95);
}

TEST_F(Relations, OfWhatIsKnownPerPersonCountPeople) {
  Column& group = study.covariates[0].columns[0];
  group.levels.clear();
  for (int k = 0; k < 30; ++k) group.levels.push_back(std::to_string(k));
  for (std::size_t i = 0; i < study.ids.size(); ++i) study.groups.push_back(std::to_string(i / 2));
  std::vector<double>& z = latents.columns[0].values;
  for (std::size_t i = 1; i < z.size(); i += 2) z[i] = z[i - 1] + 1e-3;  // nearly one value each
  Random random(5, "people");
  double squares = 0;
  const int times = 200;
  for (int t = 0; t < times; ++t) {
    for (std::size_t i = 0; i < group.values.size(); i += 2)
      group.values[i] = group.values[i + 1] = static_cast<double>(random.below(30));
    const double ratio = find("a.z1", "group").spearman;
    squares += ratio * ratio / times;
  }
  // 28 / 99 = .28 by chance; what 200 rows would leave to it is half of that.
  EXPECT_LT(squares, 0.06);
}

TEST_F(Relations, OfCategoriesAreTheCorrelationRatio) {
  Column& group = study.covariates[0].columns[0];
  EXPECT_LT(find("a.z1", "group").spearman, 0.3);
  // Levels in another order of codes are the same levels.
  const double before = find("a.z1", "group").spearman;
  for (double& value : group.values) value = 2 - value;
  EXPECT_NEAR(find("a.z1", "group").spearman, before, 1e-12);
  // Thirds of the latent: the ratio approaches sqrt(8/9), what rank thirds explain.
  for (std::size_t i = 0; i < group.values.size(); ++i) {
    std::size_t below = 0;
    for (const double z : latents.columns[0].values) below += z < latents.columns[0].values[i];
    group.values[i] = static_cast<double>(below * 3 / group.values.size());
  }
  EXPECT_NEAR(find("a.z1", "group").spearman, std::sqrt(8.0 / 9), 0.001);
}

TEST_F(Relations, PairALatentWithItsOwnModalityAndAllCovariates) {
  std::string pairs;
  for (const Relation& r : relations(study, latents)) pairs += r.latent + "~" + r.column + " ";
  EXPECT_EQ(pairs,
            "a.z1~continuous a.z1~rounded a.z1~constant a.z1~group a.z1~sex "
            "a.b.z1~other a.b.z1~group a.b.z1~sex ");
}

TEST_F(Relations, FollowAMonotoneMapOfTheLatent) {
  const double before = find("a.z1", "rounded").spearman;
  for (double& value : latents.columns[0].values) value = std::exp(3 * value);
  EXPECT_NEAR(find("a.z1", "rounded").spearman, before, 1e-12);
}

}  // namespace
}  // namespace polycause
