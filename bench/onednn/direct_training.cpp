// The backward half of DirectNetwork, and its optimiser.
#include <omp.h>

#include <algorithm>
#include <cstring>

#include "bench/onednn/convolution_shape.hpp"
#include "bench/onednn/direct_network.hpp"

namespace allconv {

namespace {

using dnnl::memory;

float* floats(const memory& of) { return static_cast<float*>(of.get_data_handle()); }

std::int64_t float_count(const memory& of) {
  return static_cast<std::int64_t>(of.get_desc().get_size() / sizeof(float));
}

memory zeros(const memory::desc& desc, const dnnl::engine& engine) {
  memory result(desc, engine);
  std::memset(result.get_data_handle(), 0, desc.get_size());
  return result;
}

struct Update {
  float* weights;
  float* velocity;
  const float* gradient;
  float rate, momentum, decay;
};

// Elements [first, last) of one tensor.
#if defined(__x86_64__)
[[gnu::target_clones("avx512f", "avx2", "default")]]
#endif
void update(const Update& tensor, std::int64_t first, std::int64_t last) {
  float* __restrict weights = tensor.weights;
  float* __restrict velocity = tensor.velocity;
  const float* __restrict gradient = tensor.gradient;
  const float rate = tensor.rate, momentum = tensor.momentum, decay = tensor.decay;
  for (std::int64_t i = first; i < last; ++i) {
    velocity[i] = momentum * velocity[i] + gradient[i] + decay * weights[i];
    weights[i] -= rate * velocity[i];
  }
}

void update_in_parallel(const Update& tensor, std::int64_t count) {
  constexpr std::int64_t kChunk = 16384;
#pragma omp parallel for schedule(static)
  for (std::int64_t first = 0; first < count; first += kChunk) {
    update(tensor, first, std::min(count, first + kChunk));
  }
}

}  // namespace

void DirectNetwork::add_backward() {
  d_logits_ = memory(logits_.get_desc(), engine_);
  const kernels::Conv2dProblem& last = layers_.back().problem;
  const memory::dims window = {last.p(), last.q()};
  const dnnl::pooling_backward::primitive_desc average(
      {dnnl::algorithm::pooling_avg_exclude_padding,
       layers_.back().dst.get_desc(),
       average_.dst_desc(),
       window,
       window,
       {0, 0},
       {0, 0}},
      engine_, average_);
  const memory d_average = converted(d_logits_, average.diff_dst_desc(), backward_);
  memory signal(average.diff_src_desc(), engine_);
  backward_.push_back({dnnl::pooling_backward(average),
                       {{DNNL_ARG_DIFF_DST, d_average}, {DNNL_ARG_DIFF_SRC, signal}}});
  for (std::size_t i = layers_.size(); i-- > 0;) {
    DirectLayer& layer = layers_[i];
    if (layer.problem.epilogue == kernels::Conv2dEpilogue::relu) {
      signal = add_relu_backward(layer, signal);
    }
    add_weight_gradient(layer, signal);
    if (i > 0) signal = add_data_gradient(layer, signal);
  }
}

// In place, and in the form of the forward output, which is read beside it.
memory DirectNetwork::add_relu_backward(DirectLayer& layer, const memory& d_dst) {
  const memory::desc form = layer.dst.get_desc();
  memory signal = converted(d_dst, form, backward_);
  const dnnl::eltwise_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, dnnl::algorithm::eltwise_relu_use_dst_for_bwd, form,
       0.0F},
      engine_);
  const dnnl::eltwise_backward::primitive_desc backward(
      {dnnl::algorithm::eltwise_relu_use_dst_for_bwd, form, form, 0.0F}, engine_, forward);
  backward_.push_back(
      {dnnl::eltwise_backward(backward),
       {{DNNL_ARG_DST, layer.dst}, {DNNL_ARG_DIFF_DST, signal}, {DNNL_ARG_DIFF_SRC, signal}}});
  return signal;
}

void DirectNetwork::add_weight_gradient(DirectLayer& layer, const memory& d_dst) {
  const ConvolutionShape shape = shape_of(layer.problem);
  const dnnl::convolution_backward_weights::primitive_desc described(
      {options_.algorithm, shape.src, shape.weights, shape.bias, shape.dst, shape.stride,
       shape.before, shape.after},
      engine_, layer.forward);
  layer.d_weights = memory(described.diff_weights_desc(), engine_);
  layer.d_bias = memory(described.diff_bias_desc(), engine_);
  backward_.push_back({dnnl::convolution_backward_weights(described),
                       {{DNNL_ARG_SRC, converted(layer.src, described.src_desc(), backward_)},
                        {DNNL_ARG_DIFF_DST, converted(d_dst, described.diff_dst_desc(), backward_)},
                        {DNNL_ARG_DIFF_WEIGHTS, layer.d_weights},
                        {DNNL_ARG_DIFF_BIAS, layer.d_bias}}});
  layer.gradient = converted(layer.d_weights, layer.weights.get_desc(), backward_);
  layer.velocity = zeros(layer.weights.get_desc(), engine_);
  layer.bias_velocity = zeros(layer.bias.get_desc(), engine_);
}

memory DirectNetwork::add_data_gradient(DirectLayer& layer, const memory& d_dst) {
  const ConvolutionShape shape = shape_of(layer.problem);
  const dnnl::convolution_backward_data::primitive_desc described(
      {options_.algorithm, shape.src, shape.weights, shape.dst, shape.stride, shape.before,
       shape.after},
      engine_, layer.forward);
  const memory weights = converted(layer.weights, described.weights_desc(), repack_);
  memory d_src(described.diff_src_desc(), engine_);
  backward_.push_back({dnnl::convolution_backward_data(described),
                       {{DNNL_ARG_DIFF_DST, converted(d_dst, described.diff_dst_desc(), backward_)},
                        {DNNL_ARG_WEIGHTS, weights},
                        {DNNL_ARG_DIFF_SRC, d_src}}});
  return d_src;
}

void DirectNetwork::write_loss_gradient() {
  const auto classes = static_cast<std::int64_t>(layers_.back().problem.k);
  const float scale = 1.0F / static_cast<float>(options_.batch_size);
  const float* probabilities = floats(probabilities_);
  float* d_logits = floats(d_logits_);
  for (std::int64_t i = 0; i < options_.batch_size; ++i) {
    const std::int64_t label = labels_[static_cast<std::size_t>(i)];
    for (std::int64_t k = 0; k < classes; ++k) {
      const float target = k == label ? 1.0F : 0.0F;
      d_logits[i * classes + k] = (probabilities[i * classes + k] - target) * scale;
    }
  }
}

void DirectNetwork::step() {
  Update tensor{.weights = nullptr,
                .velocity = nullptr,
                .gradient = nullptr,
                .rate = static_cast<float>(options_.sgd.rate),
                .momentum = static_cast<float>(options_.sgd.momentum),
                .decay = 0};
  for (const DirectLayer& layer : layers_) {
    tensor.decay = static_cast<float>(options_.sgd.weight_decay);
    tensor.weights = floats(layer.weights);
    tensor.velocity = floats(layer.velocity);
    tensor.gradient = floats(layer.gradient);
    update_in_parallel(tensor, float_count(layer.weights));
    tensor.decay = 0;  // biases are not decayed
    tensor.weights = floats(layer.bias);
    tensor.velocity = floats(layer.bias_velocity);
    tensor.gradient = floats(layer.d_bias);
    update(tensor, 0, float_count(layer.bias));
  }
}

}  // namespace allconv
