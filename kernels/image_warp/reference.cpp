// image_warp_reference: the specification of an affine resampling from 8-bit pixels.
//
// Layout    (h,w,3) bytes in, (n,h,w,3) out, RGB interleaved; one value at a time
// Requires  std not 0; a map that is not finite gives zeros
// Bound by  everything: it is here to be read
#include "kernels/image_warp/reference.hpp"

#include <algorithm>
#include <cmath>

namespace allconv::kernels {

namespace {

constexpr int kChannels = 3;

template <class Real>
struct Place {
  Real y, x;
};

template <class Real>
Place<Real> place_of(const ImageWarp& warp, int row, int column) {
  const auto at = [&](const float(&map)[3]) {
    return static_cast<Real>(map[0]) * static_cast<Real>(column) +
           static_cast<Real>(map[1]) * static_cast<Real>(row) + static_cast<Real>(map[2]);
  };
  return {.y = at(warp.y), .x = at(warp.x)};
}

// One image, its colours changed and prepared, endless: 0 outside.
template <class Real>
class Source {
 public:
  Source(const ImageWarpProblem& problem, const std::uint8_t* image, const ImageWarp& warp,
         const PixelScaling& scaling)
      : problem_(problem), image_(image), warp_(warp), scaling_(scaling) {}

  Real value(int row, int column, int c) const {
    if (row < 0 || row >= problem_.h || column < 0 || column >= problem_.w) return 0;
    const auto level =
        static_cast<Real>(image_[(std::int64_t{row} * problem_.w + column) * kChannels + c]);
    const Real changed =
        std::clamp(level * static_cast<Real>(warp_.gain[c]) + static_cast<Real>(warp_.offset[c]),
                   Real{0}, Real{255});
    return (changed * static_cast<Real>(scaling_.scale) - static_cast<Real>(scaling_.mean[c])) /
           static_cast<Real>(scaling_.std[c]);
  }

  Real between(const Place<Real>& place, int c) const {
    const auto height = static_cast<Real>(problem_.h), width = static_cast<Real>(problem_.w);
    // Also false for what is not a number.
    const bool near = place.y > -1 && height > place.y && place.x > -1 && width > place.x;
    if (!near) return 0;
    const int row = static_cast<int>(std::floor(place.y));
    const int column = static_cast<int>(std::floor(place.x));
    const Real down = place.y - static_cast<Real>(row);
    const Real right = place.x - static_cast<Real>(column);
    const Real above = (1 - right) * value(row, column, c) + right * value(row, column + 1, c);
    const Real below =
        (1 - right) * value(row + 1, column, c) + right * value(row + 1, column + 1, c);
    return (1 - down) * above + down * below;
  }

 private:
  const ImageWarpProblem& problem_;
  const std::uint8_t* image_;  // (h,w,3)
  const ImageWarp& warp_;
  const PixelScaling& scaling_;
};

}  // namespace

template <class Real>
void image_warp_reference(const ImageWarpProblem& problem, const std::uint8_t* const* images,
                          const ImageWarp* warps, const PixelScaling& scaling, Real* dst) {
  for (int n = 0; n < problem.n; ++n) {
    const Source<Real> source(problem, images[n], warps[n], scaling);
    for (int row = 0; row < problem.h; ++row)
      for (int column = 0; column < problem.w; ++column) {
        const Place<Real> place = place_of<Real>(warps[n], row, column);
        for (int c = 0; c < kChannels; ++c) *dst++ = source.between(place, c);
      }
  }
}

template void image_warp_reference(const ImageWarpProblem&, const std::uint8_t* const*,
                                   const ImageWarp*, const PixelScaling&, float*);
template void image_warp_reference(const ImageWarpProblem&, const std::uint8_t* const*,
                                   const ImageWarp*, const PixelScaling&, double*);

}  // namespace allconv::kernels
