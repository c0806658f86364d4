// Captures and graphs: tasks are recorded instead of queued, and replayed as one task of a stream.
#include <algorithm>

#include "tests/simt/runtime/device.hpp"

namespace allconv::simt {

namespace {

// Which nodes must be done before something that comes after `tail` may run.
std::vector<bool> ancestors(const std::vector<GraphNode>& nodes,
                            const std::vector<std::size_t>& tail) {
  std::vector<bool> found(nodes.size(), false);
  for (const std::size_t node : tail) found[node] = true;
  for (std::size_t node = nodes.size(); node-- > 0;) {
    if (!found[node]) continue;
    for (const std::size_t earlier : nodes[node].after) found[earlier] = true;
  }
  return found;
}

}  // namespace

bool Device::is_capturing() const {
  return std::any_of(streams_.begin(), streams_.end(), [](const auto& stream) {
    return stream->capture && stream->capture->mode != cudaStreamCaptureModeRelaxed;
  });
}

cudaError_t Device::refuse_in_capture() {
  for (const auto& stream : streams_) {
    if (stream->capture) stream->capture->valid = false;
  }
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t Device::begin_capture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  if (!settings().graphs) return cudaErrorNotSupported;
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream == &default_stream()) return cudaErrorStreamCaptureUnsupported;
  if (stream->capture) return cudaErrorIllegalState;
  stream->capture = std::make_shared<Capture>();
  stream->capture->origin = stream;
  stream->capture->mode = mode;
  stream->tail.clear();
  return cudaSuccess;
}

// Every stream that the capture spread to must have been waited for by its origin.
cudaError_t Device::end_capture(cudaStream_t handle, cudaGraph_t* graph) {
  CUstream_st* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (!stream->capture) return cudaErrorIllegalState;
  if (stream->capture->origin != stream) return cudaErrorStreamCaptureUnmatched;
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = stream->capture;
  const std::vector<bool> joined = ancestors(capture->nodes, stream->tail);
  bool unjoined = false;
  for (const auto& other : streams_) {
    if (other->capture != capture) continue;
    for (const std::size_t node : other->tail) unjoined |= !joined[node];
    other->capture = nullptr;
    other->tail.clear();
  }
  if (!capture->valid) return cudaErrorStreamCaptureInvalidated;
  if (unjoined) return cudaErrorStreamCaptureUnjoined;
  *graph = *graphs.insert(new CUgraph_st{.nodes = capture->nodes}).first;
  return cudaSuccess;
}

// In any order that the nodes allow.
void Device::run_graph(const std::vector<GraphNode>& nodes) {
  std::vector<bool> done(nodes.size(), false);
  for (std::size_t count = 0; count < nodes.size() && !has_faults(); ++count) {
    std::vector<std::size_t> ready;
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      const auto& after = nodes[node].after;
      const bool free = std::all_of(after.begin(), after.end(),
                                    [&done](std::size_t earlier) { return done[earlier]; });
      if (!done[node] && free) ready.push_back(node);
    }
    std::size_t next = ready.front();
    if (settings().order == WarpOrder::reverse_greedy) next = ready.back();
    if (settings().order == WarpOrder::random) {
      next = ready[random_.below(static_cast<std::uint32_t>(ready.size()))];
    }
    nodes[next].work();
    done[next] = true;
    check_guards();
  }
}

}  // namespace allconv::simt

using allconv::simt::answer;
using allconv::simt::Device;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return answer([&](Device& device) { return device.begin_capture(stream, mode); });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return answer([&](Device& device) { return device.end_capture(stream, graph); });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  return answer([&](Device& device) {
    CUstream_st* known = device.find_stream(stream);
    if (known == nullptr) return cudaErrorInvalidResourceHandle;
    *status = !known->capture         ? cudaStreamCaptureStatusNone
              : known->capture->valid ? cudaStreamCaptureStatusActive
                                      : cudaStreamCaptureStatusInvalidated;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  return answer([&](Device& device) {
    if (!device.graphs.contains(graph)) return cudaErrorInvalidValue;
    *exec = *device.graph_execs.insert(new CUgraphExec_st{.nodes = graph->nodes}).first;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  return answer([&](Device& device) {
    if (!device.graph_execs.contains(exec)) return cudaErrorInvalidValue;
    return device.add(stream, [&device, nodes = exec->nodes] { device.run_graph(nodes); });
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return answer([&](Device& device) {
    if (device.graphs.erase(graph) == 0) return cudaErrorInvalidValue;
    delete graph;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  return answer([&](Device& device) {
    if (device.graph_execs.erase(exec) == 0) return cudaErrorInvalidValue;
    delete exec;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return answer([&](Device& device) {
    if (!device.graphs.contains(graph) || nodes != nullptr) return cudaErrorInvalidValue;
    *count = graph->nodes.size();
    return cudaSuccess;
  });
}
