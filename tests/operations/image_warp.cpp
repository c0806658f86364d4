// image_warp: maps near the identity, which keep most of an image, and maps to anywhere.
#include "kernels/image_warp/reference.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::ImageWarp;
using Problem = kernels::ImageWarpProblem;

constexpr kernels::PixelScaling kScaling{
    .scale = 1.0F / 255, .mean = {0.49F, 0.48F, 0.45F}, .std = {0.25F, 0.24F, 0.26F}};

constexpr int kNumbers = 13;  // of a warp: two maps, a mirror, gains, offsets

// One image after another without a gap: all but the first are unaligned where sizes are odd.
std::vector<const std::uint8_t*> warped_images(const Problem& problem, const std::uint8_t* first) {
  std::vector<const std::uint8_t*> pointers;
  for (int n = 0; n < problem.n; ++n) pointers.push_back(first + n * (problem.size() / problem.n));
  return pointers;
}

// Stretched and slanted by some per cent around the centre, every second image mirrored.
ImageWarp near_identity(const Problem& problem, const float* v) {
  const float middle_x = static_cast<float>(problem.w - 1) / 2;
  const float middle_y = static_cast<float>(problem.h - 1) / 2;
  const float mirror = v[12] < 0 ? -1.0F : 1.0F;
  ImageWarp warp{.x = {mirror * (1 + v[0] / 20), v[1] / 20, 0}, .y = {v[3] / 20, 1 + v[4] / 20, 0}};
  warp.x[2] = middle_x - warp.x[0] * middle_x - warp.x[1] * middle_y + v[2] * middle_x / 16;
  warp.y[2] = middle_y - warp.y[0] * middle_x - warp.y[1] * middle_y + v[5] * middle_y / 16;
  return warp;
}

// With integers every place is a pixel's, many of them outside; specials make places that are no
// numbers, or too large for any.
ImageWarp anywhere(const Problem& problem, const float* v) {
  return {.x = {v[0], v[1], v[2] * static_cast<float>(problem.w)},
          .y = {v[3], v[4], v[5] * static_cast<float>(problem.h)}};
}

template <bool kAnywhere>
struct ImageWarpCase {
  using Operation = kernels::ImageWarping;
  static constexpr std::string_view kName = kAnywhere ? "image_warp_anywhere" : "image_warp";

  static std::vector<Problem> quick_problems() {
    return {{.n = 3, .h = 32, .w = 32}, {.n = 1, .h = 126, .w = 126}, {.n = 1, .h = 1, .w = 1},
            {.n = 3, .h = 7, .w = 5},   {.n = 3, .h = 9, .w = 17},    {.n = 5, .h = 1, .w = 13},
            {.n = 3, .h = 13, .w = 1},  {.n = 2, .h = 2, .w = 2},     {.n = 8, .h = 11, .w = 33}};
  }
  static std::vector<Problem> full_problems() {
    return {{.n = 128, .h = 32, .w = 32}, {.n = 8, .h = 126, .w = 126}};
  }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    TensorList list;
    list.input("images", fill.bytes("images", problem.size(), 256)).per_image = true;
    list.structs("warps", std::span<const ImageWarp>(warps_of(problem, fill))).per_image = true;
    Tensor& dst = list.output("dst", problem.size()).stored_as(Storage::map);
    dst.per_image = true;
    // Of an image of a line there may be nothing left.
    dst.may_be_zero = kAnywhere || problem.h < 4 || problem.w < 4;
    return list;
  }

  // The array of pointers stays valid until the thread's next call.
  static Operation::Arguments arguments(const Problem& problem, const Bench& bench) {
    static thread_local std::vector<const std::uint8_t*> images;
    images = warped_images(problem, bench.read<std::uint8_t>("images"));
    return {.images = images.data(),
            .warps = bench.read<ImageWarp>("warps"),
            .scaling = kScaling,
            .dst = bench.write<float>("dst")};
  }
  static Operation::DeviceArguments device_arguments(const Problem& problem, const Bench& bench) {
    return {.images = bench.read<std::uint8_t>("images"),
            .image_bytes = problem.size() / problem.n,
            .warps = bench.read<ImageWarp>("warps"),
            .scaling = kScaling,
            .dst = bench.write<float>("dst")};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    const std::vector<std::uint8_t> bytes = tensors.values<std::uint8_t>("images");
    const auto images = warped_images(problem, bytes.data());
    const auto warps = tensors.structs<ImageWarp>("warps");
    std::vector<Real> dst(static_cast<std::size_t>(problem.size()));
    kernels::image_warp_reference<Real>(problem, images.data(), warps.data(), kScaling, dst.data());
    return {{"dst", dst}};
  }

 private:
  static std::vector<ImageWarp> warps_of(const Problem& problem, const Filler& fill) {
    const std::vector<float> drawn = fill.values("warps", problem.n * kNumbers);
    const float* numbers = drawn.data();  // (n, kNumbers)
    std::vector<ImageWarp> warps;
    for (int n = 0; n < problem.n; ++n, numbers += kNumbers) {
      warps.push_back(kAnywhere ? anywhere(problem, numbers) : near_identity(problem, numbers));
      for (int c = 0; c < 3; ++c) {
        warps.back().gain[c] = 1 + numbers[6 + c] / 8;
        warps.back().offset[c] = 20 * numbers[9 + c];  // some levels are clamped
      }
    }
    return warps;
  }
};

struct NearIdentity : ImageWarpCase<false> {};
struct Anywhere : ImageWarpCase<true> {
  static constexpr bool kTakesSpecials = true;
};

const Registered<NearIdentity> kNear;
const Registered<Anywhere> kFar;

}  // namespace

}  // namespace allconv::suite
