// A program with threads of its own, by OpenMP: each has a session, whose threads are not OpenMP's.
#include <gtest/gtest.h>
#include <omp.h>

#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

TEST(OpenMp, ThreadsOfAProgramHaveSessionsOfTheirOwn) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(8);
  const auto expected = Session(model).score(tiny_images(pixels)).logits;
  int wrong = 0, threads = 0;
#pragma omp parallel num_threads(4) reduction(+ : wrong, threads)
  {
    Session session(model, {.batch_size = 3, .threads = 2});
    for (int run = 0; run < 10; ++run) {
      wrong += session.score(tiny_images(pixels)).logits != expected ? 1 : 0;
    }
    threads += 1;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(threads, 4);
  EXPECT_EQ(omp_get_num_threads(), 1);
}

}  // namespace

}  // namespace allconv::test
