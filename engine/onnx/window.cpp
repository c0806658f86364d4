#include "engine/onnx/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace allconv::onnx_format {

namespace {

// Padding along one axis so that there are as many outputs as strides begin; where it is odd, one
// more stands at the end for SAME_UPPER, at the beginning for SAME_LOWER.
std::array<int, 2> same_padding(int size, int kernel, int stride, bool upper) {
  const int outputs = (size + stride - 1) / stride;
  const std::int64_t total =
      std::max<std::int64_t>(0, std::int64_t{outputs - 1} * stride + kernel - size);
  const int small = static_cast<int>(total / 2);
  const int large = static_cast<int>(total - total / 2);
  return upper ? std::array{small, large} : std::array{large, small};
}

}  // namespace

Window window_of(const NodeReader& reader, std::array<int, 2> kernel, const Shape& input) {
  reader.only_each("dilations", 1);
  const auto pads = reader.extents<4>("pads", 0, 0);  // top, left, bottom, right
  Window window = {.kernel = kernel,
                   .stride = reader.extents<2>("strides", 1, 1),
                   .padding = {pads[0], pads[1], pads[2], pads[3]}};
  const std::string automatic = reader.word("auto_pad", "NOTSET");
  if (automatic == "NOTSET") return window;
  if (window.padding != Padding{})
    reader.refuse("it has both auto_pad and pads", "leave one of them out");
  if (automatic == "VALID") return window;
  if (automatic != "SAME_UPPER" && automatic != "SAME_LOWER") {
    reader.refuse(fmt::format("its auto_pad is {}", automatic),
                  "NOTSET, VALID, SAME_UPPER and SAME_LOWER are taken");
  }
  const bool upper = automatic == "SAME_UPPER";
  const auto rows = same_padding(input.height, kernel[0], window.stride[0], upper);
  const auto columns = same_padding(input.width, kernel[1], window.stride[1], upper);
  window.padding = {rows[0], columns[0], rows[1], columns[1]};
  return window;
}

Shape slide(const NodeReader& reader, const Window& window, const Shape& input, int channels) {
  const Padding& padding = window.padding;
  const int rows = input.height + padding.top + padding.bottom - window.kernel[0];
  const int columns = input.width + padding.left + padding.right - window.kernel[1];
  if (rows < 0 || columns < 0)
    reader.refuse("its kernel is larger than its padded input", "use a larger input");
  const Shape output = {.channels = channels,
                        .height = rows / window.stride[0] + 1,
                        .width = columns / window.stride[1] + 1};
  if (output.height > kMaxExtent || output.width > kMaxExtent) {
    reader.refuse(fmt::format("its output has {} x {} places", output.height, output.width),
                  fmt::format("at most {} a side are taken", kMaxExtent));
  }
  return output;
}

}  // namespace allconv::onnx_format
