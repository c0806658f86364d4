#include "engine/support/error.hpp"

#include <gtest/gtest.h>

namespace allconv {
namespace {

TEST(Error, IsASentenceOfItsParts) {
  EXPECT_STREQ(Error(ErrorKind::io, "cannot open", "a.png", "give a path").what(),
               "a.png: cannot open; give a path");
  EXPECT_STREQ(Error(ErrorKind::io, "cannot open").what(), "cannot open");
}

TEST(Error, StaysOnALineWhateverItQuotes) {
  EXPECT_STREQ(Error(ErrorKind::model, "no tensor a\nb", "evil\x1B[2J\r.st", "\tmend\x7F").what(),
               "evil?[2J?.st: no tensor a?b; ?mend?");
  EXPECT_STREQ(Error(ErrorKind::model, "\xC3\xA9").what(), "\xC3\xA9");
}

}  // namespace
}  // namespace allconv
