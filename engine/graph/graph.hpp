// Graph: the operations of one pass over a network, forward and (for training and explanation)
// backward, over value ids. Pure data, made before anything runs; sizes are per image.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph/network.hpp"
#include "kernels/relu/problem.hpp"

namespace allconv {

using kernels::ReluRule;

enum class PassMode {
  inference,  // images to probabilities
  training,   // and back to the gradients of all weights
  explain,    // and the signal of one unit back to the input
  peaks,      // images to the largest value of each channel of a layer
};

enum class OperationKind {
  input,  // the prepared images
  conv2d,
  relu,
  dropout,
  max_pool,
  global_average_pool,
  softmax,
  softmax_cross_entropy_backward,
  unit_signal,   // 1 at one unit, 0 elsewhere
  channel_peak,  // where each channel is largest
  global_average_pool_backward,
  max_pool_backward,
  relu_backward,
  dropout_backward,
  conv2d_weight_gradient,
  conv2d_data_gradient,
};

using ValueId = int;
inline constexpr ValueId kNoValue = -1;

struct Value {
  std::string name;       // "conv1", "relu1", "d_relu1", "switches1"
  Shape shape;            // one image's extent
  int element_bytes = 4;  // float; 1: pooling switches; others of a kernel's own records
};

// Operands by role; which of them are used depends on the kind:
//     input                           -> dst
//     conv2d, relu, dropout, softmax  src -> dst
//     max_pool                        src -> dst, switches in dst2
//     softmax_cross_entropy_backward  probabilities in src -> dst
//     unit_signal                     src -> dst, the unit that was taken in dst2
//     channel_peak                    src -> values in dst, positions in dst2
//     global_average_pool_backward    d_dst in src -> dst
//     max_pool_backward               d_dst in src, switches in src2 -> dst
//     relu_backward                   d_dst in src, forward output in src2 -> dst
//     dropout_backward                d_dst in src -> dst
//     conv2d_weight_gradient          src, d_dst in src2 -> the parameters' gradient
//     conv2d_data_gradient            d_dst in src -> dst
struct Operation {
  OperationKind kind = OperationKind::input;
  int layer = -1;    // index in the network's layers; -1 for input, unit_signal, channel_peak
  int ordinal = -1;  // convolutions: index of their parameters; dropouts: counted from 0
  ValueId src = kNoValue;
  ValueId src2 = kNoValue;
  ValueId dst = kNoValue;
  ValueId dst2 = kNoValue;
};

struct Graph {
  NetworkDescription network;
  PassMode mode = PassMode::inference;
  ReluRule rule = ReluRule::gradient;
  std::vector<Value> values;
  std::vector<Operation> operations;  // in execution order
  ValueId input = kNoValue;
  ValueId logits = kNoValue;                            // not in peaks
  ValueId probabilities = kNoValue;                     // not in peaks
  ValueId input_gradient = kNoValue;                    // explain only
  ValueId unit = kNoValue;                              // explain only: one kernels::UnitFound
  ValueId peaks = kNoValue, peak_positions = kNoValue;  // peaks only, (c) each

  const Shape& shape(ValueId id) const { return values[static_cast<std::size_t>(id)].shape; }
};

// Dropout acts in training only. `rule` is for explain; training uses the gradient. `layer`, an
// index of the network's: in explain the signal starts at its output, without one at the logits; in
// peaks its output is looked at, and nothing behind it is computed. Throws Error{usage} as
// infer_shapes() does.
Graph make_graph(const NetworkDescription& network, PassMode mode,
                 ReluRule rule = ReluRule::gradient, std::optional<std::size_t> layer = {});

// The ReLU directly behind a convolution, leaky or not, else the convolution itself.
std::size_t activation_layer(const NetworkDescription& network, std::size_t convolution);

// The leak of a relu or leaky_relu layer.
float relu_slope(const Layer& layer);

}  // namespace allconv
