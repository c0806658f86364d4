// Where the shim hands launches over.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>

namespace allconv::simt {

// Checks a launch as the runtime does, and puts it into its stream. `kernel` is what
// cudaFuncSetAttribute knows it by, `body` the kernel bound to its arguments.
cudaError_t submit_launch(const cudaLaunchConfig_t& config, const void* kernel,
                          std::function<void()> body);

}  // namespace allconv::simt
