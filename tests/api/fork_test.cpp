// Sessions where a process is forked off. ThreadSanitizer knows no threads in a child.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

// A child can use models, and sessions of its own; its parent's have lost their threads.
int run_child(Session& parents, const Model& model, const std::vector<std::uint8_t>& pixels) {
  const auto [status, sentence] = failure_of([&] { parents.score(tiny_images(pixels)); });
  if (status != ALLCONV_USAGE || sentence.find("forked") == std::string::npos) return 1;
  { const Session given_up = std::move(parents); }
  Session own(model, {.threads = 2});
  return own.score(tiny_images(pixels)).logits.size() == 4 * pixels.size() / (kHeight * kWidth * 3)
             ? 0
             : 2;
}

TEST(Session, OfAParentIsRefusedInAChild) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(4);
  Session session(model, {.threads = 2});
  session.score(tiny_images(pixels));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(run_child(session, model, pixels));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(session.score(tiny_images(pixels)).logits.size(), 16U);
}

}  // namespace

}  // namespace allconv::test
