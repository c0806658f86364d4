// A kernel's results against the reference's.
#pragma once

#include "tests/operations/suite/execution.hpp"

namespace allconv::suite {

// What the reference says of one trial on one kind of data. Computed when first asked for.
class Expectation {
 public:
  Expectation(const Trial& trial, const TensorList& tensors) : trial_(trial), tensors_(tensors) {}

  const Results<float>& in_float();
  const Results<double>& in_double();
  const Results<double>& magnitudes();

 private:
  const Trial& trial_;
  const TensorList& tensors_;
  Results<float> float_;
  Results<double> double_, magnitudes_;
};

// Bits for exact kernels, and for direct ones on integers; else the tolerance of tolerances.hpp.
Faults compare_with_reference(const Trial& trial, const Row& row, DataKind data,
                              const TensorList& tensors, const Execution& execution,
                              Expectation& expectation);

// A result that is mostly zeros proves little: a kernel that does nothing would pass nearly as
// well.
Faults mistrust_zeros(const TensorList& tensors, const Execution& execution);

}  // namespace allconv::suite
