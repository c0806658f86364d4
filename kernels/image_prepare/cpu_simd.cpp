// image_prepare_cpu_{avx512,avx2,portable}
//
// Computes  dst = (src * scale - mean) / std of flipped and moved images, 0 outside of them
// Layout    (h,w,3) bytes in, rows a pitch apart, (n,h,w,3) floats out, RGB interleaved
// Vectors   8 (AVX2) or 16 (AVX-512) pixels at a time: three vectors, after which the channels'
//           pattern repeats; the tail masked
// Requires  std not 0
// Bound by  memory: 5 bytes a value move; a mirrored image first turns its pixels round, one by one
// Exact: product, difference and quotient are rounded as in the reference.
#include <cstring>

#include "kernels/image_prepare/cpu_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

constexpr int kChannels = 3;
constexpr int kChunk = kChannels * kWidth;  // values of kWidth pixels

Floats repeated(const float (&by_channel)[kChannels], int vector) {
  float values[kWidth];
  for (int lane = 0; lane < kWidth; ++lane) {
    values[lane] = by_channel[(vector * kWidth + lane) % kChannels];
  }
  return load(values, AllLanes{});
}

class Scaling {
 public:
  explicit Scaling(const ImagePrepare::Arguments& arguments) : scale_(broadcast(arguments.scale)) {
    for (int vector = 0; vector < kChannels; ++vector) {
      mean_[vector] = repeated(arguments.mean, vector);
      deviation_[vector] = repeated(arguments.std, vector);
    }
  }

  // Scales `count` <= kChunk values that begin with a pixel.
  void apply(const std::uint8_t* src, int count, float* dst) const {
    for_each_vector(count, [&](std::int64_t i, auto lanes) {
      const std::int64_t vector = i / kWidth;
      const Floats level = to_floats(load_bytes(src + i, lanes));
      store(dst + i, (level * scale_ - mean_[vector]) / deviation_[vector], lanes);
    });
  }

 private:
  Floats scale_;
  Floats mean_[kChannels];
  Floats deviation_[kChannels];
};

// Values of a row from one pixel on, to the right or, mirrored, to the left.
struct RowSource {
  const std::uint8_t* pixel = nullptr;  // (pixels,3)
  bool mirrored = false;
};

// `pixels` of a row of dst, none of them from outside the image.
void prepare_pixels(const Scaling& scaling, RowSource source, int pixels, float* dst) {
  std::uint8_t turned[kChunk];  // (kWidth,3)
  for (int first = 0; first < pixels; first += kWidth) {
    const int count = pixels - first < kWidth ? pixels - first : kWidth;
    const int values = count * kChannels;
    if (!source.mirrored) {
      scaling.apply(source.pixel + std::int64_t{first} * kChannels, values,
                    dst + std::int64_t{first} * kChannels);
      continue;
    }
    for (int i = 0; i < count; ++i) {
      std::memcpy(turned + i * kChannels, source.pixel - std::int64_t{first + i} * kChannels,
                  kChannels);
    }
    scaling.apply(turned, values, dst + std::int64_t{first} * kChannels);
  }
}

void set_zero(float* dst, std::int64_t pixels) {
  std::memset(dst, 0, sizeof(float) * kChannels * static_cast<std::size_t>(pixels));
}

// Bytes of an image, row after row.
struct Rows {
  const std::uint8_t* first = nullptr;  // (h,w,3)
  std::int64_t pitch = 0;               // from row to row
};

void prepare_image(const ImagePrepareProblem& problem, const Scaling& scaling, Rows rows,
                   ImageMove move, float* dst) {
  const int width = problem.w;
  // The columns [begin, end) of dst come from inside.
  const int begin = move.right < 0 ? 0 : (move.right > width ? width : move.right);
  const int shifted_end = width + move.right;
  const int end = shifted_end > width ? width : (shifted_end < begin ? begin : shifted_end);
  const int mirrored_column = begin - move.right;
  const int column = move.flip ? width - 1 - mirrored_column : mirrored_column;
  for (int y = 0; y < problem.h; ++y, dst += std::int64_t{width} * kChannels) {
    const int row = y - move.down;
    if (row < 0 || row >= problem.h) {
      set_zero(dst, width);
      continue;
    }
    set_zero(dst, begin);
    const std::uint8_t* pixel = rows.first + row * rows.pitch + std::int64_t{column} * kChannels;
    prepare_pixels(scaling, {.pixel = pixel, .mirrored = move.flip}, end - begin,
                   dst + std::int64_t{begin} * kChannels);
    set_zero(dst + std::int64_t{end} * kChannels, width - end);
  }
}

}  // namespace

void image_prepare(const ImagePrepareProblem& problem, const ImagePrepare::Arguments& arguments,
                   int /*part*/) {
  const Scaling scaling(arguments);
  const std::int64_t image_size = std::int64_t{problem.h} * problem.w * kChannels;
  const std::int64_t dense = std::int64_t{problem.w} * kChannels;
  const std::int64_t pitch = arguments.pitch == 0 ? dense : arguments.pitch;
  for (int n = 0; n < problem.n; ++n) {
    const ImageMove move = arguments.moves == nullptr ? ImageMove{} : arguments.moves[n];
    prepare_image(problem, scaling, {.first = arguments.images[n], .pitch = pitch}, move,
                  arguments.dst + n * image_size);
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
