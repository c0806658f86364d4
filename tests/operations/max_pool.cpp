// max_pool_forward, with and without switches, and max_pool_backward.
#include "kernels/max_pool/reference.hpp"

#include <stdexcept>

#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::MaxPoolProblem;

constexpr std::string_view kQuickProblems[] = {
    // 3x3 with stride 2 and Caffe's rounding up, as in families A, B and C
    "n3h8w8c96r3s3u2v2pb1pr1",
    "n1h32w32c96r3s3u2v2pb1pr1",
    "n3h16w16c192r3s3u2v2pb1pr1",
    // one of everything; channels that fill no vector
    "n1h1w1c1r1s1",
    "n3h1w1c13r1s1",
    "n1h1w1c100r3s3p1",
    "n3h7w9c1r2s2u2v2",
    "n1h9w7c3r3s3p1",
    "n3h9w11c10r3s3u2v2p1",
    "n1h8w9c13r2s3u1v2",
    "n1h6w6c100r3s3u2v2",
    "n1h5w5c17r5s5",
    // strides 1 to 4, with rows left over and with gaps between windows
    "n3h10w11c16r3s3u3v3",
    "n1h13w14c31r2s2u4v4",
    "n1h9w12c33r3s2u1v4pt1pl1",
    // asymmetric padding, some windows almost wholly inside it
    "n3h6w7c13r3s3u2v1pt2pl0pb1pr2",
    "n1h4w4c10r4s4u2v2pt3pl3pb2pr0",
    "n1h16w1c8r15s1pt7pb7",
};

constexpr std::string_view kFullProblems[] = {
    "n32h32w32c96r3s3u2v2pb1pr1",
    "n32h16w16c192r3s3u2v2pb1pr1",
};

template <std::size_t kSize>
std::vector<MaxPoolProblem> parse_all(const std::string_view (&texts)[kSize]) {
  std::vector<MaxPoolProblem> problems;
  for (const std::string_view text : texts) {
    const auto problem = kernels::parse_problem<MaxPoolProblem>(text);
    if (!problem) throw std::logic_error("not a problem: " + std::string(text));
    problems.push_back(*problem);
  }
  return problems;
}

template <bool kWithSwitches>
struct MaxPoolForwardCase {
  using Operation = kernels::MaxPoolForward;
  static constexpr std::string_view kName =
      kWithSwitches ? "max_pool_forward" : "max_pool_forward_without_switches";
  static constexpr bool kTakesSpecials = true;

  static std::vector<MaxPoolProblem> quick_problems() { return parse_all(kQuickProblems); }
  static std::vector<MaxPoolProblem> full_problems() { return parse_all(kFullProblems); }
  static MaxPoolProblem one_image(const MaxPoolProblem& problem) { return with_one_image(problem); }

  static TensorList tensors(const MaxPoolProblem& problem, const Filler& fill) {
    TensorList list;
    list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map).per_image =
        true;
    list.output("dst", problem.dst_size()).stored_as(Storage::map).per_image = true;
    if (kWithSwitches) {
      Tensor& switches = list.output("switches", problem.dst_size(), Element::u8);
      switches.per_image = true;
      switches.may_be_zero = true;  // 0 is a position like any other
    }
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const MaxPoolProblem&, const Bench& bench) {
    return {.src = bench.read<float>("src"),
            .dst = bench.write<float>("dst"),
            .switches = kWithSwitches ? bench.write<std::uint8_t>("switches") : nullptr};
  }

  template <class Real>
  static Results<Real> reference(const MaxPoolProblem& problem, const TensorList& tensors) {
    std::vector<Real> dst(static_cast<std::size_t>(problem.dst_size()));
    std::vector<std::uint8_t> switches(dst.size());
    kernels::max_pool_forward_reference<Real>(problem, tensors.values<Real>("src").data(),
                                              dst.data(), switches.data());
    return {{"dst", dst}, {"switches", std::vector<Real>(switches.begin(), switches.end())}};
  }
};

struct MaxPoolBackwardCase {
  using Operation = kernels::MaxPoolBackward;
  static constexpr std::string_view kName = Operation::kName;
  static constexpr bool kTakesSpecials = true;

  static std::vector<MaxPoolProblem> quick_problems() { return parse_all(kQuickProblems); }
  static std::vector<MaxPoolProblem> full_problems() { return parse_all(kFullProblems); }
  static MaxPoolProblem one_image(const MaxPoolProblem& problem) { return with_one_image(problem); }

  // Switches as a forward pass leaves them: they never point into the padding.
  static TensorList tensors(const MaxPoolProblem& problem, const Filler& fill) {
    std::vector<float> dst(static_cast<std::size_t>(problem.dst_size()));
    std::vector<std::uint8_t> switches(dst.size());
    kernels::max_pool_forward_reference<float>(
        problem, fill.values("src", problem.src_size()).data(), dst.data(), switches.data());
    TensorList list;
    list.input("switches", switches).per_image = true;
    list.input("d_dst", fill.values("d_dst", problem.dst_size()))
        .stored_as(Storage::map)
        .per_image = true;
    Tensor& d_src = list.output("d_src", problem.src_size()).stored_as(Storage::map);
    d_src.per_image = true;
    d_src.may_be_zero = problem.r * problem.s > 1;  // most elements never win
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const MaxPoolProblem&, const Bench& bench) {
    return {.switches = bench.read<std::uint8_t>("switches"),
            .d_dst = bench.read<float>("d_dst"),
            .d_src = bench.write<float>("d_src")};
  }

  template <class Real>
  static Results<Real> reference(const MaxPoolProblem& problem, const TensorList& tensors) {
    std::vector<Real> d_src(static_cast<std::size_t>(problem.src_size()));
    kernels::max_pool_backward_reference<Real>(problem,
                                               tensors.values<std::uint8_t>("switches").data(),
                                               tensors.values<Real>("d_dst").data(), d_src.data());
    return {{"d_src", d_src}};
  }
};

const Registered<MaxPoolForwardCase<true>> kForward;
const Registered<MaxPoolForwardCase<false>> kForwardWithoutSwitches;
const Registered<MaxPoolBackwardCase> kBackward;

}  // namespace

}  // namespace allconv::suite
