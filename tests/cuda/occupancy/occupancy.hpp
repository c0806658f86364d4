// How many blocks of a kernel a multiprocessor holds, on GPUs that are not here: computed by the
// toolkit's cuda_occupancy.h from a GPU's properties, with no driver.
#pragma once

#include <optional>
#include <string_view>

namespace allconv::kernels {

// What a block of a kernel takes.
struct BlockResources {
  int threads = 0;
  int registers = 0;      // a thread
  int shared_memory = 0;  // bytes, static and dynamic
};

// Blocks that fit a multiprocessor of the GPU that stands for `architecture`: 80 the A100, 86 the
// RTX 3090, 89 the RTX 4090, 90 the H100, 100 the B200, 120 the RTX 5090. Throws
// std::invalid_argument for another architecture and for what no block can take.
int resident_blocks(int architecture, const BlockResources& block);

// How a kernel that has dynamic shared memory is launched.
struct KernelLaunch {
  int threads = 0;         // of a block
  int dynamic_shared = 0;  // bytes
};

// Of a kernel named as in resources.txt; nothing for kernels that have none.
std::optional<KernelLaunch> launch_with_dynamic_shared(std::string_view kernel);

}  // namespace allconv::kernels
