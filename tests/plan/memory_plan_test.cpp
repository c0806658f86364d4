// The memory plan: no two values that live at once share a byte, and little is wasted.
#include "engine/plan/memory_plan.hpp"

#include <gtest/gtest.h>

#include <map>
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

// Plays a plan with marks in place of numbers: what each stage reads must still be what was
// written, value by value and image by image, in every pass.
class Rehearsal {
 public:
  explicit Rehearsal(const Plan& plan) : plan_(plan) {}

  // How many reads found something else.
  int count_lost() {
    for (const StepGroup& group : plan_.groups) {
      for (int first = 0; first < plan_.images; first += group.images) play_pass(group, first);
    }
    const StepGroup all{.images = plan_.images};
    for (const int value : {plan_.logits, plan_.probabilities, plan_.input_gradient, plan_.loss}) {
      read(value, all, 0);
    }
    return lost_;
  }

 private:
  struct Mark {
    std::size_t end = 0;  // of its bytes in the arena
    int value = kNoValue;
    int image = 0;
  };

  // Steps of one stage may run at once: each finds its operands before and after all have written.
  void play_pass(const StepGroup& group, int first) {
    for (int begin = group.first_step, end = begin; begin < group.last_step; begin = end) {
      while (end < group.last_step && step(end).stage == step(begin).stage) ++end;
      for (const bool written : {false, true}) {
        for (int i = begin; i < end; ++i) {
          read(step(i).src, group, first);
          read(step(i).src2, group, first);
        }
        if (written) continue;
        for (int i = begin; i < end; ++i) {
          write(step(i).dst, group, first);
          write(step(i).dst2, group, first);
        }
      }
    }
  }

  void read(int value, const StepGroup& group, int first) {
    for (int image = first; value != kNoValue && image < first + group.images; ++image) {
      const auto mark = marks_.find(address(value, group, first, image));
      const bool found = mark != marks_.end() && mark->second.value == value &&
                         mark->second.image == image &&
                         mark->second.end == mark->first + bytes_of(value);
      lost_ += found ? 0 : 1;
    }
  }

  // The mark replaces all that share a byte with it.
  void write(int value, const StepGroup& group, int first) {
    for (int image = first; value != kNoValue && image < first + group.images; ++image) {
      const std::size_t begin = address(value, group, first, image);
      const std::size_t end = begin + bytes_of(value);
      auto mark = marks_.lower_bound(begin);
      if (mark != marks_.begin() && std::prev(mark)->second.end > begin) --mark;
      while (mark != marks_.end() && mark->first < end) mark = marks_.erase(mark);
      marks_[begin] = {.end = end, .value = value, .image = image};
      lost_ += end > plan_.arena_bytes ? 1 : 0;
    }
  }

  const Step& step(int index) const { return plan_.steps[static_cast<std::size_t>(index)]; }
  const PlanValue& planned(int value) const {
    return plan_.values[static_cast<std::size_t>(value)];
  }
  std::size_t bytes_of(int value) const { return planned(value).image_bytes; }
  // A value of all images holds each at its own place, one of a group only those of the pass.
  std::size_t address(int value, const StepGroup& group, int first, int image) const {
    const int slot = planned(value).images > group.images ? image : image - first;
    return planned(value).offset + static_cast<std::size_t>(slot) * bytes_of(value);
  }

  const Plan& plan_;
  std::map<std::size_t, Mark> marks_;  // by the first byte; none overlap
  int lost_ = 0;
};

// For machines with no cache to speak of, with a usual one and with one that holds all weights.
TEST_P(ArenaOfNetwork, LosesNothingInAnyPass) {
  const auto [name, mode] = GetParam();
  const Graph graph = make_graph(make_network(name, {}, 10), mode);
  for (const int images : {1, 2, 5, 16}) {
    for (const std::size_t cache_bytes : {std::size_t{0}, std::size_t{1} << 20, SIZE_MAX / 16}) {
      PlanOptions options;
      options.cache_bytes = cache_bytes;
      const Plan plan = make_plan(graph, images, options);
      EXPECT_EQ(Rehearsal(plan).count_lost(), 0) << images << " images, cache " << cache_bytes;
      EXPECT_GE(plan.arena_bytes, plan.bound_bytes);
    }
  }
}

// What an explanation adds to a forward pass that keeps what its ReLUs let through: little.
TEST(ArenaOfExplanation, IsHardlyMoreThanWhatReluOutputsTake) {
  const NetworkDescription network = make_network("all-cnn-c", {}, 10);
  for (const int images : {4, 32}) {
    const Plan plan =
        make_plan(make_graph(network, PassMode::explain, ReluRule::guided), images, {});
    std::size_t kept = 0;
    for (const PlanValue& value : plan.values) {
      if (value.name.starts_with("relu")) kept += value.bytes;
    }
    EXPECT_GT(kept, 0U);
    EXPECT_LE(static_cast<double>(plan.arena_bytes), 1.3 * static_cast<double>(kept)) << images;
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
