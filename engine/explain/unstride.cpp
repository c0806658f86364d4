#include "engine/explain/unstride.hpp"

#include <algorithm>

#include "engine/graph/graph.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::array<int, 2> kStrided = {2, 2};

// Padding of one axis behind the map: what the pool needs to give `wanted` outputs.
int padding_behind(int extent, int wanted) { return std::max(0, 2 * wanted - extent); }

}  // namespace

Unstrided unstride(const NetworkDescription& network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  Unstrided result{.network = network, .outputs = {}};
  std::vector<Layer>& layers = result.network.layers;
  layers.clear();
  std::size_t pool_after = network.layers.size();  // layer behind which a pool is due
  MaxPoolLayer pool{.kernel = kStrided, .stride = kStrided};
  bool found = false;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    Layer layer = network.layers[i];
    if (auto* conv = std::get_if<Conv2dLayer>(&layer);
        conv != nullptr && conv->stride == kStrided) {
      const Shape& src = i == 0 ? network.input : shapes[i - 1];
      const Padding& pad = conv->padding;
      const int height = src.height + pad.top + pad.bottom - conv->kernel[0] + 1;
      const int width = src.width + pad.left + pad.right - conv->kernel[1] + 1;
      conv->stride = {1, 1};
      pool.padding = {.bottom = padding_behind(height, shapes[i].height),
                      .right = padding_behind(width, shapes[i].width)};
      pool_after = activation_layer(network, i);
      found = true;
    }
    layers.push_back(std::move(layer));
    if (i == pool_after) layers.emplace_back(pool);
    result.outputs.push_back(layers.size() - 1);
  }
  if (!found) {
    throw Error(ErrorKind::usage, "has no convolution of stride 2 to replace", network.name,
                "leave --unstride out");
  }
  return result;
}

}  // namespace allconv
