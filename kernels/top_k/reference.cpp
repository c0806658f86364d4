// top_k_reference: the specification of the k largest of each row, and its only kernel: a network's
// classes are few, and this is a thousandth of its time.
//
// Layout    (n,c) in, (n,k) out; one value at a time is inserted into the sorted list of its row
// Requires  1 <= k <= c, no NaN
// Bound by  comparisons: c for values in random order, c * k at worst
#include "kernels/top_k/reference.hpp"

namespace allconv::kernels {

template <class Real>
void top_k_reference(const TopKProblem& problem, const Real* src, Real* values,
                     std::int32_t* indices) {
  for (int n = 0; n < problem.n; ++n) {
    int found = 0;
    for (int c = 0; c < problem.c; ++c) {
      if (found == problem.k && !(src[c] > values[found - 1])) continue;
      int place = found < problem.k ? found++ : found - 1;
      // Only smaller ones make room: of equals the lower index stays in front.
      for (; place > 0 && src[c] > values[place - 1]; --place) {
        values[place] = values[place - 1];
        indices[place] = indices[place - 1];
      }
      values[place] = src[c];
      indices[place] = c;
    }
    src += problem.c, values += problem.k, indices += problem.k;
  }
}

template void top_k_reference(const TopKProblem&, const float*, float*, std::int32_t*);
template void top_k_reference(const TopKProblem&, const double*, double*, std::int32_t*);

}  // namespace allconv::kernels
