// One way of a library to compute a convolution, run on tensors of its own and compared with the
// reference, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/conv2d/libraries.hpp"
#include "kernels/conv2d/reference.hpp"
#include "kernels/libraries/gpu_libraries.hpp"
#include "tests/simt/operations/conv2d_rows.hpp"
#include "tests/simt/stand_ins/under_test.hpp"

namespace allconv::suite {

// Small integers, which every precision holds.
class LibraryTrial {
 public:
  LibraryTrial(const kernels::Conv2dProblem& problem, kernels::Precision precision)
      : problem_(problem), types_{.map = precision, .row = precision} {
    const Filler fill(DataKind::integers, 1);
    list_.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map);
    list_.input("dst", fill.values("dst", problem.dst_size())).stored_as(Storage::map);
    list_ = as_on_device(list_, types_);
    weights_ = fill.values("weights", problem.weights_size());
    bias_ = fill.values("bias", problem.k);
  }

  template <class Operation>
  kernels::DeviceProblem<Operation> on_device() const {
    return {problem_, types_};
  }

  // The kernel's results, as floats, weight gradients as (k,c,r,s) with the bias gradient behind.
  std::vector<float> run(const kernels::CudaPreparedKernel<kernels::Conv2dForward>& kernel,
                         const kernels::LibraryHandles& handles) const;
  std::vector<float> run(const kernels::CudaPreparedKernel<kernels::Conv2dDataGradient>& kernel,
                         const kernels::LibraryHandles& handles) const;
  std::vector<float> run(const kernels::CudaPreparedKernel<kernels::Conv2dWeightGradient>& kernel,
                         const kernels::LibraryHandles& handles) const;

  // The same by the reference, in double.
  std::vector<double> expected(kernels::Conv2dForward) const;
  std::vector<double> expected(kernels::Conv2dDataGradient) const;
  std::vector<double> expected(kernels::Conv2dWeightGradient) const;

  // How far a result may be from the reference's: what the element rounds, and of transformed
  // values more.
  double tolerance(const std::vector<double>& expected, kernels::NumericClass numeric_class) const;

 private:
  template <class Kernel>
  std::unique_ptr<DeviceBytes> packed(const Kernel& kernel) const;
  std::vector<double> doubles(const char* name) const;
  std::vector<float> floats(const Bytes& bytes, std::int64_t count) const;

  kernels::Conv2dProblem problem_;
  kernels::DeviceTypes types_;
  TensorList list_;
  std::vector<float> weights_, bias_;  // (k,c,r,s), (k)
};

}  // namespace allconv::suite
