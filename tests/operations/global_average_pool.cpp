// global_average_pool_forward and global_average_pool_backward.
#include "kernels/global_average_pool/reference.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using Problem = kernels::GlobalAveragePoolProblem;

std::vector<Problem> quick() {
  return {{.n = 3, .h = 6, .w = 6, .c = 10},   {.n = 3, .h = 8, .w = 8, .c = 100},
          {.n = 1, .h = 6, .w = 6, .c = 1000}, {.n = 3, .h = 1, .w = 1, .c = 10},
          {.n = 1, .h = 1, .w = 1, .c = 1},    {.n = 3, .h = 7, .w = 5, .c = 1},
          {.n = 1, .h = 5, .w = 9, .c = 3},    {.n = 3, .h = 3, .w = 11, .c = 13},
          {.n = 1, .h = 2, .w = 3, .c = 17},   {.n = 3, .h = 13, .w = 1, .c = 33}};
}

std::vector<Problem> full() {
  return {{.n = 128, .h = 6, .w = 6, .c = 10}, {.n = 32, .h = 32, .w = 32, .c = 96}};
}

struct ForwardCase {
  using Operation = kernels::GlobalAveragePoolForward;
  static constexpr std::string_view kName = Operation::kName;

  static std::vector<Problem> quick_problems() { return quick(); }
  static std::vector<Problem> full_problems() { return full(); }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    TensorList list;
    list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map).per_image =
        true;
    list.output("dst", problem.dst_size()).stored_as(Storage::row).per_image = true;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Problem&, const Bench& bench) {
    return {.src = bench.read<float>("src"), .dst = bench.write<float>("dst")};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    return mean<Real>(problem, tensors.values<Real>("src"));
  }

  static Results<double> magnitudes(const Problem& problem, const TensorList& tensors) {
    return mean<double>(problem, absolute(tensors.values<double>("src")));
  }

 private:
  template <class Real>
  static Results<Real> mean(const Problem& problem, const std::vector<Real>& src) {
    std::vector<Real> dst(static_cast<std::size_t>(problem.dst_size()));
    kernels::global_average_pool_forward_reference<Real>(problem, src.data(), dst.data());
    return {{"dst", dst}};
  }
};

struct BackwardCase {
  using Operation = kernels::GlobalAveragePoolBackward;
  static constexpr std::string_view kName = Operation::kName;

  static std::vector<Problem> quick_problems() { return quick(); }
  static std::vector<Problem> full_problems() { return full(); }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    TensorList list;
    list.input("d_dst", fill.values("d_dst", problem.dst_size()))
        .stored_as(Storage::row)
        .per_image = true;
    list.output("d_src", problem.src_size()).stored_as(Storage::map).per_image = true;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Problem&, const Bench& bench) {
    return {.d_dst = bench.read<float>("d_dst"), .d_src = bench.write<float>("d_src")};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    std::vector<Real> d_src(static_cast<std::size_t>(problem.src_size()));
    kernels::global_average_pool_backward_reference<Real>(
        problem, tensors.values<Real>("d_dst").data(), d_src.data());
    return {{"d_src", d_src}};
  }
};

const Registered<ForwardCase> kForward;
const Registered<BackwardCase> kBackward;

}  // namespace

}  // namespace allconv::suite
