// A row of cuDNN, from its operation graph and its prepared kernel; included by *_cudnn.cpp only.
#pragma once

#include "kernels/conv2d/convolution_graph.hpp"
#include "kernels/conv2d/library_rows.hpp"
#include "kernels/libraries/cudnn_plan.hpp"
#include "kernels/libraries/gpu_libraries.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv::kernels {

// kGraph(cudnn, problem, precision) makes the graph; Prepared is made of a problem and a plan.
template <class Operation, auto kGraph, class Prepared>
constexpr LibraryKernel<Operation> cudnn_row(std::string_view name) {
  using Problem = DeviceProblem<Operation>;
  return {
      .name = name,
      .numeric_class = NumericClass::winograd,
      .accepts = cuda_accepts_all<Operation>,
      .ways = [](const Problem& problem, const WayRequest& request) -> std::vector<LibraryWay> {
        const auto& cudnn = request.libraries->cudnn;
        if (cudnn == nullptr) return {};
        const CudnnGraph graph = kGraph(*cudnn, problem.problem, problem.types.map);
        return find_cudnn_ways(*cudnn, graph.graph(), problem.types.map, request);
      },
      .prepare = [](const Problem& problem, const WayRequest& request,
                    const LibraryWay& way) -> PreparedPointer<Operation> {
        const auto& cudnn = request.libraries->cudnn;
        if (cudnn == nullptr) throw LibraryError("cuDNN is missing");
        return std::make_unique<Prepared>(problem, CudnnPlan(cudnn, request.device, way.plan));
      },
  };
}

}  // namespace allconv::kernels
