// relu_forward_cpu_{avx512,avx2,portable}, relu_backward_cpu_{avx512,avx2,portable}
//
// Computes  dst = x > 0 ? x : slope * x, and the signal below it by one of the three rules
// Layout    any, as long as all tensors share it: (count) elements
// Vectors   one of 8 (AVX2) or 16 (AVX-512) floats at a time, the tail masked
// Requires  nothing; dst may be src, d_src may be d_dst
// Bound by  memory: 8 bytes an element move forward, 12 backward
// Exact: the products are those of relu_backward_value in the same order, so -0 and NaN agree.
#include "kernels/relu/cpu_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

template <ReluRule kRule>
Floats signal_below(Floats output, Floats signal, Floats slope) {
  const Floats zero = broadcast(0);
  const Floats one = broadcast(1);
  const Floats by_output = select(greater(output, zero), one, slope);
  const Floats by_signal = select(greater(signal, zero), one, slope);
  if constexpr (kRule == ReluRule::gradient) return signal * by_output;
  if constexpr (kRule == ReluRule::deconvnet) return signal * by_signal;
  return signal * by_output * by_signal;
}

// The rule is a template parameter: the choice is made once a part, not once a vector.
template <ReluRule kRule>
void backward_by_rule(const ReluProblem& problem, const ReluBackward::Arguments& arguments,
                      int part) {
  const ElementRange range = element_range(problem.count, part);
  const float* output = arguments.output + range.begin;
  const float* d_dst = arguments.d_dst + range.begin;
  float* d_src = arguments.d_src + range.begin;
  const Floats slope = broadcast(problem.slope);
  for_each_vector(range.count, [=](std::int64_t i, auto lanes) {
    const Floats below =
        signal_below<kRule>(load(output + i, lanes), load(d_dst + i, lanes), slope);
    store(d_src + i, below, lanes);
  });
}

}  // namespace

void relu_forward(const ReluProblem& problem, const ReluForward::Arguments& arguments, int part) {
  const ElementRange range = element_range(problem.count, part);
  const float* src = arguments.src + range.begin;
  float* dst = arguments.dst + range.begin;
  const Floats slope = broadcast(problem.slope);
  for_each_vector(range.count, [=](std::int64_t i, auto lanes) {
    const Floats value = load(src + i, lanes);
    store(dst + i, select(greater(value, broadcast(0)), value, slope * value), lanes);
  });
}

void relu_backward(const ReluProblem& problem, const ReluBackward::Arguments& arguments, int part) {
  switch (problem.rule) {
    case ReluRule::gradient: return backward_by_rule<ReluRule::gradient>(problem, arguments, part);
    case ReluRule::deconvnet:
      return backward_by_rule<ReluRule::deconvnet>(problem, arguments, part);
    case ReluRule::guided: return backward_by_rule<ReluRule::guided>(problem, arguments, part);
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
