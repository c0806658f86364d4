// Whole networks: images per second of one mode, and where the time goes layer by layer.
//
// An iteration is, in inference: prepared floats in memory to probabilities; in training: forward,
// backward, SGD and the weights transformed anew; in explanation: guided backpropagation of the
// predicted class down to the input. No decoding, no augmentation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/timing.hpp"
#include "engine/graph/graph.hpp"
#include "engine/graph/parameters.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

// Of training iterations: small enough that weights stay finite however often a batch is repeated.
inline constexpr double kBenchLearningRate = 1e-4;

struct NetworkBenchOptions {
  PassMode mode = PassMode::inference;
  int batch_size = 128;
  int warmup = 3;
  int iterations = 20;
  PlanOptions plan = {};
  std::string device = device_text();  // in results
  Cancelled cancelled = nullptr;       // asked before each iteration
};

// One step of the plan, over the whole batch on one thread.
struct StepTime {
  std::string layer;
  std::string kernel;
  double milliseconds = 0;  // median
  double gflops = 0;        // of the images asked for: a frame that is not full counts as such
};

struct NetworkBenchResult {
  std::string network;
  PassMode mode = PassMode::inference;
  std::string device;
  std::string precision;
  int threads = 1;
  int batch_size = 1;
  Timing iteration;  // seconds
  std::vector<StepTime> steps;

  // The rate that a share of the iterations stays below.
  double images_per_second(double share) const {
    return batch_size / iteration.quantile(1 - share);
  }
};

// One network, its parameters and a batch of random images, ready to be run again and again.
// The pool must outlive it. Throws Error as make_plan() does.
class NetworkRun {
 public:
  NetworkRun(const NetworkDescription& network, const Parameters& parameters,
             const NetworkBenchOptions& options, ThreadPool& pool);
  ~NetworkRun();
  NetworkRun(const NetworkRun&) = delete;
  NetworkRun& operator=(const NetworkRun&) = delete;

  void iterate();
  std::vector<StepTime> time_steps(int passes, Cancelled cancelled = nullptr);

  const std::vector<float>& input() const;           // (batch,h,w,c)
  const std::vector<std::int32_t>& labels() const;   // (batch)
  const std::vector<float>& logits() const;          // (batch,classes) of the last iteration
  const Parameters& gradients() const;               // training: of the last iteration
  const std::vector<float>& input_gradient() const;  // explain: (batch,h,w,c) of the last iteration

 private:
  struct State;
  std::unique_ptr<State> state_;
};

NetworkBenchResult bench_network(const NetworkDescription& network, const Parameters& parameters,
                                 const NetworkBenchOptions& options, ThreadPool& pool);

std::string_view to_string(PassMode mode);

// The contract's JSON object, and a table for people; both end with a newline.
std::string to_json(const NetworkBenchResult& result);
std::string to_text(const NetworkBenchResult& result);

}  // namespace allconv
