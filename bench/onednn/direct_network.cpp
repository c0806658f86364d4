// The forward half, and the running of both.
#include "bench/onednn/direct_network.hpp"

#include <omp.h>

#include <algorithm>
#include <cstring>

#include "bench/onednn/convolution_shape.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;

memory filled(const memory::desc& desc, const dnnl::engine& engine, const float* values) {
  memory result(desc, engine);
  std::memcpy(result.get_data_handle(), values, desc.get_size());
  return result;
}

}  // namespace

DirectNetwork::DirectNetwork(const NetworkDescription& network, const Parameters& parameters,
                             const DirectOptions& options)
    : options_(options), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
  omp_set_num_threads(options.threads);
  add_layers(network);
  const Shape& shape = network.input;
  input_ =
      memory({{options.batch_size, shape.channels, shape.height, shape.width}, kFloat, Tag::nhwc},
             engine_);
  memory value = input_;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    add_convolution(layers_[i], parameters[i], value);
    value = layers_[i].pool ? add_max_pool(layers_[i]) : layers_[i].dst;
  }
  add_head(value);
  if (options.mode == PassMode::training) add_backward();
  execute(pack_);
  pack_.clear();
}

void DirectNetwork::add_layers(const NetworkDescription& network) {
  Shape shape = network.input;
  const std::vector<Shape> shapes = infer_shapes(network);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    try {
      add_layer(network.layers[i], shape);
    } catch (const Error& error) {
      throw Error(ErrorKind::usage, error.what(), layer_label(network, i));
    }
    shape = shapes[i];
  }
}

void DirectNetwork::add_layer(const Layer& layer, const Shape& src) {
  if (const auto* conv = std::get_if<Conv2dLayer>(&layer)) {
    DirectLayer direct;
    direct.problem = {.n = options_.batch_size,
                      .h = src.height,
                      .w = src.width,
                      .c = src.channels,
                      .k = conv->filters,
                      .r = conv->kernel[0],
                      .s = conv->kernel[1],
                      .stride_h = conv->stride[0],
                      .stride_w = conv->stride[1],
                      .pad = conv->padding};
    layers_.push_back(std::move(direct));
    return;
  }
  if (std::holds_alternative<GlobalAveragePoolLayer>(layer) ||
      std::holds_alternative<SoftmaxLayer>(layer)) {
    return;
  }
  const auto* pool = std::get_if<MaxPoolLayer>(&layer);
  const bool follows = !layers_.empty() && !layers_.back().pool;
  if (follows && std::holds_alternative<ReluLayer>(layer)) {
    layers_.back().problem.epilogue = kernels::Conv2dEpilogue::relu;
  } else if (follows && pool != nullptr && options_.mode == PassMode::inference) {
    layers_.back().pool = *pool;
  } else {
    throw Error(ErrorKind::usage, "the comparison does not have this layer here");
  }
}

void DirectNetwork::add_convolution(DirectLayer& layer, const LayerParameters& parameters,
                                    memory src) {
  const kernels::Conv2dProblem& problem = layer.problem;
  const ConvolutionShape shape = shape_of(problem);
  dnnl::primitive_attr attributes;
  if (problem.epilogue == kernels::Conv2dEpilogue::relu) {
    dnnl::post_ops post_ops;
    post_ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    attributes.set_post_ops(post_ops);
  }
  const bool training = options_.mode == PassMode::training;
  const dnnl::convolution_forward::desc desc(
      training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
      options_.algorithm, shape.src, shape.weights, shape.bias, shape.dst, shape.stride,
      shape.before, shape.after);
  layer.forward = {desc, attributes, engine_};
  layer.src = converted(src, layer.forward.src_desc(), forward_);
  const memory::desc plain({problem.k, problem.c, problem.r, problem.s}, kFloat, Tag::oihw);
  layer.weights = converted(filled(plain, engine_, parameters.weights.data()),
                            layer.forward.weights_desc(), pack_);
  layer.bias = filled(layer.forward.bias_desc(), engine_, parameters.bias.data());
  layer.dst = memory(layer.forward.dst_desc(), engine_);
  forward_.push_back({dnnl::convolution_forward(layer.forward),
                      {{DNNL_ARG_SRC, layer.src},
                       {DNNL_ARG_WEIGHTS, layer.weights},
                       {DNNL_ARG_BIAS, layer.bias},
                       {DNNL_ARG_DST, layer.dst}}});
}

