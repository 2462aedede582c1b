// What modalities share, and two halves of it with a grid each.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "networks/plugin/pima/pieces.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kPeople = 600;

at::Generator seeded(std::uint64_t seed) {
  return torch::make_generator<at::CPUGeneratorImpl>(seed);
}

double correlation(const Tensor& a, const Tensor& b) {
  return torch::corrcoef(torch::stack({a.to(torch::kDouble), b.to(torch::kDouble)}))[0][1]
      .item<double>();
}

TEST(PimaPieces, SharedPlacesLeaveOutWhatOneModalityShows) {
  at::Generator generator = seeded(1);
  const auto normal = [&] { return torch::randn({kPeople}, generator); };
  const Tensor common = normal();
  // What is private has a hundred times the variance.
  const Tensor first = torch::stack({10 * normal(), common + 0.1 * normal(), 10 * normal()}, 1);
  const Tensor second = torch::stack({-common + 0.1 * normal(), 10 * normal(), 10 * normal()}, 1);
  Tensor there = torch::ones({2, kPeople, 1});
  there[1].slice(0, 0, 100).zero_();
  const SharedPlaces shared = shared_places(torch::stack({first, second}), there);
  EXPECT_GT(std::abs(correlation(shared.at.select(1, 0), common)), 0.9);
  EXPECT_GT(shared.correlations[0].item<double>(), 0.9);
  EXPECT_LT(shared.correlations[2].item<double>(), 0.3);
}

TEST(PimaPieces, TheClearestHalvesAreThoseNothingLiesBetween) {
  at::Generator generator = seeded(2);
  const Tensor half = torch::arange(kPeople).remainder(2);
  const Tensor along = torch::randn({kPeople}, generator);
  const Tensor gap = 5 * half + 0.3 * torch::randn({kPeople}, generator) + along.square();
  const Halves halves = clearest_halves(torch::stack({along, gap}, 1), generator);
  const double same =
      halves.second.eq(half.to(torch::kBool)).to(torch::kDouble).mean().item<double>();
  EXPECT_GT(std::max(same, 1 - same), 0.99);
  EXPECT_LT(halves.cut, 0.01);
  EXPECT_GT(clearest_halves(torch::randn({kPeople, 2}, generator), generator).cut, 0.02);
}

// Two pieces with an ordered node of three outcomes in each, which the finder turns round in one.
TEST(PimaPieces, NamesAreTheSameInBothPieces) {
  at::Generator generator = seeded(3);
  const Nodes nodes({3, 2});
  const Tensor half = torch::arange(kPeople).remainder(2);
  const Tensor third = torch::randint(0, 3, {kPeople}, generator, torch::kLong);
  const Tensor along = third - 1.0 + 0.3 * torch::randn({kPeople}, generator);
  const Tensor across = 6 * half + 0.3 * torch::randn({kPeople}, generator);
  SharedPlaces shared;
  shared.at = torch::stack({along, across}, 1).to(torch::kDouble);
  shared.correlations = torch::tensor({0.95, 0.9}, torch::kDouble);
  bool turn = false;
  const PimaGridFinder finder = [&](const float* x, std::size_t count, std::size_t width,
                                    const std::vector<int>& outcomes) {
    EXPECT_EQ(outcomes, std::vector<int>{3});
    EXPECT_EQ(width, 2U);
    PimaGrid grid;
    for (std::size_t i = 0; i < count; ++i) {
      const float t = turn ? -x[2 * i] : x[2 * i];
      grid.coordinates.push_back(t);
      const int own = t < -0.5F ? 0 : t < 0.5F ? 1 : 2;
      for (int c = 0; c < 3; ++c) grid.responsibilities.push_back(c == own ? 1.0F : 0.0F);
    }
    grid.positions = {-1, 0, 1};
    grid.spread =
        turn ? std::vector<float>{0.3F, 0.2F, 0.1F} : std::vector<float>{0.1F, 0.2F, 0.3F};
    grid.divergence = turn ? 0.2 : 0.1;
    turn = true;
    return grid;
  };
  const Tensor latents = torch::randn({kPeople, 4}, generator);
  std::optional<PimaGrid> grid = grid_in_pieces(nodes, shared, latents, finder, generator);
  ASSERT_TRUE(grid.has_value());
  EXPECT_NEAR(grid->divergence, 0.15, 0.01);
  const Tensor gamma = torch::from_blob(grid->responsibilities.data(), {kPeople, 3, 2});
  const Tensor node = gamma.sum(2).argmax(1);
  const Tensor side = gamma.sum(1).argmax(1);
  const auto share = [](const Tensor& a, const Tensor& b) {
    return a.eq(b).to(torch::kDouble).mean().item<double>();
  };
  EXPECT_GT(std::max(share(node, third), share(node, 2 - third)), 0.9);
  EXPECT_GT(std::max(share(side, half), share(side, 1 - half)), 0.99);
  const Tensor at = torch::from_blob(grid->coordinates.data(), {kPeople, 2});
  EXPECT_GT(std::abs(correlation(at.select(1, 0), along)), 0.99);
  EXPECT_GT(std::abs(correlation(at.select(1, 1), half)), 0.99);
  // Spreads go with the outcome's name: (K, L), node 0 of joint outcomes (0, 0) and (0, 1).
  EXPECT_FLOAT_EQ(grid->spread[0], grid->spread[2]);
  EXPECT_FLOAT_EQ(grid->spread[8], grid->spread[10]);
  EXPECT_EQ(grid->rest.size(), static_cast<std::size_t>(kPeople * 4));
}

TEST(PimaPieces, WithoutACleanCutThereAreNone) {
  at::Generator generator = seeded(4);
  SharedPlaces shared;
  shared.at = torch::randn({kPeople, 2}, generator).to(torch::kDouble);
  shared.correlations = torch::tensor({0.95, 0.9}, torch::kDouble);
  const PimaGridFinder finder = [](const float*, std::size_t, std::size_t,
                                   const std::vector<int>&) -> PimaGrid {
    ADD_FAILURE() << "no grid is wanted";
    return {};
  };
  const Tensor latents = torch::randn({kPeople, 4}, generator);
  EXPECT_FALSE(grid_in_pieces(Nodes({3, 2}), shared, latents, finder, generator).has_value());
  EXPECT_FALSE(grid_in_pieces(Nodes({3, 3}), shared, latents, finder, generator).has_value());
}

}  // namespace
}  // namespace polycause
