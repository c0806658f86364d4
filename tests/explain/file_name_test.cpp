// Names that may hold any bytes become names of files.
#include <gtest/gtest.h>

#include "engine/explain/file_name.hpp"

namespace allconv {
namespace {

TEST(SafeName, KeepsWhatIsPlain) {
  EXPECT_EQ(safe_name("conv1"), "conv1");
  EXPECT_EQ(safe_name("a.b_c-D9"), "a.b_c-D9");
}

TEST(SafeName, HasNoByteThatMeansSomethingElsewhere) {
  EXPECT_EQ(safe_name("a b/../c"), "a_b_.._c");
  EXPECT_EQ(safe_name("<img src=\"x\">&'%?#"), "_img_src_x_");
  EXPECT_EQ(safe_name("caf\xC3\xA9"), "caf_");
  EXPECT_EQ(safe_name("\xFF\xFEx"), "_x");
  EXPECT_EQ(safe_name(std::string_view("a\0b", 3)), "a_b");
  EXPECT_EQ(safe_name(".hidden"), "_hidden");
  for (const char* nothing : {"", ".", "..", "///", "\xFF", "___"})
    EXPECT_EQ(safe_name(nothing), "");
}

TEST(SafeName, IsShort) { EXPECT_EQ(safe_name(std::string(300, 'x')), std::string(64, 'x')); }

TEST(NumberedName, IsTheNumberWhereNothingElseIsLeft) {
  EXPECT_EQ(numbered_name(17, 6, "cat"), "000017-cat");
  EXPECT_EQ(numbered_name(1234567, 6, ".."), "1234567");
  EXPECT_EQ(numbered_name(3, 2, ""), "03");
}

TEST(StemOf, IsTheNameWithoutItsSuffix) {
  EXPECT_EQ(stem_of("set.tar:pets/cat.jpeg"), "cat");
  EXPECT_EQ(stem_of("cat"), "cat");
  EXPECT_EQ(stem_of("a/.png"), ".png");
  EXPECT_EQ(stem_of("test_batch.bin#17"), "test_batch.bin#17");
  EXPECT_EQ(stem_of("v1.version2"), "v1.version2");
  EXPECT_EQ(stem_of("a/"), "");
}

}  // namespace
}  // namespace allconv
