#include "base/pattern.h"

#include <gtest/gtest.h>

namespace polycause {
namespace {

TEST(Pattern, StarsStandForAnything) {
  EXPECT_TRUE(fits_pattern("blood.*", "blood.z1"));
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_TRUE(fits_pattern("*z*1", "blood.z21"));
  EXPECT_TRUE(fits_pattern("a**b", "ab"));
  EXPECT_TRUE(fits_pattern("*ab", "aab")) << "a false start is taken back";
}

TEST(Pattern, ElseEveryCharacterCounts) {
  EXPECT_FALSE(fits_pattern("blood", "blood.z1"));
  EXPECT_FALSE(fits_pattern("*.z1", "blood.z12"));
  EXPECT_FALSE(fits_pattern("b*d?", "blood1"));
  EXPECT_FALSE(fits_pattern("", "a"));
}

}  // namespace
}  // namespace polycause