// In the form of the convolution's output; its extent follows from window and paddings.
memory DirectNetwork::add_max_pool(const DirectLayer& layer) {
  const MaxPoolLayer& pool = *layer.pool;
  const kernels::Conv2dProblem& problem = layer.problem;
  const auto extent = [](int size, int window, int stride, int padding) {
    return memory::dim{(size + padding - window) / stride + 1};
  };
  const memory::dim rows =
      extent(problem.p(), pool.kernel[0], pool.stride[0], pool.padding.top + pool.padding.bottom);
  const memory::dim columns =
      extent(problem.q(), pool.kernel[1], pool.stride[1], pool.padding.left + pool.padding.right);
  const dnnl::pooling_forward::primitive_desc desc(
      {dnnl::prop_kind::forward_inference,
       dnnl::algorithm::pooling_max,
       layer.dst.get_desc(),
       {{problem.n, problem.k, rows, columns}, kFloat, Tag::any},
       {pool.stride[0], pool.stride[1]},
       {pool.kernel[0], pool.kernel[1]},
       {pool.padding.top, pool.padding.left},
       {pool.padding.bottom, pool.padding.right}},
      engine_);
  memory dst(desc.dst_desc(), engine_);
  forward_.push_back(
      {dnnl::pooling_forward(desc), {{DNNL_ARG_SRC, layer.dst}, {DNNL_ARG_DST, dst}}});
  return dst;
}

void DirectNetwork::add_head(const memory& src) {
  const kernels::Conv2dProblem& problem = layers_.back().problem;
  const memory::dims no_padding = {0, 0};
  const memory::dims src_extent = src.get_desc().dims();
  const memory::dims window = {src_extent[2], src_extent[3]};
  average_ = {{dnnl::prop_kind::forward_training,
               dnnl::algorithm::pooling_avg_exclude_padding,
               src.get_desc(),
               {{problem.n, problem.k, 1, 1}, kFloat, Tag::any},
               window,
               window,
               no_padding,
               no_padding},
              engine_};
  const memory averaged(average_.dst_desc(), engine_);
  forward_.push_back(
      {dnnl::pooling_forward(average_), {{DNNL_ARG_SRC, src}, {DNNL_ARG_DST, averaged}}});
  logits_ = converted(averaged, {{problem.n, problem.k, 1, 1}, kFloat, Tag::nchw}, forward_);
  const dnnl::softmax_forward::primitive_desc softmax(
      {dnnl::prop_kind::forward_inference, logits_.get_desc(), 1}, engine_);
  probabilities_ = memory(logits_.get_desc(), engine_);
  forward_.push_back(
      {dnnl::softmax_forward(softmax), {{DNNL_ARG_SRC, logits_}, {DNNL_ARG_DST, probabilities_}}});
}

memory DirectNetwork::converted(const memory& source, const memory::desc& wanted,
                                std::vector<Stage>& stages) {
  if (source.get_desc() == wanted) return source;
  memory result(wanted, engine_);
  stages.push_back(
      {dnnl::reorder(source, result), {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, result}}});
  return result;
}

void DirectNetwork::execute(const std::vector<Stage>& stages) {
  for (const Stage& stage : stages) stage.primitive.execute(stream_, stage.arguments);
  stream_.wait();
}

void DirectNetwork::set_batch(const std::vector<float>& input,
                              const std::vector<std::int32_t>& labels) {
  std::copy(input.begin(), input.end(), static_cast<float*>(input_.get_data_handle()));
  labels_ = labels;
}

void DirectNetwork::iterate() {
  omp_set_num_threads(options_.threads);
  execute(forward_);
  if (options_.mode != PassMode::training) return;
  write_loss_gradient();
  execute(backward_);
}

std::vector<float> DirectNetwork::logits() {
  const auto* values = static_cast<const float*>(logits_.get_data_handle());
  return {values, values + logits_.get_desc().get_size() / sizeof(float)};
}

Parameters DirectNetwork::gradients() {
  Parameters result;
  for (const DirectLayer& layer : layers_) {
    const kernels::Conv2dProblem& problem = layer.problem;
    std::vector<Stage> unpack;
    const memory plain = converted(
        layer.d_weights, {{problem.k, problem.c, problem.r, problem.s}, kFloat, Tag::oihw}, unpack);
    execute(unpack);
    const auto* weights = static_cast<const float*>(plain.get_data_handle());
    const auto* bias = static_cast<const float*>(layer.d_bias.get_data_handle());
    result.push_back({.name = {},
                      .extent = {problem.k, problem.c, problem.r, problem.s},
                      .weights = {weights, weights + problem.weights_size()},
                      .bias = {bias, bias + problem.k}});
  }
  return result;
}

}  // namespace allconv
