#include "engine/support/text.hpp"

#include <gtest/gtest.h>

namespace allconv {
namespace {

TEST(Text, WellFormedCharactersStay) {
  for (const std::string_view text :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "Stra\xC3\x9F"
        "e"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_EQ(to_utf8(text), text);
  }
}

TEST(Text, EveryForbiddenFormIsReplaced) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  for (const std::string_view text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98"}) {
    EXPECT_FALSE(is_utf8(text));
    std::string expected;
    for (std::size_t i = 0; i < text.size(); ++i) expected.append(kReplacement);
    EXPECT_EQ(to_utf8(text), expected);
  }
  EXPECT_EQ(to_utf8("a\xFFz\xC3\xA9"), "a\xEF\xBF\xBDz\xC3\xA9");
  EXPECT_EQ(to_utf8("\xE2z"), "\xEF\xBF\xBDz");
}

// The test vectors of RFC 4648, section 10.
TEST(Text, Base64IsThatOfTheStandard) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("\xFB\xFF\xFE"), "+//+");
}

}  // namespace
}  // namespace allconv
