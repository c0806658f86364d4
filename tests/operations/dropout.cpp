// dropout: near the start of the first batch, and in place far into a huge one.
#include "kernels/dropout/reference.hpp"
#include "tests/operations/elementwise_problems.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::Dropout;
using kernels::DropoutProblem;
using kernels::DropoutStream;

// `kFar`: every half of seed, step and block counts.
template <bool kFar>
DropoutStream stream_of(const DropoutProblem& problem) {
  const auto count = static_cast<std::uint64_t>(problem.count);
  if (!kFar) return {.seed = 7, .step = 11, .layer = 2, .first_element = 3 * count};
  return {.seed = 0x0123456789ABCDEFU,
          .step = (std::uint64_t{5} << 32) + 9,
          .layer = 13,
          .first_element = (std::uint64_t{3} << 35) - 8 + count % 4};  // a carry into the high word
}

template <bool kFar>
struct DropoutCase {
  using Operation = Dropout;
  static constexpr std::string_view kName = kFar ? "dropout_far_in_place" : "dropout";
  static constexpr std::string_view kSrc = kFar ? "dst" : "src";
  static constexpr bool kTakesSpecials = true;

  static std::vector<DropoutProblem> quick_problems() {
    std::vector<DropoutProblem> problems;
    for (const float rate : {0.0F, 0.2F, 0.5F, 0.9F}) {
      append(problems, with_counts(kQuickCounts, DropoutProblem{.rate = rate}));
    }
    return problems;
  }
  static std::vector<DropoutProblem> full_problems() {
    return with_counts(kFullCounts, DropoutProblem{.rate = 0.5F});
  }

  static TensorList tensors(const DropoutProblem& problem, const Filler& fill) {
    TensorList list;
    Tensor& dst = list.operand_and_result("src", "dst", fill.values("src", problem.count),
                                          {.in_place = kFar, .storage = Storage::map});
    dst.may_be_zero = problem.rate > 0.5F;
    return list;
  }

  static Operation::Arguments arguments(const DropoutProblem& problem, const Bench& bench) {
    const DropoutStream stream = stream_of<kFar>(problem);
    return {.src = bench.read<float>(kSrc),
            .dst = bench.write<float>("dst"),
            .seed = stream.seed,
            .step = stream.step,
            .layer = stream.layer,
            .first_element = stream.first_element};
  }

  static void add_device_inputs(const DropoutProblem& problem, TensorList& list) {
    const DropoutStream stream = stream_of<kFar>(problem);
    const kernels::DropoutStep step{.seed = stream.seed, .step = stream.step};
    list.structs("step", std::span(&step, 1));
  }
  static Operation::DeviceArguments device_arguments(const DropoutProblem& problem,
                                                     const Bench& bench) {
    const DropoutStream stream = stream_of<kFar>(problem);
    return {.src = bench.read<float>(kSrc),
            .dst = bench.write<float>("dst"),
            .step = bench.read<kernels::DropoutStep>("step"),
            .layer = stream.layer,
            .first_element = stream.first_element};
  }

  template <class Real>
  static Results<Real> reference(const DropoutProblem& problem, const TensorList& tensors) {
    std::vector<Real> dst(static_cast<std::size_t>(problem.count));
    kernels::dropout_reference<Real>(problem, tensors.values<Real>(kSrc).data(),
                                     stream_of<kFar>(problem), dst.data());
    return {{"dst", dst}};
  }
};

const Registered<DropoutCase<false>> kNear;
const Registered<DropoutCase<true>> kFarInPlace;

}  // namespace

}  // namespace allconv::suite
