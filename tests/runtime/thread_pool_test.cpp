// The thread pool: every index once, jobs in order, and no deadlock between the two.
#include "engine/runtime/cpu/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace allconv {
namespace {

class Pool : public testing::TestWithParam<int> {};

TEST_P(Pool, CallsEveryIndexOnceWithAWorkerInRange) {
  ThreadPool pool(GetParam());
  ASSERT_EQ(pool.threads(), GetParam());
  for (const int count : {0, 1, 2, 7, 1000}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
    std::atomic<bool> in_range{true};
    pool.parallel_for(count, [&](int index, int worker) {
      ++calls[static_cast<std::size_t>(index)];
      if (worker < 0 || worker >= GetParam()) in_range = false;
    });
    for (const auto& called : calls) EXPECT_EQ(called, 1);
    EXPECT_TRUE(in_range);
  }
}

TEST_P(Pool, ManyShortLoopsSeeEachOthersWrites) {
  ThreadPool pool(GetParam());
  std::vector<int> values(64, 0);
  for (int round = 0; round < 3000; ++round) {
    pool.parallel_for(64, [&](int index, int) { ++values[static_cast<std::size_t>(index)]; });
  }
  for (const int value : values) EXPECT_EQ(value, 3000);
}

TEST_P(Pool, NoTwoThreadsAreTheSameWorkerAtOnce) {
  ThreadPool pool(GetParam());
  std::vector<std::atomic<int>> inside(static_cast<std::size_t>(GetParam()));
  std::atomic<bool> alone{true};
  pool.parallel_for(500, [&](int, int worker) {
    auto& mine = inside[static_cast<std::size_t>(worker)];
    if (mine.fetch_add(1) != 0) alone = false;
    mine.fetch_sub(1);
  });
  EXPECT_TRUE(alone);
}

TEST_P(Pool, JobsRunOnceAlsoBesideLoops) {
  ThreadPool pool(GetParam());
  std::atomic<int> done{0};
  for (int i = 0; i < 200; ++i) {
    pool.enqueue([&done] { ++done; });
    pool.parallel_for(3, [](int, int) {});
  }
  while (pool.run_one_job()) {
  }
  while (done < 200) std::this_thread::yield();  // jobs that workers have taken
  EXPECT_EQ(done, 200);
  EXPECT_FALSE(pool.run_one_job());
}

TEST_P(Pool, DroppedJobsDoNotHoldUpTheEnd) {
  std::atomic<int> done{0};
  {
    ThreadPool pool(GetParam());
    for (int i = 0; i < 100; ++i) pool.enqueue([&done] { ++done; });
  }
  EXPECT_LE(done, 100);
}

TEST_P(Pool, AnExceptionReachesTheCallerAndThePoolGoesOn) {
  ThreadPool pool(GetParam());
  for (int round = 0; round < 20; ++round) {
    const auto fail_at_seven = [](int index, int) {
      if (index == 7) throw std::runtime_error("seven");
    };
    EXPECT_THROW(pool.parallel_for(100, fail_at_seven), std::runtime_error);
    std::atomic<int> calls{0};
    pool.parallel_for(10, [&](int, int) { ++calls; });
    EXPECT_EQ(calls, 10);
  }
}

TEST_P(Pool, StagesFollowEachOther) {
  ThreadPool pool(GetParam());
  std::vector<int> values(16, 0);
  int stage = 0;
  const auto next_stage = [&] {
    for (const int value : values) EXPECT_EQ(value, stage);
    return stage < 2000 ? (++stage, 16) : 0;
  };
  pool.run_stages(0, next_stage,
                  [&](int index, int) { values[static_cast<std::size_t>(index)] = stage; });
  EXPECT_EQ(stage, 2000);
}

TEST_P(Pool, TasksRunStagesOfTheirOwn) {
  ThreadPool pool(GetParam());
  std::atomic<int> calls{0};
  pool.parallel_for(20, [&](int, int thread) {
    int begun = 0;
    std::atomic<int> mine{0};
    const auto next_stage = [&] {
      EXPECT_EQ(mine, 3 * begun);
      return begun < 10 ? (++begun, 3) : 0;
    };
    pool.run_stages(thread, next_stage, [&](int, int) { ++mine; });
    calls += mine;
  });
  EXPECT_EQ(calls, 20 * 10 * 3);
}

TEST_P(Pool, AnExceptionEndsStages) {
  ThreadPool pool(GetParam());
  int begun = 0;
  const auto fail = [](int, int) { throw std::runtime_error("task"); };
  const auto next_stage = [&] { return ++begun < 100 ? 4 : 0; };
  EXPECT_THROW(pool.run_stages(0, next_stage, fail), std::runtime_error);
  EXPECT_EQ(begun, 1);
  const auto no_stage = []() -> int { throw std::runtime_error("stage"); };
  EXPECT_THROW(pool.run_stages(0, no_stage, [](int, int) {}), std::runtime_error);
  EXPECT_THROW(
      pool.parallel_for(6, [&](int, int thread) { pool.run_stages(thread, no_stage, fail); }),
      std::runtime_error);
}

// A caller whose core is taken away must not hold up the others.
TEST(ThreadPool, WhoeverEndsAStageBeginsTheNext) {
  ThreadPool pool(2);
  std::vector<std::thread::id> beginners;
  std::atomic<bool> caller_done{false}, worker_here{false};
  const auto next_stage = [&] {
    beginners.push_back(std::this_thread::get_id());
    return beginners.size() == 1 ? 2 : 0;
  };
  pool.run_stages(0, next_stage, [&](int, int thread) {
    if (thread == 0) {
      while (!worker_here) std::this_thread::yield();
      caller_done = true;
    } else {
      worker_here = true;
      while (!caller_done) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the caller has left its task
    }
  });
  ASSERT_EQ(beginners.size(), 2u);
  EXPECT_EQ(beginners[0], std::this_thread::get_id());
  EXPECT_NE(beginners[1], std::this_thread::get_id());
}

INSTANTIATE_TEST_SUITE_P(Threads, Pool, testing::Values(1, 2, 3, 8));

TEST(ThreadPool, OneThreadRunsInOrderOnTheCaller) {
  ThreadPool pool(1);
  std::vector<int> order;
  pool.parallel_for(5, [&](int index, int) { order.push_back(index); });
  std::vector<int> rising(5);
  std::iota(rising.begin(), rising.end(), 0);
  EXPECT_EQ(order, rising);
}

TEST(Cores, AThreadIsBoundForAWhile) {
  const std::vector<int> before = allowed_cores();
  if (before.empty()) GTEST_SKIP() << "the system does not name its cores";
  EXPECT_EQ(available_threads(), static_cast<int>(before.size()));
  {
    const CoreBinding binding(before.back());
    EXPECT_EQ(allowed_cores(), std::vector<int>{before.back()});
  }
  EXPECT_EQ(allowed_cores(), before);
  {
    const CoreBinding refused(CPU_SETSIZE - 1);
    EXPECT_EQ(allowed_cores(), before);
  }
}

}  // namespace
}  // namespace allconv
