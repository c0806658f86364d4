// Explanation: what a network looked at in one image, by each method that was asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/score/scorer.hpp"

namespace allconv {

// "gradient", "deconvnet", "guided"
std::string_view rule_name(ReluRule rule);
// Nothing for other words.
std::optional<ReluRule> parse_rule(std::string_view name);

// The unit whose signal went back; of a class's logit the position is 0, 0.
struct ExplainedUnit {
  int channel = 0, row = 0, column = 0;
  double value = 0;  // what it was in the forward pass
};

struct Attribution {
  std::string_view name;       // "guided", "unstrided.guided"
  std::span<const float> map;  // (h,w,3), with respect to the network's input
};

// The outcome of one image; spans are valid during the callback only.
struct Explanation {
  std::size_t index = 0;                      // in the data set
  std::string path = {};                      // bytes, as the data set has it
  std::optional<ScoreFailure> failure = {};   // then all that follows is empty
  std::span<const std::uint8_t> pixels = {};  // (h,w,3) at the network's size
  std::span<const float> input;               // (h,w,3), what the network saw after preparation
  std::vector<Attribution> attributions;      // in the order asked for
  ExplainedUnit unit;
  std::size_t predicted = 0;  // class of the largest logit
  double probability = 0;     // of that class
};

}  // namespace allconv
