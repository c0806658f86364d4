// TuningTrial: the candidates for one convolution run on a GPU, between two events. Activations are
// warm in the GPU's cache, as those that the step before has just written.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan/cuda/candidates.hpp"
#include "engine/plan/pick_fastest.hpp"
#include "engine/runtime/cuda/event_timer.hpp"
#include "engine/runtime/cuda/resources.hpp"
#include "engine/support/error.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv {

// The tensors of one convolution, whichever way it is computed, in device memory: numbers of +-0.5
// to 1, so that sums stay finite in 16 bits, and that no multiplication is saved.
class TrialTensors {
 public:
  // Fills them by work on the stream, and waits for it. `mask`: signs are one bit each.
  TrialTensors(const kernels::Conv2dProblem& problem, kernels::Precision precision, bool mask,
               cudaStream_t stream);

  kernels::CudaParameters parameters() const {
    return {.weights = weights_.as<float>(), .bias = bias_.as<float>()};
  }

  void bind(kernels::Conv2dForward::DeviceArguments& arguments) const;
  void bind(kernels::Conv2dPixelsForward::DeviceArguments& arguments) const;
  void bind(kernels::Conv2dDataGradient::DeviceArguments& arguments) const;
  void bind(kernels::Conv2dWeightGradient::DeviceArguments& arguments) const;

 private:
  bool mask_;
  cuda::DeviceMemory src_, dst_;  // (n,h,w,c), (n,p,q,k)
  cuda::DeviceMemory signs_;      // of src or dst, as a mask or as values, for either direction
  cuda::DeviceMemory weights_, bias_;
};

// What all trials share.
struct TrialMachine {
  cudaStream_t stream = nullptr;
  const kernels::LibraryHandles* libraries = nullptr;
  std::function<void()> before_timing;  // may throw, which ends the tuning
};

template <class Operation>
class TuningTrial final : public Stopwatch {
 public:
  using Candidate = CudaCandidate<Operation>;

  // All are borrowed.
  TuningTrial(const std::vector<Candidate>& candidates, const TrialTensors& tensors,
              const TrialMachine& machine)
      : candidates_(candidates), tensors_(tensors), machine_(machine), packed_(candidates.size()) {}

  double time(std::size_t index, int runs) override {
    machine_.before_timing();
    const std::string label = label_of(candidates_[index]);
    try {
      return time(index, runs, label);
    } catch (const Error& error) {
      // Where the GPU itself is lost, no other candidate can run either.
      if (cudaStreamSynchronize(machine_.stream) != cudaSuccess) throw;
      throw CandidateFailed(error.what());
    } catch (const kernels::LibraryError& error) {
      throw CandidateFailed(label + ": " + error.what());
    }
  }

 private:
  static std::string label_of(const Candidate& candidate) {
    std::string label(candidate.row);
    if (candidate.way) label += " (" + candidate.way->label + ")";
    return label;
  }

  double time(std::size_t index, int runs, const std::string& label) {
    const auto& kernel = *candidates_[index].kernel;
    make_room(kernel.workspace_bytes());
    typename Operation::DeviceArguments arguments{};
    tensors_.bind(arguments);
    if constexpr (requires { arguments.weights; }) arguments.weights = packed(index, label);
    const auto run_all = [&](cudaStream_t stream) {
      const kernels::CudaContext context{
          .stream = stream, .scratch = scratch_.data(), .libraries = machine_.libraries};
      for (int run = 0; run < runs; ++run) cuda::check(kernel.run(context, arguments), label);
    };
    return timer_.seconds(machine_.stream, run_all, label);
  }

  void make_room(std::size_t bytes) {
    if (scratch_.size() >= bytes) return;
    scratch_ = {};
    scratch_ = cuda::DeviceMemory(bytes);
  }

  // The candidate's form of the weights, made once.
  const std::byte* packed(std::size_t index, const std::string& label) {
    const auto& kernel = *candidates_[index].kernel;
    cuda::DeviceMemory& packed = packed_[index];
    if (packed.size() == kernel.packed_weights_bytes()) return packed.data();
    packed = cuda::DeviceMemory(kernel.packed_weights_bytes());
    cuda::check(kernel.pack_weights(machine_.stream, tensors_.parameters(), packed.data()), label);
    return packed.data();
  }

  const std::vector<Candidate>& candidates_;
  const TrialTensors& tensors_;
  const TrialMachine& machine_;
  std::vector<cuda::DeviceMemory> packed_;  // by candidate
  cuda::DeviceMemory scratch_;              // of all, one after another
  cuda::EventTimer timer_;
};

}  // namespace allconv
