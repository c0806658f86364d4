// Trace: what it holds, what it leaves out, and spans of several threads.
#include "engine/runtime/trace.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace allconv {
namespace {

// The spans of the JSON, without the names of tracks.
nlohmann::json spans_of(const Trace& trace) {
  const auto whole = nlohmann::json::parse(trace.to_json());
  nlohmann::json spans = nlohmann::json::array();
  for (const auto& event : whole.at("traceEvents")) {
    if (event.at("ph") == "X") spans.push_back(event);
  }
  return spans;
}

TEST(Trace, WritesLabelsTimesAndShares) {
  Trace trace;
  const int label = trace.add_label(
      {.name = "conv1", .category = "step", .texts = {{"kernel", "a \"b\""}}, .bytes = 64});
  const int track = trace.track("thread 0");
  trace.record(track, label, 1500, 4250, {.images = 8, .first_part = 2, .parts = 3});
  const auto span = spans_of(trace).at(0);
  EXPECT_EQ(span.at("name"), "conv1");
  EXPECT_EQ(span.at("cat"), "step");
  EXPECT_DOUBLE_EQ(span.at("ts"), 1.5);
  EXPECT_DOUBLE_EQ(span.at("dur"), 2.75);
  EXPECT_EQ(span.at("tid"), track);
  const nlohmann::json expected = {{"kernel", "a \"b\""}, {"bytes", 64.0},   {"first_image", 0},
                                   {"images", 8},         {"first_part", 2}, {"parts", 3}};
  EXPECT_EQ(span.at("args"), expected);
}

TEST(Trace, TracksOfOneNameAreOne) {
  Trace trace;
  const int first = trace.track("thread 0");
  EXPECT_NE(trace.track("thread 1"), first);
  EXPECT_EQ(trace.track("thread 0"), first);
}

TEST(Trace, PutsTheSpanThatHoldsOthersFirst) {
  Trace trace;
  const int inner = trace.add_label({.name = "inner", .category = "", .texts = {}});
  const int outer = trace.add_label({.name = "outer", .category = "", .texts = {}});
  const int track = trace.track("thread 0");
  trace.record(track, inner, 10, 20);
  trace.record(track, outer, 10, 30);
  EXPECT_EQ(spans_of(trace).at(0).at("name"), "outer");
}

TEST(Trace, CountsWhatItLeavesOut) {
  Trace trace(3);
  const int label = trace.add_label({.name = "step", .category = "", .texts = {}});
  const int track = trace.track("thread 0");
  for (int i = 0; i < 5; ++i) trace.record(track, label, i, i + 1);
  EXPECT_EQ(trace.left_out(), 2U);
  EXPECT_EQ(spans_of(trace).size(), 3U);
  EXPECT_EQ(nlohmann::json::parse(trace.to_json()).at("otherData").at("spans_left_out"), 2);
}

TEST(Trace, TakesSpansOfSeveralThreads) {
  constexpr int kThreads = 4, kSpans = 1000;
  Trace trace(kThreads * kSpans);
  const int label = trace.add_label({.name = "step", .category = "", .texts = {}});
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    const int track = trace.track(Trace::thread_name(i));
    threads.emplace_back([&trace, track, label] {
      for (int span = 0; span < kSpans; ++span) const TraceScope scope(&trace, track, label);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> counts(kThreads);
  for (const auto& span : spans_of(trace)) ++counts[span.at("tid").get<std::size_t>()];
  EXPECT_EQ(counts, std::vector<int>(kThreads, kSpans));
  EXPECT_EQ(trace.left_out(), 0U);
}

}  // namespace
}  // namespace allconv
