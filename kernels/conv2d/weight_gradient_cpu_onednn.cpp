// conv2d_weight_gradient_cpu_onednn: gradient with respect to weights and bias, by oneDNN.
//
// Layout: NHWC activations; the gradient stays in oneDNN's own form until unpack_weights(), so that
// micro-batches add up without a conversion. All images of the problem in one primitive.
// Requires a problem for which oneDNN has better than reference loops.
// Bound by: FMA throughput, and L2 traffic of the gradient for small maps.
#include "kernels/conv2d/common_onednn.hpp"
#include "kernels/conv2d/onednn.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv::kernels {

namespace {

dnnl::convolution_backward_weights::primitive_desc describe(const Conv2dProblem& problem) {
  const dnnl::engine& engine = onednn::cpu_engine();
  const auto src = onednn::nhwc(problem.n, problem.h, problem.w, problem.c);
  const auto dst = onednn::nhwc(problem.n, problem.p(), problem.q(), problem.k);
  const auto weights = onednn::any_weights(problem);
  const auto bias = onednn::bias_desc(problem);
  const dnnl::memory::dims before = {problem.pad.top, problem.pad.left};
  const dnnl::memory::dims after = {
      onednn::after_padding(problem.h, problem.r, problem.stride_h, problem.pad.top, problem.p()),
      onednn::after_padding(problem.w, problem.s, problem.stride_w, problem.pad.left, problem.q())};
  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, src, weights, bias,
       dst, onednn::strides(problem), before, after},
      engine);
  const dnnl::convolution_backward_weights::desc desc(dnnl::algorithm::convolution_direct, src,
                                                      weights, bias, dst, onednn::strides(problem),
                                                      before, after);
  return {desc, onednn::scratchpad_by_caller(), engine, forward};
}

class WeightGradientOnednn final : public onednn::WithPackedWeights<Conv2dWeightGradient> {
 public:
  explicit WeightGradientOnednn(const Conv2dProblem& problem) : WithPackedWeights(problem) {
    const onednn::SingleThread single_thread;
    const dnnl::engine& engine = onednn::cpu_engine();
    const auto described = describe(problem);
    set_form(described.diff_weights_desc());
    scratchpad_bytes_ = align_up(described.scratchpad_desc().get_size());
    primitive_.emplace_back(engine, dnnl::convolution_backward_weights(described),
                            std::vector<std::pair<int, dnnl::memory::desc>>{
                                {DNNL_ARG_SRC, described.src_desc()},
                                {DNNL_ARG_DIFF_DST, described.diff_dst_desc()},
                                {DNNL_ARG_DIFF_WEIGHTS, weights_desc()},
                                {DNNL_ARG_DIFF_BIAS, described.diff_bias_desc()},
                                {DNNL_ARG_SCRATCHPAD, described.scratchpad_desc()}});
    add_weights_ = prepare_first_runnable<GradientSum>({.count = weights_floats(), .lanes = 2});
    add_bias_ = prepare_first_runnable<GradientSum>({.count = problem.k, .lanes = 2});
  }

  // oneDNN's scratchpad, then this call's gradient where it is to be added to another.
  std::size_t workspace_bytes() const override {
    return scratchpad_bytes_ + weights_bytes() + align_up(bias_bytes());
  }

  void run(const ExecutionContext& context, const Conv2dWeightGradient::Arguments& arguments,
           int /*part*/) const override {
    std::byte* own_weights = context.scratch.data() + scratchpad_bytes_;  // (k,c,r,s), packed
    std::byte* own_bias = own_weights + weights_bytes();                  // (k)
    const bool add = arguments.accumulate;
    const void* d_weights = add ? own_weights : arguments.d_weights;
    const void* d_bias = add ? own_bias : reinterpret_cast<std::byte*>(arguments.d_bias);
    {
      const onednn::SingleThread single_thread;
      primitive_.front().run(std::array<const void*, 5>{arguments.src, arguments.d_dst, d_weights,
                                                        d_bias, context.scratch.data()});
    }
    if (!add) return;
    add_lane(*add_weights_, reinterpret_cast<float*>(arguments.d_weights), own_weights);
    add_lane(*add_bias_, arguments.d_bias, own_bias);
  }

 private:
  std::size_t weights_bytes() const { return align_up(weights_desc().get_size()); }
  std::size_t bias_bytes() const { return sizeof(float) * static_cast<std::size_t>(problem().k); }
  std::int64_t weights_floats() const {
    return static_cast<std::int64_t>(weights_desc().get_size() / sizeof(float));
  }

  static void add_lane(const PreparedKernel<GradientSum>& add, float* total,
                       const std::byte* lane) {
    GradientSum::Arguments arguments{.lanes = {}, .dst = total};
    arguments.lanes[0] = total;
    arguments.lanes[1] = reinterpret_cast<const float*>(lane);
    add.run_all({}, arguments);
  }

  std::size_t scratchpad_bytes_ = 0;
  std::unique_ptr<const PreparedKernel<GradientSum>> add_weights_, add_bias_;
  mutable std::vector<onednn::BoundPrimitive> primitive_;  // exactly one
};

}  // namespace

Verdict conv2d_weight_gradient_accepts_onednn(const Conv2dProblem& problem) {
  return onednn::accepts_if_fast([&] { return describe(problem); });
}

std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_onednn(
    const Conv2dProblem& problem) {
  return std::make_unique<WeightGradientOnednn>(problem);
}

}  // namespace allconv::kernels
