#include "engine/data/standardize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace allconv {

namespace {

struct ColourSums {
  std::array<std::uint64_t, 3> values = {};   // of 8-bit values: exact below 2^56 pixels
  std::array<std::uint64_t, 3> squares = {};  // exact below 2^48 pixels
};

void add_pixels(std::span<const std::uint8_t> pixels, ColourSums& sums) {
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint64_t value = pixels[i + c];
      sums.values[c] += value;
      sums.squares[c] += value * value;
    }
  }
}

ColourSums sum_pixels(const TrainingSet& images, ThreadPool& pool) {
  std::vector<ColourSums> partial(static_cast<std::size_t>(pool.threads()));
  pool.parallel_for(static_cast<int>(images.size()), [&](int image, int worker) {
    add_pixels({images.image(static_cast<std::size_t>(image)), images.target.bytes()},
               partial[static_cast<std::size_t>(worker)]);
  });
  ColourSums total;
  for (const ColourSums& sums : partial) {
    for (std::size_t c = 0; c < 3; ++c) {
      total.values[c] += sums.values[c];
      total.squares[c] += sums.squares[c];
    }
  }
  return total;
}

}  // namespace

Preparation standardize(const TrainingSet& images, ThreadPool& pool) {
  Preparation prepare;
  prepare.height = images.input_height();
  prepare.width = images.input_width();
  prepare.fit = images.target.fit;
  const ColourSums sums = sum_pixels(images, pool);
  const double pixels =
      static_cast<double>(images.size()) * static_cast<double>(images.target.bytes()) / 3;
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = static_cast<double>(sums.values[c]) / pixels;
    const double variance =
        std::max(0.0, static_cast<double>(sums.squares[c]) / pixels - mean * mean);
    prepare.mean[c] = mean * prepare.scale;
    // Integers that differ have a variance of at least (n - 1) / n^2; less is rounding alone.
    const bool varies = variance > 0.5 / pixels;
    prepare.std[c] = varies ? std::sqrt(variance) * prepare.scale : 1.0;
  }
  return prepare;
}

}  // namespace allconv
