// CudnnPlan: an execution plan of cuDNN, and the search for such plans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/library_kernel.hpp"
#include "kernels/core/precision.hpp"
#include "kernels/libraries/cudnn.hpp"

namespace allconv::kernels {

// A tensor of a plan by its id, and where it lies.
struct CudnnOperand {
  std::int64_t id = 0;
  const void* data = nullptr;  // device memory
};

class CudnnPlan {
 public:
  // Of cuDNN's own text, for the GPU described. Throws LibraryError where cuDNN refuses it.
  CudnnPlan(std::shared_ptr<const Cudnn> cudnn, std::string_view device, std::string_view plan);

  std::size_t workspace_bytes() const { return workspace_bytes_; }

  // Enqueues the plan. The context's scratch holds workspace_bytes() and its libraries have a
  // handle of cuDNN. Throws LibraryError.
  void run(const CudaContext& context, std::span<const CudnnOperand> operands) const;

 private:
  std::shared_ptr<const Cudnn> cudnn_;
  CudnnDescriptor plan_;
  std::size_t workspace_bytes_;
};

// Plans of a finalised operation graph, in the order of cuDNN's heuristics. Left out are engines
// whose numbers are not those of the precision (fp32 takes no tensor cores, none sums in 16 bits),
// which the request excludes, or which cuDNN cannot make for this GPU. None: it has no such engine.
std::vector<LibraryWay> find_cudnn_ways(const Cudnn& cudnn, const CudnnDescriptor& graph,
                                        Precision precision, const WayRequest& request);

}  // namespace allconv::kernels
