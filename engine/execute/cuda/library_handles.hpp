// The contexts of GPU libraries, made on the current GPU where a plan has a library's kernel.
#pragma once

#include <memory>

#include "engine/plan/plan.hpp"
#include "kernels/libraries/gpu_libraries.hpp"

namespace allconv {

using SharedHandles = std::shared_ptr<const kernels::LibraryHandles>;

bool uses_libraries(const Plan& plan);

// Throws Error{device} where a library cannot start.
SharedHandles make_handles(const kernels::GpuLibraries& libraries);

}  // namespace allconv
