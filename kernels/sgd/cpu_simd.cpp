// sgd_cpu_{avx512,avx2,portable}, gradient_sum_cpu_{avx512,avx2,portable}
//
// Computes  v = momentum * v + (gradient + decay * w), w = w - rate * v; and the tree sum of lanes
// Layout    (count) elements, in any order that all arrays share
// Vectors   one of 8 (AVX2) or 16 (AVX-512) floats at a time, the tail masked
// Requires  1 to 8 lanes; the sum may be written over lane 0
// Bound by  memory: 20 bytes an element move in an update, 4 * (lanes + 1) in a sum
// Exact: every product and sum is rounded as in the reference, none fused.
#include "kernels/sgd/cpu_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

// A vector of each lane.
template <class Lanes>
struct LaneVectors {
  const float* const* lane;  // (lanes) pointers to (count) elements
  int lanes;                 // how many there are
  std::int64_t i;            // first element
  Lanes active;
};

// The sum of lanes kFirst .. kFirst + kSpan - 1, as far as they exist; kFirst does.
template <int kFirst, int kSpan, class Lanes>
inline Floats tree_sum(const LaneVectors<Lanes>& from) {
  if constexpr (kSpan == 1) {
    return load(from.lane[kFirst] + from.i, from.active);
  } else {
    constexpr int kMiddle = kFirst + kSpan / 2;
    const Floats lower = tree_sum<kFirst, kSpan / 2>(from);
    return kMiddle < from.lanes ? lower + tree_sum<kMiddle, kSpan / 2>(from) : lower;
  }
}

}  // namespace

void sgd(const SgdProblem& problem, const Sgd::Arguments& arguments, int part) {
  const ElementRange range = element_range(problem.count, part);
  float* weights = arguments.weights + range.begin;
  float* velocity = arguments.velocity + range.begin;
  const float* gradient = arguments.gradient + range.begin;
  const Floats rate = broadcast(arguments.rate);
  const Floats momentum = broadcast(arguments.momentum);
  const Floats weight_decay = broadcast(arguments.weight_decay);
  for_each_vector(range.count, [=](std::int64_t i, auto lanes) {
    const Floats weight = load(weights + i, lanes);
    const Floats total = load(gradient + i, lanes) + weight_decay * weight;
    const Floats speed = momentum * load(velocity + i, lanes) + total;
    store(velocity + i, speed, lanes);
    store(weights + i, weight - rate * speed, lanes);
  });
}

void gradient_sum(const GradientSumProblem& problem, const GradientSum::Arguments& arguments,
                  int part) {
  const ElementRange range = element_range(problem.count, part);
  float* dst = arguments.dst + range.begin;
  for_each_vector(range.count, [&](std::int64_t i, auto lanes) {
    const LaneVectors<decltype(lanes)> from{
        .lane = arguments.lanes, .lanes = problem.lanes, .i = range.begin + i, .active = lanes};
    store(dst + i, tree_sum<0, GradientSum::kMaxLanes>(from), lanes);
  });
}

}  // namespace allconv::kernels::ALLCONV_ISA
