// The machine that runs the project's CUDA kernels on the CPU: every CUDA thread is a fibre, warps
// run in an order drawn from a seed, and mistakes that a GPU would pass over in silence are faults.
//
// A fault ends its launch. Its text names what happened, where in the source, and in which block
// and thread. Nothing here throws for a fault, hangs or ends the process.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace allconv::simt {

// Which warp of a block moves next.
enum class WarpOrder {
  random,          // any that can, by the seed; blocks in a random order too
  greedy,          // the first that can, as long as it can: until it waits for other warps
  reverse_greedy,  // the last that can, as long as it can; blocks from the last to the first
};

struct Settings {
  std::uint64_t seed = 1;
  WarpOrder order = WarpOrder::random;
  int workers = 1;  // blocks that run side by side, each on a thread of its own
  std::size_t device_bytes = std::size_t{4} << 30;  // of global memory
  bool graphs = true;  // false: captures of streams are answered with cudaErrorNotSupported
  std::uint64_t lost_at = UINT64_MAX;  // the launch of that number, from 0, ends in a fault
};

// Those of the environment at first: SIMT_SEED, SIMT_ORDER (random, greedy, reverse_greedy),
// SIMT_WORKERS and SIMT_LOST_AT. Any thread may ask; nobody may configure while kernels run.
const Settings& settings();
void configure(const Settings& settings);

// True here. Programs that run the same tests on a real GPU have a machine.cpp of their own:
// tests/simt/device.
bool is_emulated();

// The faults since the last call, oldest first.
std::vector<std::string> take_faults();

// Whether there are some. Until they are taken every function of the runtime answers
// cudaErrorLaunchFailure.
bool has_faults();

// Adds a fault from outside of kernels.
void record_fault(std::string text);

// What the program holds of the device and has not given back.
struct Holdings {
  std::size_t device_allocations = 0;
  std::size_t host_allocations = 0;
  std::size_t streams = 0;
  std::size_t events = 0;
  std::size_t graphs = 0;
};
Holdings holdings();

// What a launch asks for.
struct Grid {
  dim3 blocks;
  dim3 threads;                   // of one block
  std::size_t dynamic_bytes = 0;  // shared memory, bytes a block
  const void* kernel = nullptr;   // its address, where it is known
};

// What an sm_80 device can run.
inline constexpr unsigned kMaxBlockThreads = 1024;
inline constexpr std::size_t kMaxDynamicBytes =
    std::size_t{163} * 1024;  // of a kernel that asked for it
inline constexpr std::size_t kDefaultDynamicBytes = std::size_t{48} * 1024;  // of any other

// Runs `body`, a kernel bound to its arguments, once a thread of the grid, and returns at its end.
// False after a fault.
bool run_grid(const Grid& grid, const std::function<void()>& body);

}  // namespace allconv::simt
