// Streams, events and launches of the runtime.
#include <utility>

#include "tests/simt/launch.hpp"
#include "tests/simt/runtime/device.hpp"

namespace allconv::simt {

namespace {

bool fits(const cudaLaunchConfig_t& config) {
  const dim3 blocks = config.gridDim;
  const dim3 threads = config.blockDim;
  const bool some = blocks.x > 0 && blocks.y > 0 && blocks.z > 0 && threads.x > 0 &&
                    threads.y > 0 && threads.z > 0;
  const bool grid = blocks.x <= 0x7FFFFFFF && blocks.y <= 65535 && blocks.z <= 65535;
  const bool block = threads.x <= 1024 && threads.y <= 1024 && threads.z <= 64 &&
                     threads.x * threads.y * threads.z <= kMaxBlockThreads;
  return some && grid && block;
}

std::size_t dynamic_limit(const Device& device, const void* kernel) {
  const auto asked = device.dynamic_limits.find(kernel);
  if (asked == device.dynamic_limits.end()) return kDefaultDynamicBytes;
  return static_cast<std::size_t>(asked->second);
}

}  // namespace

cudaError_t submit_launch(const cudaLaunchConfig_t& config, const void* kernel, Work body) {
  return answer([&](Device& device) {
    if (!fits(config)) return cudaErrorInvalidConfiguration;
    if (config.dynamicSmemBytes > dynamic_limit(device, kernel)) return cudaErrorInvalidValue;
    const Grid grid{.blocks = config.gridDim,
                    .threads = config.blockDim,
                    .dynamic_bytes = config.dynamicSmemBytes,
                    .kernel = kernel};
    return device.add(config.stream, [grid, body = std::move(body)] { run_grid(grid, body); });
  });
}

}  // namespace allconv::simt

using allconv::simt::answer;
using allconv::simt::Device;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return answer([&](Device& device) {
    *stream = device.create_stream(flags);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return cudaStreamCreateWithFlags(stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return answer([&](Device& device) { return device.destroy_stream(stream); });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return answer([&](Device& device) {
    CUstream_st* known = device.find_stream(stream);
    if (known == nullptr) return cudaErrorInvalidResourceHandle;
    if (known->capture) return device.refuse_in_capture();
    device.run_stream(*known);
    return cudaSuccess;
  });
}

// Asking moves the work on: a program may wait by asking.
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return answer([&](Device& device) {
    CUstream_st* known = device.find_stream(stream);
    if (known == nullptr) return cudaErrorInvalidResourceHandle;
    if (known->capture) return device.refuse_in_capture();
    if (known->tasks.empty()) return cudaSuccess;
    device.run_one();
    return known->tasks.empty() ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return answer([&](Device& device) {
    if (!device.events.contains(event)) return cudaErrorInvalidResourceHandle;
    return device.wait_for(stream, *event);
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return answer(
      [&](Device& device) { return device.add(stream, [function, data] { function(data); }); });
}

cudaError_t cudaDeviceSynchronize() {
  return answer([](Device& device) {
    if (device.is_capturing()) return device.refuse_in_capture();
    device.run_all();
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return answer([&](Device& device) {
    *event = *device.events.insert(new CUevent_st).first;
    (*event)->timed = (flags & cudaEventDisableTiming) == 0;
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return answer([&](Device& device) {
    if (device.events.erase(event) == 0) return cudaErrorInvalidResourceHandle;
    delete event;
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return answer([&](Device& device) {
    if (!device.events.contains(event)) return cudaErrorInvalidResourceHandle;
    return device.record(*event, stream);
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return answer([&](Device& device) {
    if (!device.events.contains(event)) return cudaErrorInvalidResourceHandle;
    if (event->capture) return cudaErrorCapturedEvent;
    if (event->task) device.run_task(*event->task);
    return cudaSuccess;
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return answer([&](Device& device) {
    if (!device.events.contains(event)) return cudaErrorInvalidResourceHandle;
    if (event->capture) return cudaErrorCapturedEvent;
    if (!event->task || event->task->done) return cudaSuccess;
    device.run_one();
    return event->task->done ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  return answer([&](Device& device) {
    if (!device.events.contains(start) || !device.events.contains(stop)) {
      return cudaErrorInvalidResourceHandle;
    }
    if (!start->task || !stop->task || !start->timed || !stop->timed) {
      return cudaErrorInvalidResourceHandle;
    }
    if (!start->task->done || !stop->task->done) return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(*stop->time - *start->time).count();
    return cudaSuccess;
  });
}
