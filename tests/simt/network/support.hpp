// What the tests of whole networks on a GPU share. Their GPU is an emulated one or, in
// device_tests, a real one.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/execute/cuda_factory.hpp"
#include "engine/runtime/gpu.hpp"
#include "tests/execute/support.hpp"
#include "tests/simt/machine.hpp"

namespace allconv {

inline constexpr int kClasses = 10;

inline NetworkDescription all_cnn() { return make_network("all-cnn-c", {}, kClasses); }

// The All-CNN-C of 16 channels, on small pictures.
inline NetworkDescription narrow_all_cnn() {
  NetworkDescription network = all_cnn();
  network.input = {3, 16, 16};
  for (Layer& layer : network.layers) {
    if (auto* conv = std::get_if<Conv2dLayer>(&layer); conv != nullptr && conv->filters > 10) {
      conv->filters = 16;
    }
  }
  return network;
}

// Planned for the GPU that is there.
inline PlanOptions on_gpu(kernels::Precision precision) {
  PlanOptions options;
  const GpuSearch search = find_gpu(0);
  EXPECT_TRUE(search.gpu.has_value()) << search.why_not;
  options.gpu = GpuTarget{.capability = search.gpu ? search.gpu->capability : kLeastCapability,
                          .precision = precision};
  return options;
}

inline void expect_no_faults() { EXPECT_EQ(simt::take_faults(), std::vector<std::string>{}); }

// What one batch writes.
struct Answer {
  Floats logits, probabilities, input_gradient;

  Answer(const NetworkDescription& network, int images)
      : logits(static_cast<std::size_t>(images * kClasses)),
        probabilities(logits.size()),
        input_gradient(static_cast<std::size_t>(images * network.input.size())) {}

  void receive(Batch& batch, bool explain) {
    batch.moves = nullptr;  // a GPU moves images in training only
    batch.logits = logits.data();
    batch.probabilities = probabilities.data();
    if (explain) batch.input_gradient = input_gradient.data();
  }
};

inline Answer answer_of(NetworkExecutor& executor, const NetworkDescription& network, Batch batch,
                        bool explain = false) {
  Answer answer(network, batch.images);
  answer.receive(batch, explain);
  executor.load(random_parameters(network));
  executor.run(batch);
  return answer;
}

// Whether the executors made in this scope may record graphs of launches.
class WithGraphs {
 public:
  explicit WithGraphs(bool graphs) : before_(simt::settings()) {
    simt::Settings changed = before_;
    changed.graphs = graphs;
    simt::configure(changed);
  }
  ~WithGraphs() { simt::configure(before_); }
  WithGraphs(const WithGraphs&) = delete;
  WithGraphs& operator=(const WithGraphs&) = delete;

 private:
  simt::Settings before_;
};

}  // namespace allconv
