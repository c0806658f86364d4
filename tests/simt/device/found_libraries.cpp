// The libraries that tests of their rows run, where they are those that the program would load: on
// a real GPU, and on the emulated one the stand-ins that LD_LIBRARY_PATH leads to.
#include "engine/runtime/gpu_libraries.hpp"
#include "kernels/libraries/cudnn.hpp"
#include "tests/simt/stand_ins/under_test.hpp"

namespace allconv {

kernels::GpuLibraries libraries_under_test() { return *load_libraries_for(0).libraries; }

std::string device_under_test(const kernels::GpuLibraries& libraries) {
  return libraries.cudnn == nullptr ? std::string() : libraries.cudnn->describe_device(0);
}

}  // namespace allconv
