// Fusion: operations that one kernel computes, and values that share memory in place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph/graph.hpp"

namespace allconv {

struct FusedOperation {
  Operation operation;           // operands as fused; of a data gradient src2 is the ReLU's output
  std::string label;             // the layers' names: "conv1 + relu3"
  bool relu = false;             // conv2d: ReLU behind it
  std::optional<ReluRule> rule;  // conv2d_data_gradient: the ReLU below it
  float slope = 0;               // leak of either, or of a ReLU that stands alone
};

struct FusedGraph {
  std::vector<FusedOperation> operations;
  std::vector<ValueId> home;  // of each value: the value whose memory it uses, itself if its own
};

// Fuses conv2d + relu; conv2d_data_gradient + relu_backward (past a dropout between them, which
// commutes with the gradient rule). Lets element-wise operations work in place where nothing else
// needs their source: dropout overwrites a ReLU's output, whose sign the backward pass still finds
// there (where it was dropped the signal is zero anyway).
FusedGraph fuse(const Graph& graph);

}  // namespace allconv
