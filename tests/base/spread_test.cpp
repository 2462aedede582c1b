#include "base/spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace polycause {
namespace {

using ::testing::ElementsAre;

TEST(Spread, FromAllOverInTheirOrder) {
  const std::vector<int> rows = {10, 11, 12, 13, 14, 15, 16};
  EXPECT_THAT(spread(rows, 3), ElementsAre(10, 12, 14));
  EXPECT_THAT(spread(rows, 1), ElementsAre(10));
  EXPECT_EQ(spread(rows, 7), rows);
  EXPECT_EQ(spread(rows, 100), rows);
  EXPECT_TRUE(spread(rows, 0).empty());
  EXPECT_TRUE(spread(std::vector<int>(), 3).empty());
}

}  // namespace
}  // namespace polycause
