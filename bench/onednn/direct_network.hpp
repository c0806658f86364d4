// DirectNetwork: a chain of convolutions driven on oneDNN directly, as its documentation advises:
// formats of its own choice (`any`) for activations and weights, weights packed once, bias and ReLU
// fused behind the convolution, every primitive made ahead of time, its own OpenMP team.
//
// Training: forward, gradient of the mean cross-entropy, ReLU backward, gradients of data and
// weights in the forms in which oneDNN leaves them. No optimiser: its best case, since nothing has
// to be converted or packed anew.
#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/graph/parameters.hpp"
#include "kernels/conv2d/problem.hpp"

namespace allconv {

struct DirectOptions {
  PassMode mode = PassMode::inference;  // or training
  int batch_size = 1;
  int threads = 1;  // of the OpenMP team
  dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct;
};

// One layer: convolution with bias, and the ReLU and the pooling behind it where there are such.
struct DirectLayer {
  kernels::Conv2dProblem problem;
  dnnl::convolution_forward::primitive_desc forward;
  dnnl::memory src, weights, bias, dst;
  std::optional<MaxPoolLayer> pool;
  dnnl::memory d_weights, d_bias;  // training: as the weight gradient writes them
};

// Used by one thread at a time; sets the thread's OpenMP team size and leaves it so.
// Throws dnnl::error, or Error{usage} for a network that is not a chain of convolutions, ReLUs and
// (in inference) max-pooling under a global average.
class DirectNetwork {
 public:
  DirectNetwork(const NetworkDescription& network, const Parameters& parameters,
                const DirectOptions& options);

  // (batch,h,w,c) and (batch); copied.
  void set_batch(const std::vector<float>& input, const std::vector<std::int32_t>& labels);

  void iterate();

  std::vector<float> logits();  // (batch,classes) of the last iteration
  Parameters gradients();       // of the last iteration

 private:
  struct Stage {
    dnnl::primitive primitive;
    std::unordered_map<int, dnnl::memory> arguments;
  };

  void add_layers(const NetworkDescription& network);
  void add_layer(const Layer& layer, const Shape& src);
  void add_convolution(DirectLayer& layer, const LayerParameters& parameters, dnnl::memory src);
  dnnl::memory add_max_pool(const DirectLayer& layer);
  void add_head(const dnnl::memory& src);
  void add_backward();
  void add_weight_gradient(DirectLayer& layer, const dnnl::memory& d_dst);
  dnnl::memory add_data_gradient(DirectLayer& layer, const dnnl::memory& d_dst);
  dnnl::memory add_relu_backward(DirectLayer& layer, const dnnl::memory& d_dst);

  // `source` in the form wanted: itself, or a memory that a reorder among `stages` fills.
  dnnl::memory converted(const dnnl::memory& source, const dnnl::memory::desc& wanted,
                         std::vector<Stage>& stages);
  void execute(const std::vector<Stage>& stages);
  void write_loss_gradient();

  DirectOptions options_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<DirectLayer> layers_;
  std::vector<Stage> forward_, backward_, pack_;            // pack_: once, of weights
  dnnl::memory input_, logits_, probabilities_, d_logits_;  // plain forms
  dnnl::pooling_forward::primitive_desc average_;
  std::vector<std::int32_t> labels_;
};

}  // namespace allconv
