// The memory plan: no two values that live at once share a byte, and little is wasted.
#include "engine/plan/memory_plan.hpp"

#include <gtest/gtest.h>

#include <random>

#include "engine/graph/networks.hpp"
#include "engine/plan/plan.hpp"

namespace allconv {
namespace {

// Checks every byte of every stage by brute force.
void expect_no_overlap(const std::vector<Lifetime>& lifetimes, const MemoryPlan& plan) {
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    ASSERT_LE(plan.offsets[i] + lifetimes[i].bytes, plan.arena_bytes);
    for (std::size_t j = 0; j < i; ++j) {
      const bool together =
          lifetimes[i].first <= lifetimes[j].last && lifetimes[j].first <= lifetimes[i].last;
      const bool overlap = plan.offsets[i] < plan.offsets[j] + lifetimes[j].bytes &&
                           plan.offsets[j] < plan.offsets[i] + lifetimes[i].bytes;
      ASSERT_FALSE(together && overlap) << "values " << i << " and " << j;
    }
  }
}

TEST(MemoryPlan, RandomLifetimesNeverOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<Lifetime> lifetimes(1 + random() % 40);
    for (Lifetime& lifetime : lifetimes) {
      lifetime.bytes = 64 * (1 + random() % 50);
      lifetime.first = static_cast<int>(random() % 20);
      lifetime.last = lifetime.first + static_cast<int>(random() % 8);
    }
    const MemoryPlan plan = plan_memory(lifetimes);
    expect_no_overlap(lifetimes, plan);
    EXPECT_GE(plan.arena_bytes, lower_bound_bytes(lifetimes));
  }
}

TEST(MemoryPlan, BoundIsTheLargestLiveSet) {
  const std::vector<Lifetime> lifetimes = {{100, 0, 1}, {200, 1, 2}, {50, 2, 3}};
  EXPECT_EQ(lower_bound_bytes(lifetimes), 300U);
  EXPECT_EQ(plan_memory(lifetimes).arena_bytes, 300U);
  EXPECT_EQ(lower_bound_bytes({}), 0U);
  EXPECT_EQ(plan_memory({}).arena_bytes, 0U);
}

TEST(MemoryPlan, AChainNeedsItsTwoLargestNeighbours) {
  std::vector<Lifetime> chain;
  for (int i = 0; i < 9; ++i) chain.push_back({64U * static_cast<unsigned>(9 - i), i, i + 1});
  EXPECT_EQ(plan_memory(chain).arena_bytes, 64U * (9 + 8));
}

struct Case {
  std::string_view network;
  PassMode mode;
};

class ArenaOfNetwork : public testing::TestWithParam<Case> {};

// Within 5% of the largest live set, for all networks of the paper.
TEST_P(ArenaOfNetwork, IsNearTheBound) {
  const auto [name, mode] = GetParam();
  for (const bool head_same : {false, true}) {
    const auto network = make_network(name, {.head_same = head_same}, 10);
    const Plan plan = make_plan(make_graph(network, mode), micro_batch_size(mode, 128, 2), {});
    EXPECT_LE(static_cast<double>(plan.arena_bytes), 1.05 * static_cast<double>(plan.bound_bytes));
    EXPECT_LT(plan.bound_bytes, plan.unshared_bytes);
    std::vector<Lifetime> lifetimes;
    MemoryPlan memory{.offsets = {}, .arena_bytes = plan.arena_bytes};
    for (const PlanValue& value : plan.values) {
      lifetimes.push_back({value.bytes, value.first_stage, value.last_stage});
      memory.offsets.push_back(value.offset);
    }
    expect_no_overlap(lifetimes, memory);
    if (!name.ends_with("-c")) break;  // the other head changes nothing for the plan's shape
  }
}

std::vector<Case> all_networks() {
  std::vector<Case> cases;
  for (const NamedNetwork& network : named_networks()) {
    for (const auto mode : {PassMode::inference, PassMode::training, PassMode::explain}) {
      cases.push_back({network.name, mode});
    }
  }
  return cases;
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const char* const modes[] = {"inference", "training", "explain"};
  std::string name =
      std::string(info.param.network) + "_" + modes[static_cast<int>(info.param.mode)];
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(AllNetworks, ArenaOfNetwork, testing::ValuesIn(all_networks()), case_name);

}  // namespace
}  // namespace allconv
