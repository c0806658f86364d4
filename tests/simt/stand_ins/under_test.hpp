// The libraries that tests of their rows run: stand-ins on the emulated GPU, on a real one its own.
#pragma once

#include <string>

#include "kernels/libraries/gpu_libraries.hpp"

namespace allconv {

kernels::GpuLibraries libraries_under_test();

// The current GPU as cuDNN describes it; empty where there is no cuDNN.
std::string device_under_test(const kernels::GpuLibraries& libraries);

}  // namespace allconv
