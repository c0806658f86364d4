#include "tests/api/reference.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

struct Map {
  int height, width, channels;
  std::vector<double> values;  // (height,width,channels)

  double at(int y, int x, int c) const {
    if (y < 0 || y >= height || x < 0 || x >= width) return 0;
    return values[static_cast<std::size_t>((y * width + x) * channels + c)];
  }
};

struct Geometry {
  int kernel, stride, padding;
};

Map convolve(const Map& src, const TensorView& weights, const TensorView& bias,
             const Geometry& geometry) {
  const auto [kernel, stride, padding] = geometry;
  const int filters = static_cast<int>(weights.shape[0]);
  Map dst = {(src.height + 2 * padding - kernel) / stride + 1,
             (src.width + 2 * padding - kernel) / stride + 1,
             filters,
             {}};
  for (int y = 0; y < dst.height; ++y) {
    for (int x = 0; x < dst.width; ++x) {
      for (int k = 0; k < filters; ++k) {
        double sum = bias.values[static_cast<std::size_t>(k)];
        for (int tap = 0; tap < src.channels * kernel * kernel; ++tap) {
          const int c = tap / (kernel * kernel), r = tap / kernel % kernel, s = tap % kernel;
          const double weight =
              weights.values[static_cast<std::size_t>(k * src.channels * kernel * kernel + tap)];
          sum += weight * src.at(y * stride + r - padding, x * stride + s - padding, c);
        }
        dst.values.push_back(sum);
      }
    }
  }
  return dst;
}

void rectify(Map& map, double slope) {
  for (double& value : map.values) value = value > 0 ? value : slope * value;
}

Map prepared(std::span<const std::uint8_t> pixels) {
  constexpr double kMean[] = {0.4, 0.5, 0.6}, kStd[] = {0.2, 0.25, 0.3};
  Map map = {kHeight, kWidth, 3, {}};
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    map.values.push_back((pixels[i] / 255.0 - kMean[i % 3]) / kStd[i % 3]);
  }
  return map;
}

}  // namespace

ReferencePass run_reference(const Model& model, std::span<const std::uint8_t> pixels) {
  std::map<std::string, TensorView> tensors;
  for (const TensorView& tensor : model.tensors()) tensors[std::string(tensor.name)] = tensor;
  const auto layer = [&](const Map& src, const std::string& name, const Geometry& geometry) {
    return convolve(src, tensors.at(name + ".weight"), tensors.at(name + ".bias"), geometry);
  };
  ReferencePass pass;
  Map map = prepared(pixels);
  pass.input = map.values;
  map = layer(map, "first", {3, 1, 1});
  rectify(map, 0);
  map = layer(map, "second", {3, 2, 1});
  rectify(map, 0.1);
  map = layer(map, "last", {1, 1, 0});
  pass.logits.assign(static_cast<std::size_t>(map.channels), 0.0);
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    pass.logits[i % pass.logits.size()] += map.values[i] / (map.height * map.width);
  }
  double sum = 0;
  for (const double logit : pass.logits) sum += std::exp(logit);
  for (const double logit : pass.logits) pass.probabilities.push_back(std::exp(logit) / sum);
  return pass;
}

double reference_loss(const Model& model, std::span<const std::uint8_t> pixels, int label) {
  return -std::log(run_reference(model, pixels).probabilities[static_cast<std::size_t>(label)]);
}

}  // namespace allconv::test
