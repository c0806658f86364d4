// The windows of Conv and MaxPool nodes.
#pragma once

#include <array>

#include "engine/graph/network.hpp"
#include "engine/onnx/node_reader.hpp"

namespace allconv::onnx_format {

struct Window {
  std::array<int, 2> kernel;  // vertical, horizontal
  std::array<int, 2> stride;
  Padding padding;
};

// By the node's strides, pads, auto_pad and dilations over an input of this shape. Throws
// Error{model}.
Window window_of(const NodeReader& reader, std::array<int, 2> kernel, const Shape& input);

// The map that comes out of it. Throws Error{model} where there is none; infer_shapes() looks at
// all else.
Shape slide(const NodeReader& reader, const Window& window, const Shape& input, int channels);

}  // namespace allconv::onnx_format
