// softmax_cross_entropy_{forward,backward}_cpu_{avx512,avx2,portable}
//
// Computes  p = exp(x - max x) / sum, the loss log(sum) - (x[label] - max x), and its gradient
// Layout    (n,c), class contiguous
// Vectors   8 (AVX2) or 16 (AVX-512) classes of one image at a time, the tail masked
// Requires  labels in 0..c-1; dst may be src, d_src may be the probabilities
// Bound by  the exponential: 14 operations a vector, and one logarithm an image
// A probability's relative error grows with its logit's distance d from the largest, d * 2^-24: the
// difference is rounded before the exponential. The order of a sum depends on c alone: an image's
// result is the same in every batch. Backward is exact.
#include <cmath>
#include <limits>

#include "kernels/simd/exponential.hpp"
#include "kernels/simd/vector.hpp"
#include "kernels/softmax_cross_entropy/cpu_simd.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

float largest_of(const float* src, int c) {  // (c)
  const Floats lowest = broadcast(-std::numeric_limits<float>::infinity());
  Floats largest = lowest;
  for_each_vector(c, [&](std::int64_t i, auto lanes) {
    largest = maximum(largest, load_or(src + i, lanes, lowest));
  });
  return maximum_of_lanes(largest);
}

// Leaves exp(src - largest) in dst and returns its sum.
float exponentials(const float* src, int c, float largest, float* dst) {  // (c)
  const Floats lowest = broadcast(-std::numeric_limits<float>::infinity());
  Floats sum = broadcast(0);
  for_each_vector(c, [&](std::int64_t i, auto lanes) {
    // Lanes beyond the tail hold -infinity: they add 0.
    const Floats power = exponential(load_or(src + i, lanes, lowest) - broadcast(largest));
    store(dst + i, power, lanes);
    sum = sum + power;
  });
  return sum_of_lanes(sum);
}

}  // namespace

void softmax_cross_entropy_forward(const SoftmaxCrossEntropyProblem& problem,
                                   const SoftmaxCrossEntropyForward::Arguments& arguments,
                                   int /*part*/) {
  for (int n = 0; n < problem.n; ++n) {
    const float* src = arguments.src + std::int64_t{n} * problem.c;  // (c)
    float* dst = arguments.dst + std::int64_t{n} * problem.c;        // (c)
    const bool labelled = arguments.labels != nullptr;
    // Read before dst is written: it may be src.
    const float logit = labelled ? src[arguments.labels[n]] : 0;
    const float largest = largest_of(src, problem.c);
    const float sum = exponentials(src, problem.c, largest, dst);
    if (labelled) {
      const double distance = static_cast<double>(logit) - static_cast<double>(largest);
      arguments.loss[n] = static_cast<float>(::log(static_cast<double>(sum)) - distance);
    }
    for_each_vector(problem.c, [&](std::int64_t i, auto lanes) {
      store(dst + i, load(dst + i, lanes) / broadcast(sum), lanes);
    });
  }
}

void softmax_cross_entropy_backward(const SoftmaxCrossEntropyProblem& problem,
                                    const SoftmaxCrossEntropyBackward::Arguments& arguments,
                                    int /*part*/) {
  for (int n = 0; n < problem.n; ++n) {
    const float* probabilities = arguments.probabilities + std::int64_t{n} * problem.c;  // (c)
    float* d_src = arguments.d_src + std::int64_t{n} * problem.c;                        // (c)
    const std::int32_t label = arguments.labels[n];
    const float at_label = (probabilities[label] - 1.0F) * arguments.scale;
    for_each_vector(problem.c, [&](std::int64_t i, auto lanes) {
      store(d_src + i, load(probabilities + i, lanes) * broadcast(arguments.scale), lanes);
    });
    d_src[label] = at_label;
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
