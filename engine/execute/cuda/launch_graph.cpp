#include "engine/execute/cuda/launch_graph.hpp"

#include <utility>

namespace allconv {

namespace {

// Whether the answer means that this runtime has no graphs; the answer is then forgotten.
bool has_no_graphs(cudaError_t answer) {
  if (answer != cudaErrorNotSupported) return false;
  static_cast<void>(cudaGetLastError());
  return true;
}

// Null where the runtime has no graphs.
cuda::GraphExec record(const std::function<void(cudaStream_t)>& enqueue, cudaStream_t stream) {
  const cudaError_t begun = cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
  if (has_no_graphs(begun)) return {};
  cuda::check(begun, "recording launches");
  cudaGraph_t recorded = nullptr;
  try {
    enqueue(stream);
  } catch (...) {
    // Leaves the stream usable.
    static_cast<void>(cudaStreamEndCapture(stream, &recorded));
    const cuda::Graph dropped(recorded);
    throw;
  }
  const cudaError_t ended = cudaStreamEndCapture(stream, &recorded);
  const cuda::Graph graph(recorded);
  if (has_no_graphs(ended)) return {};
  cuda::check(ended, "recording launches");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t made = cudaGraphInstantiate(&executable, graph.get(), 0);
  if (has_no_graphs(made)) return {};
  cuda::check(made, "making a graph of launches");
  return cuda::GraphExec(executable);
}

}  // namespace

LaunchGraph::LaunchGraph(std::function<void(cudaStream_t)> enqueue, cudaStream_t stream)
    : enqueue_(std::move(enqueue)), graph_(record(enqueue_, stream)) {}

void LaunchGraph::replay(cudaStream_t stream) const {
  if (!recorded()) return enqueue_(stream);
  cuda::check(cudaGraphLaunch(graph_.get(), stream), "launching a graph");
}

}  // namespace allconv
