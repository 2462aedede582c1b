// What modalities share, and two halves of it with a grid each.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "networks/plugin/pima/pieces.h"
#include "seeded.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kPeople = 600;

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

// Two pieces with an ordered node of three outcomes in each, which the finder turns round in one.
TEST(PimaPieces, NamesAreTheSameInBothPieces) {
  at::Generator generator = seeded(3);
  const Nodes nodes({3, 2});
  const Tensor half = torch::arange(kPeople).remainder(2);
  const Tensor third = torch::randint(0, 3, {kPeople}, generator, torch::kLong);
  const Tensor along = third - 1.0 + 0.3 * torch::randn({kPeople}, generator);
  const Tensor across = 6 * half + 0.3 * torch::randn({kPeople}, generator);
  const auto noise = [&] { return 0.05 * torch::randn({kPeople}, generator); };
  // What each modality says of both, and something of its own.
  const Tensor private_part = torch::randn({2, kPeople}, generator);
  const Tensor codes =
      torch::stack({torch::stack({along + noise(), across + noise(), private_part[0]}, 1),
                    torch::stack({along + noise(), across + noise(), private_part[1]}, 1)});
  const Tensor there = torch::ones({2, kPeople, 1});
  bool turn = false;
  const PimaGridFinder finder = [&](const float* x, std::size_t count, std::size_t width,
                                    const std::vector<int>& outcomes) {
    EXPECT_EQ(outcomes, std::vector<int>{3});
    EXPECT_GE(width, 1U);  // also what is curved in the node
    PimaGrid grid;
    for (std::size_t i = 0; i < count; ++i) {
      const float t = turn ? -x[width * i] : x[width * i];
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
  // The latents tell the halves apart.
  const Tensor latents =
      torch::cat({across.unsqueeze(1), torch::randn({kPeople, 3}, generator)}, 1);
  std::optional<PimaGrid> grid = grid_in_pieces(nodes, codes, there, latents, finder, generator);
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

TEST(PimaPieces, WithoutACleanCutOrSomethingSharedThereAreNone) {
  at::Generator generator = seeded(4);
  const Tensor both = torch::randn({kPeople, 2}, generator);
  const Tensor codes = torch::stack({both, both});
  const Tensor there = torch::ones({2, kPeople, 1});
  const PimaGridFinder finder = [](const float*, std::size_t, std::size_t,
                                   const std::vector<int>&) -> PimaGrid {
    ADD_FAILURE() << "no grid is wanted";
    return {};
  };
  const auto none = [&](const Nodes& nodes, const Tensor& own, const Tensor& latents) {
    return !grid_in_pieces(nodes, own, there, latents, finder, generator).has_value();
  };
  const Tensor cloud = torch::randn({kPeople, 4}, generator);
  EXPECT_TRUE(none(Nodes({3, 2}), codes, cloud));
  Tensor parted = torch::randn({kPeople, 4}, generator);
  parted.select(1, 0).add_(20 * torch::arange(kPeople).remainder(2));
  EXPECT_TRUE(none(Nodes({3, 3}), codes, parted));  // no feature of two outcomes
  EXPECT_TRUE(none(Nodes({3, 2}), torch::randn({2, kPeople, 2}, generator), parted));
}

}  // namespace
}  // namespace polycause
