// The nodes of an ONNX graph as the layers of a network.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/network.hpp"
#include "engine/onnx/node_reader.hpp"
#include "engine/onnx/wire.hpp"

namespace allconv::onnx_format {

struct ConvolutionTensors {
  const Tensor* weights;  // (k,c,r,s)
  const Tensor* bias;     // (k); null: zeros
};

// Tensors are borrowed from the file.
struct Chain {
  NetworkDescription network;  // valid; its convolutions named after tensors, nodes, or their place
  std::vector<ConvolutionTensors> convolutions;
  bool has_softmax = false;  // else one was put behind the logits
};

// `path` names the file in errors and, without its folder and suffix, a network whose graph has no
// name. Throws Error{model} for a graph that is no chain of this program's operations from one
// image to one value a class.
Chain read_chain(const File& file, const TensorIndex& tensors, const std::string& path);

}  // namespace allconv::onnx_format
