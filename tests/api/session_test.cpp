#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

using testing::HasSubstr;
using testing::Pair;

TEST(Session, SaysWhatItRunsOnAndTakes) {
  const Model model = tiny_model();
  Session session(model, {.threads = 2, .device = "cpu"});
  EXPECT_THAT(session.device(), testing::MatchesRegex("cpu \\(.+\\), 2 threads, fp32"));
  const Memory scores = Session::memory(model, {.batch_size = 8, .threads = 1});
  const Memory more =
      Session::memory(model, {.purposes = {.training = true}, .batch_size = 8, .threads = 1});
  EXPECT_GT(scores.host, 8U * kHeight * kWidth * 3);
  EXPECT_GT(more.host, scores.host);
}

TEST(Session, MultipliesBf16WhereTheCpuHasAmx) {
  const Model model = tiny_model();
  std::string device;
  const auto failure =
      failure_of([&] { device = Session(model, {.device = "cpu", .precision = "bf16"}).device(); });
  if (failure.first == ALLCONV_OK) {
    EXPECT_THAT(device, testing::EndsWith(", bf16"));
  } else {
    EXPECT_THAT(failure, Pair(ALLCONV_DEVICE, HasSubstr("AMX")));
  }
}

TEST(Session, RefusesOptionsThatCannotBeMeant) {
  const Model model = tiny_model();
  const auto refused = [&](const SessionOptions& options) {
    return failure_of([&] { Session(model, options); });
  };
  const auto usage = [](const char* part) { return Pair(ALLCONV_USAGE, HasSubstr(part)); };
  EXPECT_THAT(refused({.batch_size = -1}), usage("batch_size"));
  EXPECT_THAT(refused({.threads = 5000}), usage("threads"));
  EXPECT_THAT(refused({.device = "gpu"}), usage("give auto, cpu, cuda or cuda:N"));
  EXPECT_THAT(refused({.precision = "fp8"}), usage("precision"));
  EXPECT_THAT(refused({.device = "cpu", .precision = "fp16"}),
              Pair(ALLCONV_DEVICE, HasSubstr("fp16")));
  EXPECT_THAT(refused({.workspace_limit = 1}), usage("workspace"));
  EXPECT_THAT(refused({.tuning_file = "/no/such/file"}), Pair(ALLCONV_IO, HasSubstr("/no/such")));
  allconv_session_options options = {};
  options.size = sizeof options + 1;
  allconv_session* session = nullptr;
  EXPECT_EQ(allconv_session_create(model.handle(), &options, &session), ALLCONV_USAGE);
  EXPECT_EQ(session, nullptr);
  EXPECT_THAT(allconv_last_error(), HasSubstr("size"));
}

// A program that was compiled when the struct ended earlier.
TEST(Session, TakesTheOptionsOfAnOlderHeader) {
  allconv_session_options options = {};
  options.size = offsetof(allconv_session_options, batch_size);
  options.batch_size = -1;  // beyond the end
  allconv_session* session = nullptr;
  EXPECT_EQ(allconv_session_create(tiny_model().handle(), &options, &session), ALLCONV_OK);
  allconv_session_free(session);
}

TEST(Session, RunsBesideOthersOfItsModel) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(20);
  const auto expected = Session(model).score(tiny_images(pixels)).logits;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Session session(model, {.batch_size = 1 + i, .threads = 1 + i % 2});
      for (int run = 0; run < 20; ++run) {
        wrong += session.score(tiny_images(pixels)).logits != expected ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Counts what a program's allocator gives, and refuses beyond a limit.
struct CountingMemory {
  std::size_t held = 0, given = 0, limit = SIZE_MAX;

  allconv_allocator allocator() {
    return {.allocate =
                [](void* user, size_t bytes, size_t alignment, allconv_place place) {
                  auto& self = *static_cast<CountingMemory*>(user);
                  if (place != ALLCONV_HOST || self.held + bytes > self.limit)
                    return static_cast<void*>(nullptr);
                  self.held += bytes;
                  self.given += bytes;
                  return std::aligned_alloc(alignment, bytes);
                },
            .release =
                [](void* user, void* memory, size_t bytes, allconv_place /*place*/) {
                  static_cast<CountingMemory*>(user)->held -= bytes;
                  std::free(memory);
                },
            .user = this};
  }
};

TEST(Session, TakesTheProgramsMemory) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(4);
  const auto expected = Session(model, {.batch_size = 4}).score(tiny_images(pixels)).logits;
  CountingMemory memory;
  SessionOptions options = {.purposes = {.training = true},
                            .batch_size = 4,
                            .threads = 1,
                            .device = "cpu",
                            .allocator = memory.allocator()};
  const std::size_t told = Session::memory(model, options).host;
  {
    Session session(model, options);
    EXPECT_EQ(session.score(tiny_images(pixels)).logits, expected);
    EXPECT_GT(memory.held, told / 2);
    EXPECT_LE(memory.held, told);
  }
  EXPECT_EQ(memory.held, 0U);
  memory.limit = memory.given / 2;
  EXPECT_THAT(failure_of([&] { Session(model, options); }),
              Pair(ALLCONV_DEVICE, HasSubstr("memory")));
  EXPECT_EQ(memory.held, 0U);
  options.allocator.release = nullptr;
  EXPECT_THAT(failure_of([&] { Session(model, options); }),
              Pair(ALLCONV_USAGE, HasSubstr("allocator")));
}

// Sanitizers look for what is left behind.
TEST(Session, IsMadeAndFreedAThousandTimes) {
  const auto pixels = tiny_pixels(2);
  for (int i = 0; i < 1000; ++i) {
    const Model model = tiny_model();
    Session session(model, {.purposes = {.training = i % 10 == 0}, .batch_size = 2, .threads = 2});
    if (i % 100 == 0) session.score(tiny_images(pixels));
  }
}

TEST(Session, MovesWithItsDiagnostics) {
  const TemporaryFolder folder;
  Session session(tiny_model());
  const auto pixels = tiny_pixels(1);
  session = Session(tiny_model(), {.diagnostics = [](Severity, std::string_view) {}});
  EXPECT_EQ(session.score(tiny_images(pixels)).logits.size(), 4U);
}

TEST(Session, KeepsTheErrorOfEachThread) {
  EXPECT_EQ(failure_of([] { Model::load("/no/such/model"); }).first, ALLCONV_IO);
  std::string other = "not asked";
  std::thread([&] { other = allconv_last_error(); }).join();
  EXPECT_EQ(other, "");
  EXPECT_THAT(allconv_last_error(), HasSubstr("/no/such/model"));
}

}  // namespace

}  // namespace allconv::test
