#include "base/folds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace polycause {
namespace {

using ::testing::ElementsAre;

TEST(Folds, RowsByTurnsAndGroupsWhole) {
  const std::vector<int> rows = {9, 2, 4, 7, 5};
  EXPECT_THAT(folds_by_turns(rows, {}, 3), ElementsAre(0, 1, 2, 0, 1));
  //                                     0  1  2  3  4  5  6  7  8  9
  const std::vector<std::size_t> groups = {8, 8, 3, 3, 1, 3, 1, 5, 5, 6};
  EXPECT_THAT(folds_by_turns(rows, groups, 3), ElementsAre(0, 1, 2, 0, 1)) << "6 3 1 5 3";
  EXPECT_THAT(folds_by_turns(rows, groups, 2), ElementsAre(0, 1, 0, 1, 1));
  EXPECT_THAT(folds_by_turns(std::vector<int>{0, 1}, groups, 2), ElementsAre(0, 1)) << "one group";
  EXPECT_TRUE(folds_by_turns(std::vector<int>(), groups, 2).empty());
}

}  // namespace
}  // namespace polycause
