#include "engine/execute/cuda/library_handles.hpp"

#include <algorithm>
#include <stdexcept>

#include "engine/plan/cuda/candidates.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

// A template, so that a build without libraries' kernels has no need of their contexts either.
template <class Operation>
SharedHandles handles_for(const kernels::GpuLibraries& libraries) {
  if constexpr (HasLibraryKernels<Operation>) {
    return std::make_shared<const kernels::LibraryHandles>(libraries);
  } else {
    return nullptr;
  }
}

}  // namespace

bool uses_libraries(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [](const Step& step) { return step.way.has_value(); });
}

SharedHandles make_handles(const kernels::GpuLibraries& libraries) {
  try {
    return handles_for<kernels::Conv2dForward>(libraries);
  } catch (const std::runtime_error& error) {  // a LibraryError
    throw Error(ErrorKind::device, error.what(), "CUDA", "use --deterministic, which needs none");
  }
}

}  // namespace allconv
