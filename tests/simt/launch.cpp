#include "tests/simt/launch.hpp"

#include <utility>

#include "tests/simt/machine.hpp"

namespace allconv::simt {

cudaError_t submit_launch(const cudaLaunchConfig_t& config, const void* /*kernel*/,
                          std::function<void()> body) {
  const Grid grid{.blocks = config.gridDim,
                  .threads = config.blockDim,
                  .dynamic_bytes = config.dynamicSmemBytes};
  return run_grid(grid, body) ? cudaSuccess : cudaErrorLaunchFailure;
}

}  // namespace allconv::simt
