#include "engine/prepare/resize.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace allconv {

namespace {

// Weights are fixed-point numbers with so many fractional bits: 8 bits of value and 2 of headroom
// leave 22 of a 32-bit sum.
constexpr int kFractionBits = 32 - 8 - 2;

// The filter along one axis, for the outputs [first, first + count) out of `size`.
struct Filter {
  int taps = 0;                       // weights held for each output
  std::vector<int> starts;            // (count) first input of each output
  std::vector<int> lengths;           // (count) at most taps
  std::vector<std::int32_t> weights;  // (count, taps), sum 1 << kFractionBits
};

struct Axis {
  int src_size;
  Image::Extent extent;  // of the picture
  int dst_size;
  int first = 0;  // the outputs wanted
  int count = 0;
};

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

Filter make_filter(const Axis& axis) {
  const double scale = axis.extent.size / axis.dst_size;
  const double radius = std::max(scale, 1.0);  // of the triangle, in inputs
  Filter filter;
  filter.taps = static_cast<int>(std::ceil(radius)) * 2 + 1;
  std::vector<double> row(static_cast<std::size_t>(filter.taps));
  for (int i = 0; i < axis.count; ++i) {
    const double centre = axis.extent.first + (axis.first + i + 0.5) * scale;
    const int start = std::max(static_cast<int>(centre - radius + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + radius + 0.5), axis.src_size);
    double sum = 0;
    for (int tap = 0; tap < end - start; ++tap) {
      const double weight = triangle((tap + start - centre + 0.5) / radius);
      row[static_cast<std::size_t>(tap)] = weight;
      sum += weight;
    }
    for (int tap = 0; tap < filter.taps; ++tap) {
      const double weight = tap < end - start ? row[static_cast<std::size_t>(tap)] / sum : 0.0;
      filter.weights.push_back(static_cast<std::int32_t>(weight * (1 << kFractionBits) + 0.5));
    }
    filter.starts.push_back(start);
    filter.lengths.push_back(end - start);
  }
  return filter;
}

std::uint8_t round_to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

// One row: (src width, 3) -> (outputs of the filter, 3).
void filter_columns(const std::uint8_t* src, const Filter& filter, std::uint8_t* dst) {
  const std::int32_t* weights = filter.weights.data();
  for (std::size_t i = 0; i < filter.starts.size(); ++i, weights += filter.taps, dst += 3) {
    const std::uint8_t* pixel = src + 3 * static_cast<std::ptrdiff_t>(filter.starts[i]);
    std::int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (int tap = 0; tap < filter.lengths[i]; ++tap, pixel += 3) {
      red += weights[tap] * pixel[0];
      green += weights[tap] * pixel[1];
      blue += weights[tap] * pixel[2];
    }
    dst[0] = round_to_byte(red);
    dst[1] = round_to_byte(green);
    dst[2] = round_to_byte(blue);
  }
}

// One output row from `length` rows of `row_bytes` bytes.
void filter_rows(const std::uint8_t* src, std::span<const std::int32_t> weights,
                 std::span<std::int32_t> sums, std::uint8_t* dst) {
  std::fill(sums.begin(), sums.end(), kHalf);
  for (const std::int32_t weight : weights) {
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): each weight has its row.
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * src[i];
    src += sums.size();
  }
  for (std::size_t i = 0; i < sums.size(); ++i) dst[i] = round_to_byte(sums[i]);
}

struct ResizePlan {
  Axis rows;
  Axis columns;
};

// size * other / base, rounded down: right where that is a whole number, since the product of sizes
// is exact and so is a whole quotient.
int scaled(double size, int other, double base) {
  return static_cast<int>(std::min<double>(size * other / base, std::numeric_limits<int>::max()));
}

ResizePlan plan_resize(const Image& src, const ImageTarget& target) {
  const auto [height, width, top, left] = resize_frame(src, target);
  return {.rows = {src.height, src.rows, height, top, target.height},
          .columns = {src.width, src.columns, width, left, target.width}};
}

bool covers(const Image::Extent& extent, int size) {
  return extent.first == 0 && extent.size == size;
}

}  // namespace

ImageTarget image_target(const Preparation& prepare) {
  return {.height = prepare.height, .width = prepare.width, .fit = prepare.fit};
}

ResizeFrame resize_frame(const Image& src, const ImageTarget& target) {
  int height = target.height;
  int width = target.width;
  if (target.fit == Preparation::Fit::cover) {
    if (src.columns.size * target.height >= target.width * src.rows.size) {
      width = std::max(target.width, scaled(src.columns.size, target.height, src.rows.size));
    } else {
      height = std::max(target.height, scaled(src.rows.size, target.width, src.columns.size));
    }
  }
  return {height, width, (height - target.height) / 2, (width - target.width) / 2};
}

void resize_image(const Image& src, const ImageTarget& target, std::span<std::uint8_t> dst) {
  if (covers(src.rows, target.height) && covers(src.columns, target.width)) {
    std::memcpy(dst.data(), src.pixels.data(), dst.size());
    return;
  }
  const ResizePlan plan = plan_resize(src, target);
  const Filter columns = make_filter(plan.columns);
  const Filter rows = make_filter(plan.rows);
  const int first_row = rows.starts.front();
  const auto row_count =
      static_cast<std::size_t>(rows.starts.back() + rows.lengths.back() - first_row);
  const std::size_t src_row_bytes = std::size_t{3} * static_cast<std::size_t>(src.width);
  const std::size_t row_bytes = std::size_t{3} * static_cast<std::size_t>(target.width);

  kernels::Buffer<std::uint8_t> narrowed(row_count * row_bytes);  // (row_count, target.width, 3)
  for (std::size_t y = 0; y < row_count; ++y) {
    const std::size_t src_y = y + static_cast<std::size_t>(first_row);
    filter_columns(src.pixels.data() + src_y * src_row_bytes, columns,
                   narrowed.data() + y * row_bytes);
  }
  std::vector<std::int32_t> sums(row_bytes);
  for (std::size_t y = 0; y < rows.starts.size(); ++y) {
    const auto skipped = static_cast<std::size_t>(rows.starts[y] - first_row);
    const std::span weights(rows.weights.data() + y * static_cast<std::size_t>(rows.taps),
                            static_cast<std::size_t>(rows.lengths[y]));
    filter_rows(narrowed.data() + skipped * row_bytes, weights, sums, dst.data() + y * row_bytes);
  }
}

}  // namespace allconv
