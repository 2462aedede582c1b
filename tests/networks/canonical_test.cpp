// Where the networks begin: fixed features of blocks and canonical directions among them.
#include "networks/plugin/canonical.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "networks/plugin/fixed_features.h"

namespace polycause {
namespace {

using torch::Tensor;

Tensor normal(std::vector<std::int64_t> sizes, std::uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return torch::randn(sizes, generator);
}

double correlation(const Tensor& a, const Tensor& b) {
  const Tensor x = a - a.mean();
  const Tensor y = b - b.mean();
  return ((x * y).sum() / (x.square().sum() * y.square().sum()).sqrt()).item<double>();
}

Canonical directions(const Tensor& x, const Tensor& y, std::int64_t k) {
  return canonical_directions(x, y, k, torch::arange(x.size(0)) % kCanonicalFolds);
}

TEST(Canonical, FewFeaturesWhereMoreAddNextToNothing) {
  const Tensor x = normal({1500, 40}, 1);
  const Tensor noise = normal({1500, 2}, 2);
  const Tensor strong = x.select(1, 0) + 0.5 * noise.select(1, 0);
  // Feature 9 says a little of the second: twelve features are half a per cent better than eight.
  const Tensor weak = x.select(1, 3) + 0.08 * x.select(1, 9) + 0.8 * noise.select(1, 1);
  const Canonical found = directions(x, torch::stack({strong, weak}, 1), 2);
  EXPECT_EQ(found.directions.slice(0, 8).abs().max().item<double>(), 0);
  const Tensor u = x.mm(found.directions);
  EXPECT_GT(std::fabs(correlation(u.select(1, 0), x.select(1, 0))), 0.97);
  EXPECT_GT(std::fabs(correlation(u.select(1, 1), x.select(1, 3))), 0.97);
  EXPECT_NEAR(found.least, 0.78, 0.05);
  const Tensor needed = x.select(1, 30) + 0.5 * noise.select(1, 1);
  const Canonical all = directions(x, torch::stack({strong, needed}, 1), 2);
  EXPECT_GT(all.directions.slice(0, 8).abs().max().item<double>(), 0.5);
}

TEST(Canonical, LeastIsWhatTheOtherSideSaysOfTheWeakest) {
  const Tensor x = normal({800, 20}, 3);
  const Tensor y =
      torch::cat({x.slice(1, 0, 1) + 0.5 * normal({800, 1}, 4), normal({800, 3}, 5)}, 1);
  EXPECT_LT(directions(x, y, 2).least, 0.2);               // only one thing is said
  EXPECT_EQ(directions(x, y.slice(1, 0, 1), 2).least, 0);  // fewer numbers than latents
  EXPECT_GT(directions(x, y, 1).least, 0.8);
}

TEST(Canonical, WhatTellsPeopleApartIsNoRelation) {
  // Sixty people with fifteen rows each, every feature and the other side their own, unrelated.
  const Tensor person = torch::arange(60).repeat_interleave(15);
  const Tensor x = normal({60, 45}, 8).index_select(0, person) + 0.05 * normal({900, 45}, 9);
  const Tensor y = normal({60, 1}, 10).index_select(0, person) + 0.05 * normal({900, 1}, 11);
  EXPECT_GT(directions(x, y, 1).least, 0.8) << "rows of people seen before";
  EXPECT_LT(canonical_directions(x, y, 1, person % kCanonicalFolds).least, 0.4) << "of others";
}

TEST(FixedFeatures, StatisticsOfSeriesAreNormalScores) {
  const BlockShape shape{"series", 1, 1, 200, 1, {"x"}};
  const Tensor latent = normal({500}, 6);
  const Tensor blocks = (1.5 * latent).exp().reshape({500, 1, 1, 1}) * normal({500, 1, 1, 200}, 7);
  FixedFeatures features(shape);
  features.fit(blocks);
  const Tensor found = features.of(blocks);
  // The deviation is an exponential of the latent; its scores follow the latent itself.
  EXPECT_GT(correlation(found.select(1, 1), latent), 0.99);
  const Tensor raw = blocks.flatten(1).std(1);
  EXPECT_LT(correlation(raw, latent), 0.9);
  EXPECT_NEAR(found.select(1, 1).std().item<double>(), 1, 0.05);
  // Beyond all that was seen: the last score, not more.
  const double most = found.select(1, 1).max().item<double>();
  const Tensor beyond = features.of(1000 * blocks.slice(0, 0, 1)).select(1, 1);
  EXPECT_NEAR(beyond.item<double>(), most, 0.2);
}

TEST(FixedFeatures, EqualValuesShareAScore) {
  const BlockShape shape{"series", 1, 1, 20, 1, {"x"}};
  Tensor blocks = normal({300, 1, 1, 20}, 8);
  for (std::int64_t i = 0; i < 300; ++i)  // the least of a block: one of three values
    blocks[i][0][0][0] = i % 10 == 0 ? -90 : (i % 10 == 5 ? -40 : -50);
  FixedFeatures features(shape);
  features.fit(blocks);
  const Tensor least = features.of(blocks).select(1, 4);
  EXPECT_EQ(least[1].item<float>(), least[2].item<float>());
  EXPECT_LT(least[0].item<float>(), least[1].item<float>() - 1);
  // Each in the middle of its ranks, so that as many above as below lie as far.
  EXPECT_NEAR(least[1].item<double>(), 0, 0.05);
  EXPECT_NEAR(least[0].item<double>(), -least[5].item<double>(), 0.1);
}

TEST(FixedFeatures, SmallComponentsOfPicturesWeighLess) {
  const BlockShape shape{"image", 1, 4, 4, 0, {}};
  Tensor blocks = 0.01 * normal({400, 1, 4, 4}, 9);
  blocks.select(3, 0).add_(4 * normal({400, 1, 1}, 10));
  blocks.select(3, 1).add_(normal({400, 1, 1}, 11));
  FixedFeatures features(shape);
  features.fit(blocks);
  const Tensor sd = features.of(blocks).std(0);
  EXPECT_NEAR(sd[0].item<double>(), 1, 0.02);
  EXPECT_NEAR(sd[1].item<double>(), 0.5, 0.03);  // the root of 1 / 4
  EXPECT_LT(sd[2].item<double>(), 0.1);
}

}  // namespace
}  // namespace polycause
