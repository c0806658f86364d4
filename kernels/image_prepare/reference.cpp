// image_prepare_reference: the specification of the way from 8-bit pixels to the network's input.
//
// Layout    (h,w,3) bytes in, (n,h,w,3) out, RGB interleaved; one value at a time
// Requires  std not 0
// Bound by  everything: it is here to be read
#include "kernels/image_prepare/reference.hpp"

namespace allconv::kernels {

namespace {

constexpr int kChannels = 3;

// The source pixel that lands on (y,x) of the moved image; null where it comes from outside.
const std::uint8_t* source_pixel(const ImagePrepareProblem& problem, const std::uint8_t* image,
                                 const ImageMove& move, int y, int x) {
  const int row = y - move.down;
  const int mirrored_column = x - move.right;
  if (row < 0 || row >= problem.h || mirrored_column < 0 || mirrored_column >= problem.w) {
    return nullptr;
  }
  const int column = move.flip ? problem.w - 1 - mirrored_column : mirrored_column;
  return image + (std::int64_t{row} * problem.w + column) * kChannels;
}

}  // namespace

template <class Real>
void image_prepare_reference(const ImagePrepareProblem& problem, const std::uint8_t* const* images,
                             const ImageMove* moves, const PixelScaling& scaling, Real* dst) {
  for (int n = 0; n < problem.n; ++n) {
    const ImageMove move = moves == nullptr ? ImageMove{} : moves[n];
    for (int y = 0; y < problem.h; ++y)
      for (int x = 0; x < problem.w; ++x) {
        const std::uint8_t* pixel = source_pixel(problem, images[n], move, y, x);
        for (int c = 0; c < kChannels; ++c) {
          const Real level = pixel == nullptr ? Real{0} : static_cast<Real>(pixel[c]);
          const Real value =
              level * static_cast<Real>(scaling.scale) - static_cast<Real>(scaling.mean[c]);
          *dst++ = pixel == nullptr ? Real{0} : value / static_cast<Real>(scaling.std[c]);
        }
      }
  }
}

template void image_prepare_reference(const ImagePrepareProblem&, const std::uint8_t* const*,
                                      const ImageMove*, const PixelScaling&, float*);
template void image_prepare_reference(const ImagePrepareProblem&, const std::uint8_t* const*,
                                      const ImageMove*, const PixelScaling&, double*);

}  // namespace allconv::kernels
