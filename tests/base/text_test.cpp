#include "base/text.h"

#include <gtest/gtest.h>

namespace polycause {
namespace {

TEST(Text, TrimmedOfWhatEndsALineOrPadsACell) {
  EXPECT_EQ(trimmed(" \ta b\t\r"), "a b");
  EXPECT_EQ(trimmed("\r12\r"), "12");
  EXPECT_EQ(trimmed(" \r\t "), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("a\n"), "a\n") << "a line's end is no part of a line";
}

}  // namespace
}  // namespace polycause
