#include "tests/simt/runtime/device.hpp"

#include <algorithm>

#include "tests/simt/text.hpp"

namespace allconv::simt {

Device::Device() { create_stream(cudaStreamDefault); }

Device& Device::get() {
  static Device device;
  return device;
}

cudaError_t& last_error() {
  static thread_local cudaError_t error = cudaSuccess;
  return error;
}

CUstream_st* Device::find_stream(cudaStream_t stream) {
  if (stream == nullptr || stream == cudaStreamLegacy) return &default_stream();
  for (const auto& known : streams_) {
    if (known.get() == stream) return known.get();
  }
  return nullptr;
}

cudaStream_t Device::create_stream(unsigned flags) {
  auto stream = std::make_unique<CUstream_st>();
  stream->number = next_number_++;
  stream->blocking = (flags & cudaStreamNonBlocking) == 0;
  streams_.push_back(std::move(stream));
  return streams_.back().get();
}

// The device may still be busy with it: its tasks are run here.
cudaError_t Device::destroy_stream(cudaStream_t stream) {
  const auto known = std::find_if(streams_.begin() + 1, streams_.end(),
                                  [stream](const auto& other) { return other.get() == stream; });
  if (known == streams_.end()) return cudaErrorInvalidResourceHandle;
  if ((*known)->capture) return refuse_in_capture();
  run_stream(**known);
  streams_.erase(known);
  return cudaSuccess;
}

cudaError_t Device::add(cudaStream_t handle, Work work) {
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream->capture) {
    Capture& capture = *stream->capture;
    capture.nodes.push_back({.work = std::move(work), .after = stream->tail});
    stream->tail = {capture.nodes.size() - 1};
    return cudaSuccess;
  }
  auto task = std::make_shared<Task>();
  task->work = std::move(work);
  if (stream == &default_stream()) {
    for (const auto& other : streams_) {
      if (other->capture && other->blocking) return cudaErrorStreamCaptureImplicit;
      if (other->blocking && other.get() != stream && other->last) {
        task->after.push_back(other->last);
      }
    }
  } else if (stream->blocking && default_stream().last) {
    task->after.push_back(default_stream().last);
  }
  stream->tasks.push_back(task);
  stream->last = task;
  return cudaSuccess;
}

cudaError_t Device::record(CUevent_st& event, cudaStream_t handle) {
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream->capture) {
    event.capture = stream->capture;
    event.tail = stream->tail;
    event.task = nullptr;
    return cudaSuccess;
  }
  event.capture = nullptr;
  event.time = std::make_shared<std::chrono::steady_clock::time_point>();
  const cudaError_t error =
      add(handle, [time = event.time] { *time = std::chrono::steady_clock::now(); });
  if (error == cudaSuccess) event.task = stream->last;
  return error;
}

cudaError_t Device::wait_for(cudaStream_t handle, const CUevent_st& event) {
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (event.capture) {
    if (stream->capture && stream->capture != event.capture) return cudaErrorStreamCaptureMerge;
    stream->capture = event.capture;
    stream->tail.insert(stream->tail.end(), event.tail.begin(), event.tail.end());
    return cudaSuccess;
  }
  if (stream->capture) {
    return event.task ? cudaErrorStreamCaptureIsolation : cudaSuccess;
  }
  if (!event.task || event.task->done) return cudaSuccess;
  const cudaError_t error = add(handle, [] {});
  if (error == cudaSuccess) stream->last->after.push_back(event.task);
  return error;
}

bool Device::can_run(const CUstream_st& stream) const {
  if (stream.tasks.empty()) return false;
  const auto& after = stream.tasks.front()->after;
  return std::all_of(after.begin(), after.end(), [](const auto& task) { return task->done; });
}

bool Device::run_one() {
  std::vector<CUstream_st*> ready;
  for (const auto& stream : streams_) {
    if (can_run(*stream)) ready.push_back(stream.get());
  }
  if (ready.empty()) return false;
  switch (settings().order) {
    case WarpOrder::random:
      run_head(*ready[random_.below(static_cast<std::uint32_t>(ready.size()))]);
      break;
    case WarpOrder::greedy: run_head(*ready.front()); break;
    case WarpOrder::reverse_greedy: run_head(*ready.back()); break;
  }
  return true;
}

void Device::run_head(CUstream_st& stream) {
  const TaskPtr task = stream.tasks.front();
  stream.tasks.pop_front();
  lock_memory(false);
  task->work();
  task->done = true;
  task->work = nullptr;
  task->after.clear();
  check_guards();
  lock_memory(true);
  if (has_faults()) drop_all();
}

// After a fault nothing that was asked for before it runs any more.
void Device::drop_all() {
  for (const auto& stream : streams_) {
    for (const TaskPtr& task : stream->tasks) task->done = true;
    stream->tasks.clear();
  }
}

void Device::run_task(const Task& task) {
  while (!task.done && run_one()) {
  }
}

void Device::run_stream(const CUstream_st& stream) {
  if (stream.last) run_task(*TaskPtr(stream.last));
}

void Device::run_all() {
  while (run_one()) {
  }
}

cudaError_t Device::allocate(void** address, std::size_t bytes, bool device) {
  if (address == nullptr) return cudaErrorInvalidValue;
  *address = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (device && bytes > free_bytes()) return cudaErrorMemoryAllocation;
  Allocation allocation{.memory = GuardedBytes(bytes), .device = device};
  allocation.memory.lock(device);
  *address = allocation.memory.data();
  allocations_.emplace(*address, std::move(allocation));
  if (device) device_bytes_ += bytes;
  return cudaSuccess;
}

// Waits for the device first, as the runtime does in effect.
cudaError_t Device::release(void* address, bool device) {
  if (address == nullptr) return cudaSuccess;
  const auto known = allocations_.find(address);
  if (known == allocations_.end() || known->second.device != device) return cudaErrorInvalidValue;
  run_all();
  if (device) device_bytes_ -= known->second.memory.size();
  allocations_.erase(known);
  return cudaSuccess;
}

bool Device::holds(const void* address, std::size_t bytes, bool device) const {
  auto next = allocations_.upper_bound(address);
  if (next == allocations_.begin()) return false;
  const Allocation& allocation = std::prev(next)->second;
  return allocation.device == device && allocation.memory.contains(address, bytes);
}

// Device memory can be touched only while a task runs: the host's own code must not.
void Device::lock_memory(bool locked) {
  for (const auto& [address, allocation] : allocations_) {
    if (allocation.device) allocation.memory.lock(locked);
  }
}

void Device::check_guards() {
  for (auto& [address, allocation] : allocations_) {
    if (const auto offset = allocation.memory.damage()) {
      record_fault(cat("wrote outside of an allocation of ", allocation.memory.size(),
                       " bytes, at byte ", *offset));
      allocation.memory.mend();
    }
  }
}

Holdings Device::holdings() const {
  Holdings holdings{.streams = streams_.size() - 1,
                    .events = events.size(),
                    .graphs = graphs.size() + graph_execs.size()};
  for (const auto& [address, allocation] : allocations_) {
    ++(allocation.device ? holdings.device_allocations : holdings.host_allocations);
  }
  return holdings;
}

Holdings holdings() {
  const std::lock_guard lock(Device::get().mutex);
  return Device::get().holdings();
}

}  // namespace allconv::simt
