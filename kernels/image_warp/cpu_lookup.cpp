// image_warp_cpu_lookup
//
// Computes  an affine, bilinear resampling of 8-bit pixels, their colours changed and prepared
// Layout    (h,w,3) bytes in, (n,h,w,3) floats out, RGB interleaved
// Tables    an image's 256 levels, changed and prepared, by channel: 3 KiB, made once an image
// Requires  std not 0; a map that is not finite gives zeros
// Bound by  loads one by one: twelve bytes and twelve table entries a pixel. A pixel whose
//           neighbours all lie inside the image, the usual one, asks no more.
// Exact: places, values and sums are rounded as in the reference.
#include "kernels/image_warp/cpu_lookup.hpp"

#include <cmath>

namespace allconv::kernels {

namespace {

constexpr int kChannels = 3;
constexpr int kLevels = 256;

// What each level of a channel becomes.
class ValueTable {
 public:
  ValueTable(const ImageWarp& warp, const PixelScaling& scaling) {
    for (int c = 0; c < kChannels; ++c) {
      for (int level = 0; level < kLevels; ++level) {
        const float changed = static_cast<float>(level) * warp.gain[c] + warp.offset[c];
        const float clamped = changed < 0 ? 0.0F : (changed > 255 ? 255.0F : changed);
        values_[c][level] = (clamped * scaling.scale - scaling.mean[c]) / scaling.std[c];
      }
    }
  }

  float value(const std::uint8_t* pixel, int c) const { return values_[c][pixel[c]]; }

 private:
  float values_[kChannels][kLevels];  // (3,256)
};

// The four pixels around a place, and how far it lies from the first.
struct Neighbours {
  const std::uint8_t* pixels[4];  // row by row, each (3); null outside of the image
  float down, right;
};

class Sampler {
 public:
  Sampler(const ImageWarpProblem& problem, const std::uint8_t* image, const ValueTable& table)
      : problem_(problem), image_(image), table_(table) {}

  void sample(float y, float x, float* dst) const {
    const bool near = y > -1 && y < static_cast<float>(problem_.h) && x > -1 &&
                      x < static_cast<float>(problem_.w);
    if (!near) {
      for (int c = 0; c < kChannels; ++c) dst[c] = 0;
      return;
    }
    const int row = static_cast<int>(std::floor(y));
    const int column = static_cast<int>(std::floor(x));
    const Neighbours around = {.pixels = {pixel(row, column), pixel(row, column + 1),
                                          pixel(row + 1, column), pixel(row + 1, column + 1)},
                               .down = y - static_cast<float>(row),
                               .right = x - static_cast<float>(column)};
    const bool inside = row >= 0 && row + 1 < problem_.h && column >= 0 && column + 1 < problem_.w;
    if (inside) {
      blend(
          around, [&](int i, int c) { return table_.value(around.pixels[i], c); }, dst);
    } else {
      blend(
          around,
          [&](int i, int c) {
            return around.pixels[i] == nullptr ? 0.0F : table_.value(around.pixels[i], c);
          },
          dst);
    }
  }

 private:
  const std::uint8_t* pixel(int row, int column) const {
    if (row < 0 || row >= problem_.h || column < 0 || column >= problem_.w) return nullptr;
    return image_ + (std::int64_t{row} * problem_.w + column) * kChannels;
  }

  template <class Value>
  static void blend(const Neighbours& around, const Value& value, float* dst) {
    const float down = around.down, right = around.right;
    for (int c = 0; c < kChannels; ++c) {
      const float above = (1 - right) * value(0, c) + right * value(1, c);
      const float below = (1 - right) * value(2, c) + right * value(3, c);
      dst[c] = (1 - down) * above + down * below;
    }
  }

  const ImageWarpProblem& problem_;
  const std::uint8_t* image_;  // (h,w,3)
  const ValueTable& table_;
};

float place_of(const float (&map)[3], int row, int column) {
  return map[0] * static_cast<float>(column) + map[1] * static_cast<float>(row) + map[2];
}

}  // namespace

void image_warp_cpu_lookup(const ImageWarpProblem& problem,
                           const ImageWarping::Arguments& arguments, int /*part*/) {
  float* dst = arguments.dst;
  for (int n = 0; n < problem.n; ++n) {
    const ImageWarp& warp = arguments.warps[n];
    const ValueTable table(warp, arguments.scaling);
    const Sampler sampler(problem, arguments.images[n], table);
    for (int row = 0; row < problem.h; ++row) {
      for (int column = 0; column < problem.w; ++column, dst += kChannels) {
        sampler.sample(place_of(warp.y, row, column), place_of(warp.x, row, column), dst);
      }
    }
  }
}

}  // namespace allconv::kernels
