#include "tests/simt/stand_ins/cudnn_convolution.hpp"

#include <vector>

#include "tests/simt/stand_ins/elements.hpp"

namespace allconv::stand_in {

namespace {

// Where (n,c,h,w) lies in a tensor whose channels are innermost.
std::int64_t place(const std::array<std::int64_t, 4>& extents, std::int64_t n, std::int64_t c,
                   std::int64_t h, std::int64_t w) {
  return ((n * extents[2] + h) * extents[3] + w) * extents[1] + c;
}

std::int64_t size(const std::array<std::int64_t, 4>& extents) {
  return extents[0] * extents[1] * extents[2] * extents[3];
}

// Calls use(x index, w index, y index) for each product of the convolution.
template <class Use>
void for_each_product(const Convolution& of, const Use& use) {
  const auto [n, k, p, q] = of.y;
  for (std::int64_t result = 0; result < n * k * p * q; ++result) {
    const std::int64_t column = result % q, row = result / q % p;
    const std::int64_t filter = result / (q * p) % k, image = result / (q * p * k);
    for (std::int64_t tap = 0; tap < of.w[1] * of.w[2] * of.w[3]; ++tap) {
      const std::int64_t s = tap % of.w[3], r = tap / of.w[3] % of.w[2];
      const std::int64_t c = tap / (of.w[3] * of.w[2]);
      const std::int64_t h = row * of.stride[0] - of.before[0] + r;
      const std::int64_t w = column * of.stride[1] - of.before[1] + s;
      if (h < 0 || h >= of.x[2] || w < 0 || w >= of.x[3]) continue;
      use(place(of.x, image, c, h, w), place(of.w, filter, c, r, s),
          place(of.y, image, filter, row, column));
    }
  }
}

float rectify(const Convolution& of, double value) {
  return of.rectified && value < 0 ? 0 : static_cast<float>(value);
}

}  // namespace

void compute(const Convolution& of, const ConvolutionMemory& memory) {
  const auto read = [&](const void* tensor, std::int64_t index) {
    return static_cast<double>(element(of.type, tensor, index));
  };
  const bool forward = of.pass == Pass::forward, back = of.pass == Pass::data_gradient;
  const auto& extents = forward ? of.y : back ? of.x : of.w;
  void* const to = forward ? memory.y : back ? memory.x : memory.w;
  std::vector<double> sums(static_cast<std::size_t>(size(extents)));
  for_each_product(of, [&](std::int64_t x, std::int64_t w, std::int64_t y) {
    const std::int64_t result = forward ? y : back ? x : w;
    double& sum = sums[static_cast<std::size_t>(result)];
    if (forward) sum += read(memory.x, x) * read(memory.w, w);
    if (back) sum += read(memory.y, y) * read(memory.w, w);
    if (of.pass == Pass::weight_gradient) sum += read(memory.x, x) * read(memory.y, y);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    if (of.bias_id >= 0) sums[i] += read(memory.bias, index % extents[1]);
    set_element(of.type, to, index, rectify(of, sums[i]));
  }
}

}  // namespace allconv::stand_in
