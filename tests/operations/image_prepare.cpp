// image_prepare: plain, with augmentation, and of windows of larger images.
#include "kernels/image_prepare/reference.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::ImageMove;
using Problem = kernels::ImagePrepareProblem;

constexpr kernels::PixelScaling kScaling{
    .scale = 1.0F / 255, .mean = {0.49F, 0.48F, 0.45F}, .std = {0.25F, 0.24F, 0.26F}};

enum class Variant { plain, moved, window };

// Pixels beside a window, on each of its four sides.
constexpr int kMargin = 2;

int margin(Variant variant) { return variant == Variant::window ? kMargin : 0; }

std::int64_t pitch(const Problem& problem, Variant variant) {
  return 3 * (std::int64_t{problem.w} + 2 * margin(variant));
}

std::int64_t held_bytes(const Problem& problem, Variant variant) {
  return pitch(problem, variant) * (problem.h + 2 * margin(variant));
}

// One image after another without a gap: all but the first are unaligned where sizes are odd.
std::vector<const std::uint8_t*> image_pointers(const Problem& problem, Variant variant,
                                                const std::uint8_t* first) {
  std::vector<const std::uint8_t*> pointers;
  for (int n = 0; n < problem.n; ++n) {
    pointers.push_back(first + n * held_bytes(problem, variant) +
                       margin(variant) * (pitch(problem, variant) + 3));
  }
  return pointers;
}

constexpr int kMost = 5;
std::vector<ImageMove> image_moves(const Problem& problem, const Filler& fill) {
  const std::vector<std::int32_t> numbers = fill.indices("moves", problem.n * 3, 2 * kMost + 1);
  std::vector<ImageMove> moves;
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    moves.push_back({.flip = numbers[i] % 2 == 1,
                     .down = static_cast<std::int8_t>(numbers[i + 1] - kMost),
                     .right = static_cast<std::int8_t>(numbers[i + 2] - kMost)});
  }
  return moves;
}

template <Variant kVariant>
struct ImagePrepareCase {
  using Operation = kernels::ImagePrepare;
  static constexpr bool kWithMoves = kVariant != Variant::plain;
  static constexpr std::string_view kName = kVariant == Variant::plain   ? "image_prepare"
                                            : kVariant == Variant::moved ? "image_prepare_moved"
                                                                         : "image_prepare_window";

  static std::vector<Problem> quick_problems() {
    return {{.n = 3, .h = 32, .w = 32}, {.n = 1, .h = 126, .w = 126}, {.n = 1, .h = 1, .w = 1},
            {.n = 3, .h = 7, .w = 5},   {.n = 3, .h = 9, .w = 17},    {.n = 5, .h = 1, .w = 13},
            {.n = 3, .h = 13, .w = 1},  {.n = 3, .h = 16, .w = 16},   {.n = 8, .h = 11, .w = 33}};
  }
  static std::vector<Problem> full_problems() {
    return {{.n = 128, .h = 32, .w = 32}, {.n = 8, .h = 224, .w = 224}};
  }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    TensorList list;
    list.input("images", fill.bytes("images", problem.n * held_bytes(problem, kVariant), 256))
        .per_image = true;
    list.structs("moves", std::span<const ImageMove>(image_moves(problem, fill))).per_image = true;
    Tensor& dst = list.output("dst", problem.size()).stored_as(Storage::map);
    dst.per_image = true;
    // A shift brings in zeros: of a small map there may be nothing left.
    dst.may_be_zero = kWithMoves && (problem.h < 3 * kMost || problem.w < 3 * kMost);
    return list;
  }

  // The array of pointers stays valid until the thread's next call.
  static Operation::Arguments arguments(const Problem& problem, const Bench& bench) {
    static thread_local std::vector<const std::uint8_t*> images;
    images = image_pointers(problem, kVariant, bench.read<std::uint8_t>("images"));
    return {.images = images.data(),
            .pitch = given_pitch(problem),
            .moves = kWithMoves ? bench.read<ImageMove>("moves") : nullptr,
            .dst = bench.write<float>("dst"),
            .scale = kScaling.scale,
            .mean = {kScaling.mean[0], kScaling.mean[1], kScaling.mean[2]},
            .std = {kScaling.std[0], kScaling.std[1], kScaling.std[2]}};
  }
  static Operation::DeviceArguments device_arguments(const Problem& problem, const Bench& bench) {
    return {.images = image_pointers(problem, kVariant, bench.read<std::uint8_t>("images"))[0],
            .pitch = given_pitch(problem),
            .image_bytes = held_bytes(problem, kVariant),
            .moves = kWithMoves ? bench.read<ImageMove>("moves") : nullptr,
            .dst = bench.write<float>("dst"),
            .scaling = kScaling};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    return prepared<Real>(problem, tensors, kScaling);
  }

  // |pixel * scale| + |mean|, over std; the zeros that a shift brings in stay zeros.
  static Results<double> magnitudes(const Problem& problem, const TensorList& tensors) {
    kernels::PixelScaling all_add = kScaling;
    for (float& mean : all_add.mean) mean = -mean;
    return prepared<double>(problem, tensors, all_add);
  }

 private:
  static std::int64_t given_pitch(const Problem& problem) {
    return kVariant == Variant::window ? pitch(problem, kVariant) : 0;
  }

  template <class Real>
  static Results<Real> prepared(const Problem& problem, const TensorList& tensors,
                                const kernels::PixelScaling& scaling) {
    const std::vector<std::uint8_t> bytes = tensors.values<std::uint8_t>("images");
    const auto images = image_pointers(problem, kVariant, bytes.data());
    const auto moves = tensors.structs<ImageMove>("moves");
    std::vector<Real> dst(static_cast<std::size_t>(problem.size()));
    kernels::image_prepare_reference<Real>(problem, images.data(), pitch(problem, kVariant),
                                           kWithMoves ? moves.data() : nullptr, scaling,
                                           dst.data());
    return {{"dst", dst}};
  }
};

const Registered<ImagePrepareCase<Variant::plain>> kPlain;
const Registered<ImagePrepareCase<Variant::moved>> kMoved;
const Registered<ImagePrepareCase<Variant::window>> kWindow;

}  // namespace

}  // namespace allconv::suite
