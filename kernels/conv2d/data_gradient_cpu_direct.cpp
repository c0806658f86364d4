// conv2d_data_gradient_cpu_direct_*: the gradient with respect to src, any shape, with the ReLU
// rule of the layer below fused.
//
// Layout    NHWC in and out; weights (phase)(block of c)(r,s,k,width), taps reversed; for few
//           channels (block of r,s,c)(k,width)
// Tiles     see panel_product_simd.cpp; a phase is what rows and columns of equal remainders by the
//           stride see: a correlation of d_dst with a part of the taps, moved by one
// Requires  nothing
// Bound by  FMA throughput
#include "kernels/conv2d/column_pass.hpp"
#include "kernels/conv2d/direct.hpp"
#include "kernels/conv2d/direct_pass.hpp"
#include "kernels/conv2d/gradient_form.hpp"

namespace allconv::kernels {

namespace {

// Writes where the weights of a phase's two taps stand, (c) columns.
void place_tap(const DirectPass& pass, const DirectPass::Phase& phase, int row_tap, int column_tap,
               GradientForm::Column* columns) {
  const PanelBlocks& blocks = pass.blocks();
  for (int block = 0; block < blocks.count(); ++block) {
    const std::int64_t first = pass.weights_at(phase, block, row_tap, column_tap);
    for (int c = 0; c < blocks.size(block); ++c) {
      *columns++ = {.first = first + c, .step = blocks.width(block)};
    }
  }
}

// Every tap of the window belongs to exactly one phase.
GradientForm form_of(const Conv2dProblem& problem, const DirectPass& pass) {
  std::vector<GradientForm::Column> form(
      static_cast<std::size_t>(problem.weights_size() / problem.k));  // (r,s,c)
  for (const DirectPass::Phase& phase : pass.phases()) {
    for (int row = 0; row < phase.rows.taps; ++row) {
      for (int column = 0; column < phase.columns.taps; ++column) {
        const int tap = phase.rows.tap(row) * problem.s + phase.columns.tap(column);
        place_tap(pass, phase, row, column, form.data() + std::int64_t{tap} * problem.c);
      }
    }
  }
  return {problem, std::move(form), pass.weights_size()};
}

GradientForm form_of(const Conv2dProblem& problem, const ColumnPass& pass) {
  const PanelBlocks& blocks = pass.columns();
  std::vector<GradientForm::Column> form;  // (r,s,c)
  for (int block = 0; block < blocks.count(); ++block) {
    const std::int64_t first = std::int64_t{blocks.first(block)} * problem.k;
    for (int column = 0; column < blocks.size(block); ++column) {
      form.push_back({.first = first + column, .step = blocks.width(block)});
    }
  }
  return {problem, std::move(form), pass.weights_size()};
}

// By either pass.
template <class Pass>
class DataGradientDirect final : public PreparedKernel<Conv2dDataGradient> {
 public:
  DataGradientDirect(const Conv2dProblem& problem, Pass pass)
      : images_(problem.n), pass_(std::move(pass)), form_(form_of(problem, pass_)) {}

  std::size_t workspace_bytes() const override { return pass_.workspace_bytes(); }
  int parts() const override { return images_ * pass_.parts_per_image(); }

  void run(const ExecutionContext& context, const Conv2dDataGradient::Arguments& arguments,
           int part) const override {
    run_parts(context, arguments, {part, part + 1});
  }
  void run_parts(const ExecutionContext& context, const Conv2dDataGradient::Arguments& arguments,
                 Interval parts) const override {
    pass_.run({.src = arguments.d_dst,
               .weights = reinterpret_cast<const float*>(arguments.weights),
               .output = arguments.relu_output,
               .dst = arguments.d_src},
              context.scratch, parts);
  }

  std::size_t packed_weights_bytes() const override {
    return static_cast<std::size_t>(form_.size()) * sizeof(float);
  }
  void pack_weights(const float* weights, std::byte* packed) const override {
    form_.pack(weights, reinterpret_cast<float*>(packed));
  }
  const WeightsForm* weights_form() const override { return &form_; }
  std::unique_ptr<WeightsConversion> conversion_from(const WeightsForm& form) const override {
    return form_.conversion_from(form);
  }

 private:
  int images_;
  Pass pass_;
  GradientForm form_;
};

}  // namespace

std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_direct(
    const Conv2dProblem& problem, Isa isa) {
  const DirectLeaves leaves = direct_leaves(isa);
  if (ColumnPass::pays(problem, leaves.shape)) {
    return std::make_unique<DataGradientDirect<ColumnPass>>(problem, ColumnPass(problem, leaves));
  }
  return std::make_unique<DataGradientDirect<DirectPass>>(
      problem, DirectPass(data_gradient_shape(problem), leaves));
}

}  // namespace allconv::kernels
