// The emulated device behind the runtime's functions: streams as queues of tasks, events, captured
// graphs, and memory with guards.
//
// Work is late: a task runs only when somebody waits for it or for something that it precedes, in
// an order among streams that the seed draws. So a copy reads its source when the stream gets
// there, and what no event orders comes in both orders sooner or later.
#pragma once

#include <cuda_runtime_api.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "tests/simt/guarded.hpp"
#include "tests/simt/machine.hpp"
#include "tests/simt/random.hpp"

namespace allconv::simt {

using Work = std::function<void()>;

// An item of a stream. It runs after the one before it, and after those of other streams named.
struct Task {
  Work work;
  std::vector<std::shared_ptr<const Task>> after;
  bool done = false;
};
using TaskPtr = std::shared_ptr<Task>;

// A recorded task; `after` are indices of earlier ones.
struct GraphNode {
  Work work;
  std::vector<std::size_t> after;
};

// What some streams record until the capture's end.
struct Capture {
  cudaStream_t origin = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::vector<GraphNode> nodes;
  bool valid = true;
};

}  // namespace allconv::simt

// The runtime's opaque types are ours to define.
struct CUstream_st {
  int number = 0;
  bool blocking = true;  // waits for the default stream, and is waited for by it
  std::deque<allconv::simt::TaskPtr> tasks;
  allconv::simt::TaskPtr last;  // added last, done or not
  // While it takes part in a capture: what its next node comes after.
  std::shared_ptr<allconv::simt::Capture> capture;
  std::vector<std::size_t> tail;
};

struct CUevent_st {
  allconv::simt::TaskPtr task;  // null before the first record
  std::shared_ptr<allconv::simt::Capture> capture;
  std::vector<std::size_t> tail;  // of the stream, where it was recorded in a capture
  bool timed = true;
  std::shared_ptr<std::chrono::steady_clock::time_point> time;
};

struct CUgraph_st {
  std::vector<allconv::simt::GraphNode> nodes;
};

struct CUgraphExec_st {
  std::vector<allconv::simt::GraphNode> nodes;
};

namespace allconv::simt {

// All of it is guarded by `mutex`, which every function of the runtime holds.
class Device {
 public:
  static Device& get();

  std::recursive_mutex mutex;

  // Streams. Null, and the legacy handle, are the default stream.
  CUstream_st* find_stream(cudaStream_t stream);  // null where there is none
  cudaStream_t create_stream(unsigned flags);
  cudaError_t destroy_stream(cudaStream_t stream);
  cudaError_t add(cudaStream_t stream, Work work);
  cudaError_t wait_for(cudaStream_t stream, const CUevent_st& event);
  cudaError_t record(CUevent_st& event, cudaStream_t stream);

  // Runs tasks until these are done.
  void run_stream(const CUstream_st& stream);
  void run_task(const Task& task);
  void run_all();
  // Runs one task, any that can; false where there is none.
  bool run_one();

  // Captures and graphs.
  cudaError_t begin_capture(cudaStream_t stream, cudaStreamCaptureMode mode);
  cudaError_t end_capture(cudaStream_t stream, cudaGraph_t* graph);
  bool is_capturing() const;
  // The answer to a call that no capture may hold; it spoils those under way.
  cudaError_t refuse_in_capture();
  void run_graph(const std::vector<GraphNode>& nodes);

  // Memory. `device` tells cudaMalloc's from cudaMallocHost's.
  cudaError_t allocate(void** address, std::size_t bytes, bool device);
  cudaError_t release(void* address, bool device);
  bool holds(const void* address, std::size_t bytes, bool device) const;
  std::size_t free_bytes() const { return settings().device_bytes - device_bytes_; }
  Holdings holdings() const;

  std::set<cudaEvent_t> events;
  std::set<cudaGraph_t> graphs;
  std::set<cudaGraphExec_t> graph_execs;
  std::map<const void*, int> dynamic_limits;  // of kernels that asked for more shared memory

 private:
  struct Allocation {
    GuardedBytes memory;
    bool device;
  };

  Device();
  bool can_run(const CUstream_st& stream) const;
  void run_head(CUstream_st& stream);
  void lock_memory(bool locked);
  void check_guards();
  void drop_all();
  CUstream_st& default_stream() { return *streams_.front(); }

  std::vector<std::unique_ptr<CUstream_st>> streams_;  // the first is the default stream
  int next_number_ = 0;
  std::map<const void*, Allocation> allocations_;
  std::size_t device_bytes_ = 0;
  Random random_{0};
};

// Frames a function of the runtime: the lock, faults that came before or now, and the last error.
template <class Call>
cudaError_t answer(Call&& call);

// The calling thread's last error.
cudaError_t& last_error();

template <class Call>
cudaError_t answer(Call&& call) {
  const std::lock_guard lock(Device::get().mutex);
  cudaError_t error = has_faults() ? cudaErrorLaunchFailure : call(Device::get());
  if (has_faults()) error = cudaErrorLaunchFailure;
  if (error != cudaSuccess && error != cudaErrorNotReady) last_error() = error;
  return error;
}

}  // namespace allconv::simt
