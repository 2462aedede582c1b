// How many nodes of how many outcomes: bent sheets with known numbers.
#include "model/grid_choice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXf;

/// People on a sheet of two directions, bent into three numbers; outcomes along each direction.
MatrixXf sheet(int first, int second, std::uint64_t seed) {
  constexpr Index kPeople = 700;
  MatrixXf latents(kPeople, 3);
  Random random(seed, "sheet");
  for (Index i = 0; i < kPeople; ++i) {
    const auto at = [&](int outcomes) {
      return 2.0 * static_cast<double>(random.below(static_cast<std::size_t>(outcomes))) /
                 (outcomes - 1) -
             1;
    };
    const double u = at(first) + 0.2 * random.normal();
    const double v = 0.9 * at(second) + 0.2 * random.normal();
    latents(i, 0) = static_cast<float>(u + 0.2 * v * v);
    latents(i, 1) = static_cast<float>(v - 0.2 * u * v);
    latents(i, 2) = static_cast<float>(0.3 * u * u + 0.02 * random.normal());
  }
  return latents;
}

TEST(GridChoice, FindsNodesAndOutcomes) {
  const auto chosen = [](int first, int second) {
    const GridChoice choice = choose_grid(sheet(first, second, 1), 2, 3, 1, 2, {});
    EXPECT_NEAR(choice.dimension, 2, 0.4);
    return choice.tried[choice.chosen].outcomes;
  };
  EXPECT_EQ(chosen(2, 3), (std::vector<int>{2, 3}));
  EXPECT_EQ(chosen(3, 3), (std::vector<int>{3, 3}));
}

TEST(GridChoice, GoesOnFromWhatIsKnown) {
  const MatrixXf latents = sheet(2, 2, 2);
  std::vector<GridCandidate> searched;
  const GridChoice whole = choose_grid(latents, 2, 3, 1, 1, {}, {},
                                       [&](const GridCandidate& one) { searched.push_back(one); });
  ASSERT_EQ(searched.size(), whole.tried.size());
  std::size_t more = 0;
  const GridChoice again = choose_grid(
      latents, 2, 3, 1, 2, {},
      [&](GridCandidate& one) {
        for (const GridCandidate& known : searched) {
          if (known.outcomes != one.outcomes || known.outcomes.size() > 1) continue;
          one = known;
          return true;
        }
        return false;
      },
      [&](const GridCandidate& one) { more += one.outcomes.size() > 1 ? 1 : 100; });
  EXPECT_LT(more, 100u);
  EXPECT_GT(more, 0u);
  ASSERT_EQ(again.tried.size(), whole.tried.size());
  for (std::size_t k = 0; k < whole.tried.size(); ++k) {
    EXPECT_EQ(again.tried[k].outcomes, whole.tried[k].outcomes);
    EXPECT_EQ(again.tried[k].criterion, whole.tried[k].criterion);
  }
}

TEST(GridChoice, CanBeStopped) {
  struct Stop {};
  int calls = 0;
  EXPECT_THROW(choose_grid(sheet(2, 2, 3), 2, 3, 1, 1,
                           [&] {
                             if (++calls > 5) throw Stop();
                           }),
               Stop);
}

}  // namespace
}  // namespace polycause
