// conv2d_data_gradient_cpu_onednn: gradient with respect to the convolution's input, by oneDNN,
// with the rule of the ReLU below applied while the rows are in cache.
//
// Layout: NHWC in and out, weights in oneDNN's packed form (another than the forward pass's).
// Tiles: one image at a time in up to four blocks of input rows.
// Requires a problem for which oneDNN has better than reference loops.
// Bound by: FMA throughput; with 3 input channels by oneDNN's loop over channel blocks of 16.
#include "kernels/conv2d/common_onednn.hpp"
#include "kernels/conv2d/onednn.hpp"

namespace allconv::kernels {

namespace {

// The part of one image's problem that computes input rows [first, last).
struct DataGradientBlock {
  Conv2dProblem problem;  // h and the vertical padding are the block's own
  Interval dst_rows;      // output rows whose windows touch the block
  int first_src_row = 0;
};

DataGradientBlock data_gradient_block(const Conv2dProblem& problem, Interval rows) {
  const int stride = problem.stride_h;
  const int before = rows.first + problem.pad.top - problem.r + 1;
  DataGradientBlock block{
      .problem = problem,
      .dst_rows = {.first = before <= 0 ? 0 : (before + stride - 1) / stride,
                   .last = std::min(problem.p(), (rows.last - 1 + problem.pad.top) / stride + 1)},
      .first_src_row = rows.first};
  block.problem.n = 1;
  block.problem.h = rows.size();
  block.problem.pad.top = rows.first - (block.dst_rows.first * stride - problem.pad.top);
  return block;
}

dnnl::convolution_backward_data::primitive_desc describe(const DataGradientBlock& block,
                                                         const dnnl::memory::desc& weights) {
  const Conv2dProblem& problem = block.problem;
  const dnnl::engine& engine = onednn::cpu_engine();
  const auto src = onednn::nhwc(1, problem.h, problem.w, problem.c);
  const auto dst = onednn::nhwc(1, block.dst_rows.size(), problem.q(), problem.k);
  const int bottom = onednn::after_padding(problem.h, problem.r, problem.stride_h, problem.pad.top,
                                           block.dst_rows.size());
  const int right =
      onednn::after_padding(problem.w, problem.s, problem.stride_w, problem.pad.left, problem.q());
  const dnnl::memory::dims before = {problem.pad.top, problem.pad.left};
  const dnnl::memory::dims after = {bottom, right};
  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, src,
       onednn::any_weights(problem), dst, onednn::strides(problem), before, after},
      engine);
  const dnnl::convolution_backward_data::desc desc(dnnl::algorithm::convolution_direct, src,
                                                   weights, dst, onednn::strides(problem), before,
                                                   after);
  return {desc, onednn::scratchpad_by_caller(), engine, forward};
}

// One image in `count` blocks of input rows; empty where a block is touched by no window.
std::vector<DataGradientBlock> data_gradient_blocks(const Conv2dProblem& problem, int count) {
  std::vector<DataGradientBlock> blocks;
  for (int block = 0; block < count; ++block) {
    blocks.push_back(data_gradient_block(problem, share_of(problem.h, count, block)));
    if (count > 1 && blocks.back().dst_rows.size() <= 0) return {};
  }
  return blocks;
}

class DataGradientOnednn final : public onednn::WithPackedWeights<Conv2dDataGradient> {
 public:
  explicit DataGradientOnednn(const Conv2dProblem& problem) : WithPackedWeights(problem) {
    const onednn::SingleThread single_thread;
    const dnnl::engine& engine = onednn::cpu_engine();
    // Windows that leave gaps between them cannot be cut. The whole image is the last attempt:
    // accepts() has seen it to be fast.
    const bool gaps = problem.r < problem.stride_h;
    for (int count = gaps ? 1 : onednn::row_blocks(problem, problem.h);
         descriptors_.empty() && count > 0; --count) {
      blocks_ = data_gradient_blocks(problem, count);
      descriptors_ = onednn::describe_alike(blocks_, onednn::any_weights(problem), describe);
    }
    set_form(descriptors_.front().weights_desc());
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      workspace_bytes_ =
          std::max(workspace_bytes_, descriptors_[block].scratchpad_desc().get_size());
      relu_.push_back(prepare_relu(blocks_[block].problem));
    }
    const auto block_count = static_cast<int>(blocks_.size());
    for (int part = 0; part < problem.n * block_count; ++part) {
      const auto& described = descriptors_[static_cast<std::size_t>(part % block_count)];
      parts_.emplace_back(engine, dnnl::convolution_backward_data(described),
                          std::vector<std::pair<int, dnnl::memory::desc>>{
                              {DNNL_ARG_DIFF_DST, described.diff_dst_desc()},
                              {DNNL_ARG_WEIGHTS, weights_desc()},
                              {DNNL_ARG_DIFF_SRC, described.diff_src_desc()},
                              {DNNL_ARG_SCRATCHPAD, described.scratchpad_desc()}});
    }
  }

  std::size_t workspace_bytes() const override { return workspace_bytes_; }
  int parts() const override { return static_cast<int>(parts_.size()); }

  void run(const ExecutionContext& context, const Conv2dDataGradient::Arguments& arguments,
           int part) const override {
    const onednn::SingleThread single_thread;
    const std::size_t index = static_cast<std::size_t>(part) % blocks_.size();
    const auto image = static_cast<std::int64_t>(static_cast<std::size_t>(part) / blocks_.size());
    const DataGradientBlock& block = blocks_[index];
    const std::int64_t src_offset =
        (image * problem().h + block.first_src_row) * problem().w * problem().c;
    const float* d_dst =  // (p,q,k) of the block
        arguments.d_dst +
        (image * problem().p() + block.dst_rows.first) * problem().q() * problem().k;
    float* d_src = arguments.d_src + src_offset;  // (h,w,c) of the block
    parts_[static_cast<std::size_t>(part)].run(
        std::array<const void*, 4>{d_dst, arguments.weights, d_src, context.scratch.data()});
    if (relu_[index]) {
      relu_[index]->run_all(
          context, {.output = arguments.relu_output + src_offset, .d_dst = d_src, .d_src = d_src});
    }
  }

 private:
  static std::unique_ptr<const PreparedKernel<ReluBackward>> prepare_relu(
      const Conv2dProblem& block) {
    const auto rule = relu_rule(block.epilogue);
    if (!rule) return nullptr;
    const ReluProblem problem{.count = block.src_size(), .slope = block.slope, .rule = *rule};
    return prepare_first_runnable<ReluBackward>(problem);
  }

  std::vector<DataGradientBlock> blocks_;
  std::size_t workspace_bytes_ = 0;
  std::vector<dnnl::convolution_backward_data::primitive_desc> descriptors_;
  std::vector<std::unique_ptr<const PreparedKernel<ReluBackward>>> relu_;  // one a block, or null
  mutable std::vector<onednn::BoundPrimitive> parts_;  // image-major; each used by one thread
};

}  // namespace

Verdict conv2d_data_gradient_accepts_onednn(const Conv2dProblem& problem) {
  return onednn::accepts_if_fast([&] {
    const auto whole = data_gradient_block(problem, {.first = 0, .last = problem.h});
    return describe(whole, onednn::any_weights(problem));
  });
}

std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_onednn(
    const Conv2dProblem& problem) {
  return std::make_unique<DataGradientOnednn>(problem);
}

}  // namespace allconv::kernels
