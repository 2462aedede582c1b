// Halves that nothing lies between.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>

#include "networks/plugin/pima/halves.h"
#include "seeded.h"

namespace polycause {
namespace {

using torch::Tensor;

/// Two bent sheets, each with three dense places along it of very different sizes: what lies
/// between two dense places of a sheet is thin, and nothing lies between the sheets.
struct Sheets {
  Tensor half;    // (n,) bool
  Tensor points;  // (n, 4)
};

Sheets sheets(std::int64_t n, at::Generator& generator) {
  const Tensor half = torch::randint(0, 2, {n}, generator, torch::kLong);
  const Tensor shares = torch::tensor({{0.05F, 0.1F, 0.85F}, {0.1F, 0.8F, 0.1F}});
  const Tensor level =
      torch::multinomial(shares.index_select(0, half), 1, true, generator).squeeze(1);
  const Tensor t = level - 1 + 0.27 * torch::randn({n}, generator);
  const Tensor wide = 0.4 * torch::randn({n, 3}, generator);
  const Tensor apart = 3 * half + 0.5 * t.square() * half;
  return {
      half.to(torch::kBool),
      torch::stack({2 * t, wide.select(1, 0), apart + wide.select(1, 1), wide.select(1, 2)}, 1)};
}

double agreement(const Tensor& found, const Tensor& half) {
  const double same = found.eq(half).to(torch::kDouble).mean().item<double>();
  return std::max(same, 1 - same);
}

TEST(PimaHalves, AreSheetsAndNotTheirDensePlaces) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    at::Generator generator = seeded(seed);
    const Sheets world = sheets(2000, generator);
    const auto second = clean_halves(world.points, generator);
    ASSERT_TRUE(second.has_value()) << seed;
    EXPECT_GT(agreement(*second, world.half), 0.99) << seed;
  }
}

TEST(PimaHalves, ManyParticipantsGoWithTheirNeighbours) {
  at::Generator generator = seeded(4);
  const Sheets world = sheets(6000, generator);
  const auto second = clean_halves(world.points, generator);
  ASSERT_TRUE(second.has_value());
  ASSERT_EQ(second->size(0), 6000);
  EXPECT_GT(agreement(*second, world.half), 0.99);
}

TEST(PimaHalves, AFewFarAwayAreNoHalf) {
  at::Generator generator = seeded(5);
  Sheets world = sheets(2000, generator);
  world.points.slice(0, 0, 30).add_(100);
  world.points.slice(0, 30, 45).add_(-100);
  const auto second = clean_halves(world.points, generator);
  ASSERT_TRUE(second.has_value());
  EXPECT_GT(agreement(second->slice(0, 45), world.half.slice(0, 45)), 0.99);
}

TEST(PimaHalves, WhatHoldsTogetherHasNone) {
  at::Generator generator = seeded(6);
  for (const std::int64_t width : {1, 2, 5}) {
    for (const std::int64_t n : {50, 400, 2000}) {
      const Tensor cloud = torch::randn({n, width}, generator);
      EXPECT_FALSE(clean_halves(cloud, generator).has_value()) << n << " x " << width;
    }
  }
  // A long strip: its cut is small and no cleaner than those of its halves.
  const Tensor strip = torch::rand({1000, 2}, generator) * torch::tensor({{30.0F, 1.0F}});
  EXPECT_FALSE(clean_halves(strip, generator).has_value());
  // Two outcomes that overlap.
  Tensor overlap = torch::randn({2000, 3}, generator);
  overlap.select(1, 0).add_(2.5 * torch::randint(0, 2, {2000}, generator));
  EXPECT_FALSE(clean_halves(overlap, generator).has_value());
}

}  // namespace
}  // namespace polycause
