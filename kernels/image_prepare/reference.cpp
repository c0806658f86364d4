// image_prepare_reference: the specification of the way from 8-bit pixels to the network's input.
//
// Layout    (h,w,3) bytes in, rows a pitch apart, (n,h,w,3) out, RGB interleaved; one value at a
// time Requires  std not 0 Bound by  everything: it is here to be read
#include "kernels/image_prepare/reference.hpp"

namespace allconv::kernels {

namespace {

constexpr int kChannels = 3;

// Where the pixel that lands on (y,x) of the moved image stands.
struct Source {
  bool inside;
  int row, column;
};

Source source_of(const ImagePrepareProblem& problem, const ImageMove& move, int y, int x) {
  const int row = y - move.down;
  const int mirrored_column = x - move.right;
  return {
      .inside = row >= 0 && row < problem.h && mirrored_column >= 0 && mirrored_column < problem.w,
      .row = row,
      .column = move.flip ? problem.w - 1 - mirrored_column : mirrored_column};
}

}  // namespace

template <class Real>
void image_prepare_reference(const ImagePrepareProblem& problem, const std::uint8_t* const* images,
                             std::int64_t pitch, const ImageMove* moves,
                             const PixelScaling& scaling, Real* dst) {
  for (int n = 0; n < problem.n; ++n) {
    const ImageMove move = moves == nullptr ? ImageMove{} : moves[n];
    for (int y = 0; y < problem.h; ++y)
      for (int x = 0; x < problem.w; ++x) {
        const Source source = source_of(problem, move, y, x);
        for (int c = 0; c < kChannels; ++c) {
          const std::int64_t place = source.row * pitch + source.column * kChannels + c;
          const Real level = source.inside ? static_cast<Real>(images[n][place]) : Real{0};
          const Real value =
              level * static_cast<Real>(scaling.scale) - static_cast<Real>(scaling.mean[c]);
          *dst++ = source.inside ? value / static_cast<Real>(scaling.std[c]) : Real{0};
        }
      }
  }
}

template void image_prepare_reference(const ImagePrepareProblem&, const std::uint8_t* const*,
                                      std::int64_t, const ImageMove*, const PixelScaling&, float*);
template void image_prepare_reference(const ImagePrepareProblem&, const std::uint8_t* const*,
                                      std::int64_t, const ImageMove*, const PixelScaling&, double*);

}  // namespace allconv::kernels
