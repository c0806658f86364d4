// GpuDescription: a GPU that need not be there, as libraries ask for it when they plan.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace allconv {

struct GpuDescription {
  int capability = 80;  // 10 * major + minor
  std::string_view name;
  int multiprocessors = 0;
  int shared_memory = 0;  // bytes that a block may ask for
  int blocks = 0;         // of a multiprocessor at a time
  int threads = 0;        // of a multiprocessor at a time
  int clock_khz = 0;
  int memory_clock_khz = 0;
  std::int64_t l2_bytes = 0;
  std::int64_t memory_bytes = 0;
};

// A GPU of the architecture: of the newest known one that is not newer.
const GpuDescription& gpu_description(int capability);

// The JSON object that cuDNN takes in the place of a GPU.
std::string cudnn_device_json(const GpuDescription& gpu);

}  // namespace allconv
