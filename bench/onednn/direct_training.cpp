// The backward half of DirectNetwork.
#include "bench/onednn/convolution_shape.hpp"
#include "bench/onednn/direct_network.hpp"

namespace allconv {

namespace {

using dnnl::memory;

float* floats(const memory& of) { return static_cast<float*>(of.get_data_handle()); }

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
}

memory DirectNetwork::add_data_gradient(DirectLayer& layer, const memory& d_dst) {
  const ConvolutionShape shape = shape_of(layer.problem);
  const dnnl::convolution_backward_data::primitive_desc described(
      {options_.algorithm, shape.src, shape.weights, shape.dst, shape.stride, shape.before,
       shape.after},
      engine_, layer.forward);
  const memory weights = converted(layer.weights, described.weights_desc(), pack_);
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

}  // namespace allconv
