// The CUDA rows of a convolution, for tests that run one on tensors of their own.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/conv2d/cuda.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"
#include "tests/simt/operations/device_types.hpp"
#include "tests/simt/operations/weights_order.hpp"

namespace allconv::suite {

using Bytes = std::vector<std::byte>;
using DeviceBytes = simt::DeviceArray<std::byte>;

// All tensors of maps, in the precision asked for.
inline TensorList maps(const kernels::Conv2dProblem& problem, const kernels::DeviceTypes& types) {
  const Filler fill(DataKind::reals, 1);
  TensorList list;
  list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map);
  list.input("dst", fill.values("dst", problem.dst_size())).stored_as(Storage::map);
  return as_on_device(list, types);
}

// A row's kernel, and weights packed by it.
template <class Operation>
class Packed {
 public:
  Packed(const kernels::CudaKernel<Operation>& row,
         const kernels::DeviceProblem<Operation>& problem)
      : kernel_(row.prepare(problem)), weights_(kernel_->packed_weights_bytes()) {
    const std::vector<float> drawn =
        Filler(DataKind::reals, 1).values("weights", problem.problem.weights_size());
    const simt::DeviceArray<float> ordered(to_krsc(problem.problem, drawn.data()));
    EXPECT_EQ(kernel_->pack_weights(nullptr, {.weights = ordered.data()}, weights_.data()),
              cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  }

  const std::byte* weights() const { return weights_.data(); }
  void run(const typename Operation::DeviceArguments& arguments) const {
    const DeviceBytes scratch(kernel_->workspace_bytes());
    EXPECT_EQ(kernel_->run({.scratch = scratch.data()}, arguments), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
  }

 private:
  std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> kernel_;
  DeviceBytes weights_;
};

// Calls test(row, problem) for every row and precision that take the problem.
template <class Operation, class Test>
void for_each_row(const kernels::Conv2dProblem& problem, const Test& test) {
  for (const kernels::Precision precision : kernels::kPrecisions) {
    for (const auto& row : cuda_kernel_table(Operation{})) {
      const kernels::DeviceProblem<Operation> on_device{
          .problem = problem, .types = {.map = precision, .row = precision}};
      if (!row.accepts(on_device).accepted()) continue;
      SCOPED_TRACE(std::string(row.name) + " " + to_text(on_device.types));
      test(row, on_device);
    }
  }
}

}  // namespace allconv::suite
