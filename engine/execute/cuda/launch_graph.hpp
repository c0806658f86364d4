// LaunchGraph: launches that are enqueued once and replayed with one call.
#pragma once

#include <functional>
#include <string_view>

#include "engine/runtime/cuda/resources.hpp"

namespace allconv {

// What to tell a user where recorded() is false.
inline constexpr std::string_view kNoGraphsNote =
    "the CUDA runtime has no graphs: every launch goes out singly";

class LaunchGraph {
 public:
  // Records what `enqueue` puts on the stream, without running it. Where the runtime has no graphs
  // (cudaErrorNotSupported), every replay enqueues anew.
  LaunchGraph(std::function<void(cudaStream_t)> enqueue, cudaStream_t stream);

  void replay(cudaStream_t stream) const;

  bool recorded() const { return graph_.get() != nullptr; }

 private:
  std::function<void(cudaStream_t)> enqueue_;
  cuda::GraphExec graph_;  // null: none
};

}  // namespace allconv
