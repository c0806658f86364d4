// conv2d_forward_cpu_onednn: convolution + bias, with ReLU or leaky ReLU fused, by oneDNN.
//
// Layout: NHWC in and out, weights in oneDNN's packed form, made once by pack_weights().
// Tiles: one image at a time in up to four row blocks, each a primitive with its own padding.
// Requires a problem for which oneDNN has better than reference loops.
// Bound by: FMA throughput; 230 to 300 GFLOP/s a core on Zen 5, see docs/performance.md.
#include "kernels/conv2d/common_onednn.hpp"
#include "kernels/conv2d/onednn.hpp"

namespace allconv::kernels {

namespace {

// The part of one image's problem that computes output rows [first, last).
struct ForwardBlock {
  Conv2dProblem problem;  // h and the vertical padding are the block's own
  int first_src_row = 0;
  int first_dst_row = 0;
};

ForwardBlock forward_block(const Conv2dProblem& problem, Interval rows) {
  const int first = rows.first * problem.stride_h - problem.pad.top;
  const int last = (rows.last - 1) * problem.stride_h - problem.pad.top + problem.r;
  ForwardBlock block{
      .problem = problem, .first_src_row = std::max(0, first), .first_dst_row = rows.first};
  block.problem.n = 1;
  block.problem.pad.top = std::max(0, -first);
  block.problem.pad.bottom = std::max(0, last - problem.h);
  block.problem.h = std::min(last, problem.h) - block.first_src_row;
  return block;
}

// One image in `count` blocks of rows; empty where a block would see nothing but padding.
std::vector<ForwardBlock> forward_blocks(const Conv2dProblem& problem, int count) {
  std::vector<ForwardBlock> blocks;
  for (int block = 0; block < count; ++block) {
    blocks.push_back(forward_block(problem, share_of(problem.p(), count, block)));
    if (blocks.back().problem.h <= 0) return {};
  }
  return blocks;
}

dnnl::convolution_forward::primitive_desc describe(const Conv2dProblem& problem,
                                                   const dnnl::memory::desc& weights) {
  dnnl::primitive_attr attributes = onednn::scratchpad_by_caller();
  if (problem.epilogue == Conv2dEpilogue::relu) {
    dnnl::post_ops post_ops;
    post_ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, problem.slope, 0.0F);
    attributes.set_post_ops(post_ops);
  }
  const int bottom =
      onednn::after_padding(problem.h, problem.r, problem.stride_h, problem.pad.top, problem.p());
  const int right =
      onednn::after_padding(problem.w, problem.s, problem.stride_w, problem.pad.left, problem.q());
  const dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
      onednn::nhwc(1, problem.h, problem.w, problem.c), weights, onednn::bias_desc(problem),
      onednn::nhwc(1, problem.p(), problem.q(), problem.k), onednn::strides(problem),
      {problem.pad.top, problem.pad.left}, {bottom, right});
  return {desc, attributes, onednn::cpu_engine()};
}

class ForwardOnednn final : public onednn::WithPackedWeights<Conv2dForward> {
 public:
  explicit ForwardOnednn(const Conv2dProblem& problem) : WithPackedWeights(problem) {
    const onednn::SingleThread single_thread;
    const dnnl::engine& engine = onednn::cpu_engine();
    const auto of_block = [](const ForwardBlock& block, const dnnl::memory::desc& weights) {
      return describe(block.problem, weights);
    };
    // The whole image is the last attempt: accepts() has seen it to be fast.
    for (int count = onednn::row_blocks(problem, problem.p()); descriptors_.empty() && count > 0;
         --count) {
      block_ = forward_blocks(problem, count);
      descriptors_ = onednn::describe_alike(block_, onednn::any_weights(problem), of_block);
    }
    blocks_ = static_cast<int>(block_.size());
    set_form(descriptors_.front().weights_desc());
    for (const auto& described : descriptors_) {
      workspace_bytes_ = std::max(workspace_bytes_, described.scratchpad_desc().get_size());
    }
    for (int part = 0; part < problem.n * blocks_; ++part) {
      const auto& described = descriptors_[static_cast<std::size_t>(part % blocks_)];
      parts_.emplace_back(engine, dnnl::convolution_forward(described),
                          std::vector<std::pair<int, dnnl::memory::desc>>{
                              {DNNL_ARG_SRC, described.src_desc()},
                              {DNNL_ARG_WEIGHTS, weights_desc()},
                              {DNNL_ARG_BIAS, described.bias_desc()},
                              {DNNL_ARG_DST, described.dst_desc()},
                              {DNNL_ARG_SCRATCHPAD, described.scratchpad_desc()}});
    }
  }

  std::size_t workspace_bytes() const override { return workspace_bytes_; }
  int parts() const override { return static_cast<int>(parts_.size()); }

  void run(const ExecutionContext& context, const Conv2dForward::Arguments& arguments,
           int part) const override {
    const onednn::SingleThread single_thread;
    const ForwardBlock& block = block_[static_cast<std::size_t>(part % blocks_)];
    const std::int64_t image = part / blocks_;
    const float* src =  // (h,w,c) of the block
        arguments.src + (image * problem().h + block.first_src_row) * problem().w * problem().c;
    float* dst =  // (p,q,k) of the block
        arguments.dst + (image * problem().p() + block.first_dst_row) * problem().q() * problem().k;
    parts_[static_cast<std::size_t>(part)].run(std::array<const void*, 5>{
        src, arguments.weights, arguments.bias, dst, context.scratch.data()});
  }

 private:
  int blocks_ = 0;
  std::size_t workspace_bytes_ = 0;
  std::vector<ForwardBlock> block_;
  std::vector<dnnl::convolution_forward::primitive_desc> descriptors_;
  mutable std::vector<onednn::BoundPrimitive> parts_;  // image-major; each used by one thread
};

}  // namespace

Verdict conv2d_forward_accepts_onednn(const Conv2dProblem& problem) {
  return onednn::accepts_if_fast([&] {
    const auto whole = forward_block(problem, {.first = 0, .last = problem.p()});
    return describe(whole.problem, onednn::any_weights(problem));
  });
}

std::unique_ptr<const PreparedKernel<Conv2dForward>> conv2d_forward_prepare_onednn(
    const Conv2dProblem& problem) {
  return std::make_unique<ForwardOnednn>(problem);
}

}  // namespace allconv::kernels
