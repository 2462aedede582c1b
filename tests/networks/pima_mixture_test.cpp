// The bound's terms in the latents, against enumeration and Monte Carlo.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "networks/plugin/pima/mixture.h"
#include "seeded.h"

namespace polycause {
namespace {

using torch::Tensor;

struct Case {
  Nodes nodes{{2, 3}};
  Mixture mixture;
  Posterior q;
};

Case random_case(std::uint64_t seed, std::int64_t people = 40, std::int64_t latents = 3) {
  Case c;
  at::Generator generator = seeded(seed);
  c.mixture.mean = 2 * torch::randn({6, latents}, generator) + 1;
  c.mixture.variance = torch::rand({6, latents}, generator) + 0.1;
  c.mixture.log_joint = torch::randn({6}, generator).log_softmax(0);
  c.q.mean = 2 * torch::randn({people, latents}, generator) + 1;
  c.q.variance = 0.5 * torch::rand({people, latents}, generator) + 0.01;
  return c;
}

double at2(const Tensor& t, std::int64_t i, std::int64_t j) { return t[i][j].item<double>(); }

TEST(PimaMixture, DivergencesAsInTheFormula) {
  const Case c = random_case(1);
  const Tensor kl = divergences(c.q, c.mixture);
  for (std::int64_t d = 0; d < 5; ++d) {
    for (std::int64_t k = 0; k < 6; ++k) {
      double sum = 0;
      for (std::int64_t j = 0; j < 3; ++j) {
        const double s = at2(c.q.variance, d, j);
        const double v = at2(c.mixture.variance, k, j);
        const double m = at2(c.q.mean, d, j) - at2(c.mixture.mean, k, j);
        sum += 0.5 * (std::log(v / s) + (s + m * m) / v - 1);
      }
      EXPECT_NEAR(at2(kl, d, k), sum, 1e-4 * std::max(1.0, sum));
    }
  }
  // Far from the origin and narrow: the products keep their digits.
  Case far = random_case(2);
  far.mixture.mean += 300;
  far.q.mean += 300;
  Case near = far;
  near.mixture.mean -= 300;
  near.q.mean -= 300;
  EXPECT_TRUE(torch::allclose(divergences(far.q, far.mixture), divergences(near.q, near.mixture),
                              1e-3, 1e-3));
}

TEST(PimaMixture, BoundByEnumerationAndMonteCarlo) {
  const Case c = random_case(3, 8);
  at::Generator generator = seeded(7);
  const Tensor scores = c.mixture.log_joint - divergences(c.q, c.mixture);
  const Tensor gamma = scores.softmax(1);
  const Tensor bound = mixture_bound(gamma, scores);
  const std::int64_t draws = 200000;
  for (std::int64_t d = 0; d < 8; ++d) {
    // E_q(z, c) [ log p(c) + log p(z | c) - log q(z) - log q(c) ], by draws of both.
    const Tensor sd = c.q.variance[d].sqrt();
    const Tensor z = c.q.mean[d] + sd * torch::randn({draws, 3}, generator);
    const Tensor log_q =
        (-0.5 * ((z - c.q.mean[d]) / sd).square() - sd.log() - 0.5 * std::log(2 * M_PI)).sum(1);
    const Tensor log_p = log_densities(z, c.mixture) + c.mixture.log_joint;
    const Tensor inside =
        ((log_p - log_q.unsqueeze(1) - gamma[d].clamp_min(1e-38).log()) * gamma[d]).sum(1);
    const double error = inside.std().item<double>() / std::sqrt(static_cast<double>(draws));
    EXPECT_NEAR(bound[d].item<double>(), inside.mean().item<double>(), 5 * error + 1e-4);
    // A bound on log E_q [p(z) / q(z)], here by the same draws: never above.
    const double above =
        ((log_p.logsumexp(1) - log_q).logsumexp(0) - std::log(draws)).item<double>();
    EXPECT_LE(bound[d].item<double>(), above + 5 * error);
  }
}

TEST(PimaMixture, ResponsibilitiesMaximiseTheBound) {
  const Case c = random_case(4);
  const Tensor scores = c.mixture.log_joint - divergences(c.q, c.mixture);
  const Tensor gamma = scores.softmax(1);
  const Tensor best = mixture_bound(gamma, scores);
  EXPECT_TRUE(torch::allclose(best, scores.logsumexp(1), 1e-4, 1e-4));
  at::Generator generator = seeded(5);
  for (int trial = 0; trial < 50; ++trial) {
    const Tensor other =
        (gamma.clamp_min(1e-6).log() + 0.5 * torch::randn(gamma.sizes(), generator)).softmax(1);
    EXPECT_TRUE((mixture_bound(other, scores) <= best + 1e-5).all().item<bool>());
  }
}

double total_bound(const Case& c) {
  return (c.mixture.log_joint - divergences(c.q, c.mixture))
      .to(torch::kDouble)
      .logsumexp(1)
      .sum()
      .item<double>();
}

TEST(PimaMixture, BlockUpdatesRaiseTheBound) {
  for (const bool additive : {false, true}) {
    Case c = random_case(6, 400);
    const Tensor floor = torch::full({3}, 1e-6, torch::kDouble);
    if (additive) {  // from inside the constraint
      const Tensor design = outcome_design(c.nodes);
      c.mixture.mean = additive_means(design, torch::ones({6, 3}, torch::kDouble),
                                      c.mixture.mean.to(torch::kDouble))
                           .to(torch::kFloat);
    }
    double before = total_bound(c);
    const double first = before;
    for (int round = 0; round < 30; ++round) {
      const Tensor gamma = (c.mixture.log_joint - divergences(c.q, c.mixture)).softmax(1);
      ClusterMoments moments;
      moments.add(gamma, c.q);
      update_clusters(c.nodes, moments, floor, 0, additive, c.mixture);
      const double clusters = total_bound(c);
      EXPECT_GE(clusters, before - 1e-3) << additive << " round " << round;
      c.mixture.log_joint = (moments.counts / moments.counts.sum()).log().to(torch::kFloat);
      before = total_bound(c);
      EXPECT_GE(before, clusters - 1e-3);
    }
    EXPECT_GT(before, first + 1);
  }
}

TEST(PimaMixture, UpdatesAreTheFormulas) {
  Case c = random_case(8);
  at::Generator generator = seeded(9);
  const Tensor gamma = torch::rand({40, 6}, generator);
  ClusterMoments moments;
  moments.add(gamma.slice(0, 0, 13), {c.q.mean.slice(0, 0, 13), c.q.variance.slice(0, 0, 13)});
  moments.add(gamma.slice(0, 13), {c.q.mean.slice(0, 13), c.q.variance.slice(0, 13)});
  update_clusters(c.nodes, moments, torch::zeros({3}, torch::kDouble), 0, false, c.mixture);
  for (std::int64_t k = 0; k < 6; ++k) {
    for (std::int64_t j = 0; j < 3; ++j) {
      double weight = 0;
      double sum = 0;
      for (std::int64_t d = 0; d < 40; ++d) {
        weight += at2(gamma, d, k);
        sum += at2(gamma, d, k) * at2(c.q.mean, d, j);
      }
      const double mean = sum / weight;
      double spread = 0;
      for (std::int64_t d = 0; d < 40; ++d) {
        const double away = at2(c.q.mean, d, j) - mean;
        spread += at2(gamma, d, k) * (away * away + at2(c.q.variance, d, j));
      }
      EXPECT_NEAR(at2(c.mixture.mean, k, j), mean, 1e-5);
      EXPECT_NEAR(at2(c.mixture.variance, k, j), spread / weight, 1e-4);
    }
  }
}

TEST(PimaMixture, EmptyClustersGoWhereTheirOutcomesAre) {
  const Nodes nodes({2, 2});
  Mixture mixture;
  mixture.mean = torch::zeros({4, 1});
  mixture.variance = torch::ones({4, 1});
  ClusterMoments moments;  // means 0, 1, 10 of the outcomes 00, 01, 10; nobody has 11
  moments.counts = torch::tensor({50.0, 50.0, 50.0, 0.0}, torch::kDouble);
  const Tensor means = torch::tensor({{0.0}, {1.0}, {10.0}, {0.0}}, torch::kDouble);
  moments.sums = means * moments.counts.unsqueeze(1);
  moments.squares = (means.square() + 0.25) * moments.counts.unsqueeze(1);
  update_clusters(nodes, moments, torch::zeros({1}, torch::kDouble), 0.5, false, mixture);
  EXPECT_NEAR(mixture.mean[3][0].item<double>(), 11, 1e-3);
  EXPECT_NEAR(mixture.mean[2][0].item<double>(), 10, 1e-4);
  EXPECT_NEAR(mixture.variance[3][0].item<double>(), 0.25, 1e-4);
}

TEST(PimaFusion, ProductOfExpertsWithEverySubset) {
  at::Generator generator = seeded(10);
  const std::int64_t modalities = 3;
  const Tensor mean = torch::randn({modalities, 7, 2}, generator);
  const Tensor log_variance = torch::randn({modalities, 7, 2}, generator);
  for (std::int64_t subset = 1; subset < 8; ++subset) {
    Tensor keep = torch::zeros({modalities, 7, 1});
    for (std::int64_t m = 0; m < modalities; ++m) keep[m].fill_((subset >> m & 1) != 0 ? 1.0 : 0.0);
    const Posterior q = product_of_experts({mean, log_variance}, keep);
    for (std::int64_t d = 0; d < 7; ++d) {
      for (std::int64_t j = 0; j < 2; ++j) {
        double precision = 0;
        double weighted = 0;
        for (std::int64_t m = 0; m < modalities; ++m) {
          if ((subset >> m & 1) == 0) continue;
          const double p = std::exp(-log_variance[m][d][j].item<double>());
          precision += p;
          weighted += p * mean[m][d][j].item<double>();
        }
        EXPECT_NEAR(at2(q.variance, d, j), 1 / precision, 1e-5 / precision);
        EXPECT_NEAR(at2(q.mean, d, j), weighted / precision, 1e-4);
      }
    }
  }
}

/// Nodes on a turned grid: what the additive start is for.
TEST(PimaStart, AdditiveStartFindsTheNodes) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const Nodes nodes({3, 3, 2});
    at::Generator generator = seeded(seed);
    const std::int64_t n = 1000;
    // 0 -> 1, uneven.
    const Tensor a = torch::multinomial(torch::tensor({0.5f, 0.3f, 0.2f}), n, true, generator);
    const Tensor noise = torch::rand({n}, generator);
    const Tensor b = torch::where(noise < 0.6, a, torch::randint(0, 3, {n}, generator));
    const Tensor c = torch::randint(0, 2, {n}, generator);
    const Tensor grid =
        torch::stack({a, b, c}, 1).to(torch::kFloat) * torch::tensor({1.5f, 1.2f, 2.0f});
    const auto [turn, upper] = torch::linalg_qr(torch::randn({4, 4}, generator));
    Posterior q;
    const Tensor wide = torch::cat({grid, torch::zeros({n, 1})}, 1);
    q.mean = (wide + 0.2 * torch::randn({n, 4}, generator)).mm(turn);
    q.variance = torch::full({n, 4}, 0.01);
    Mixture mixture = additive_start(nodes, q, 8, generator);
    const Tensor gamma = (mixture.log_joint - divergences(q, mixture)).softmax(1);
    const Tensor joint = gamma.argmax(1);
    const Tensor found =
        torch::stack({torch::div(joint, 6, "floor"), torch::div(joint, 2, "floor").remainder(3),
                      joint.remainder(2)},
                     1);
    // Every true node is a function of some found node.
    for (const Tensor& truth : {a, b, c}) {
      double best = 0;
      for (std::int64_t i = 0; i < 3; ++i) {
        const Tensor own = found.select(1, i);
        double right = 0;
        for (std::int64_t v = 0; v < 3; ++v) {
          const Tensor of = truth.masked_select(own.eq(v));
          if (of.numel() == 0) continue;
          right += torch::bincount(of, {}, 3).max().item<double>();
        }
        best = std::max(best, right / static_cast<double>(n));
      }
      EXPECT_GT(best, 0.97) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace polycause
