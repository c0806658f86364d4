// dropout_reference: the specification of dropout with a counter-based mask.
//
// Layout    (count) elements, one at a time, each from a block of its own computation
// Requires  0 <= rate < 1
// Bound by  everything: it is here to be read
#include "kernels/dropout/reference.hpp"

namespace allconv::kernels {

template <class Real>
void dropout_reference(const DropoutProblem& problem, const Real* src, const DropoutStream& stream,
                       Real* dst) {
  const PhiloxKey key = dropout_key(stream.seed);
  const std::uint32_t threshold = dropout_threshold(problem.rate);
  const auto scale = static_cast<Real>(dropout_scale(problem.rate));
  for (std::int64_t i = 0; i < problem.count; ++i) {
    const std::uint64_t element = stream.first_element + static_cast<std::uint64_t>(i);
    const PhiloxBlock random = philox4x32_10(dropout_counter(stream, element / kPhiloxWords), key);
    // A dropped NaN is gone too: no product with zero.
    dst[i] = random.word[element % kPhiloxWords] < threshold ? Real{0} : src[i] * scale;
  }
}

template void dropout_reference(const DropoutProblem&, const float*, const DropoutStream&, float*);
template void dropout_reference(const DropoutProblem&, const double*, const DropoutStream&,
                                double*);

}  // namespace allconv::kernels
