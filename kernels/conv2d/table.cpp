// The rows of convolution, in order of preference.
#include "kernels/conv2d/bf16_rows.hpp"
#include "kernels/conv2d/direct.hpp"
#include "kernels/conv2d/onednn.hpp"
#include "kernels/conv2d/reference.hpp"
#include "kernels/conv2d/weight_gradient.hpp"
#include "kernels/conv2d/winograd_rows.hpp"
#include "kernels/core/buffer.hpp"

#include <cstring>

namespace allconv::kernels {

namespace {

// The reference's own form of weights is the file's.
template <class Operation>
class ReferenceKernel : public PreparedKernel<Operation> {
 public:
  explicit ReferenceKernel(const Conv2dProblem& problem) : problem_(problem) {}

  std::size_t packed_weights_bytes() const override {
    return sizeof(float) * static_cast<std::size_t>(problem_.weights_size());
  }
  void pack_weights(const float* weights, std::byte* packed) const override {
    std::memcpy(packed, weights, packed_weights_bytes());
  }
  void unpack_weights(const std::byte* packed, float* weights) const override {
    std::memcpy(weights, packed, packed_weights_bytes());
  }

 protected:
  const Conv2dProblem& problem() const { return problem_; }

 private:
  Conv2dProblem problem_;
};

class ForwardReference final : public ReferenceKernel<Conv2dForward> {
  using ReferenceKernel::ReferenceKernel;
  void run(const ExecutionContext&, const Conv2dForward::Arguments& arguments,
           int /*part*/) const override {
    conv2d_forward_reference(problem(), arguments.src,
                             reinterpret_cast<const float*>(arguments.weights), arguments.bias,
                             arguments.dst);
  }
};

class PixelsForwardReference final : public ReferenceKernel<Conv2dPixelsForward> {
  using ReferenceKernel::ReferenceKernel;
  void run(const ExecutionContext&, const Conv2dPixelsForward::Arguments& arguments,
           int /*part*/) const override {
    conv2d_pixels_forward_reference(problem(), arguments.src,
                                    reinterpret_cast<const float*>(arguments.weights),
                                    arguments.bias, arguments.dst);
  }
};

class DataGradientReference final : public ReferenceKernel<Conv2dDataGradient> {
  using ReferenceKernel::ReferenceKernel;
  void run(const ExecutionContext&, const Conv2dDataGradient::Arguments& arguments,
           int /*part*/) const override {
    conv2d_data_gradient_reference(problem(), arguments.d_dst,
                                   reinterpret_cast<const float*>(arguments.weights),
                                   arguments.relu_output, arguments.d_src);
  }
};

class WeightGradientReference final : public ReferenceKernel<Conv2dWeightGradient> {
  using ReferenceKernel::ReferenceKernel;

  // The call's own gradient, where it is to be added to another.
  std::size_t workspace_bytes() const override {
    return packed_weights_bytes() + sizeof(float) * static_cast<std::size_t>(problem().k);
  }

  void run(const ExecutionContext& context, const Conv2dWeightGradient::Arguments& arguments,
           int /*part*/) const override {
    auto* d_weights = reinterpret_cast<float*>(arguments.d_weights);
    if (!arguments.accumulate) {
      conv2d_weight_gradient_reference(problem(), arguments.src, arguments.d_dst, d_weights,
                                       arguments.d_bias);
      return;
    }
    auto* own_weights = reinterpret_cast<float*>(context.scratch.data());  // (k,c,r,s)
    float* own_bias = own_weights + problem().weights_size();              // (k)
    conv2d_weight_gradient_reference(problem(), arguments.src, arguments.d_dst, own_weights,
                                     own_bias);
    for (std::int64_t i = 0; i < problem().weights_size(); ++i) d_weights[i] += own_weights[i];
    for (int k = 0; k < problem().k; ++k) arguments.d_bias[k] += own_bias[k];
  }
};

template <class Operation, class Reference>
std::unique_ptr<const PreparedKernel<Operation>> prepare_reference(const Conv2dProblem& problem) {
  return std::make_unique<Reference>(problem);
}

template <class Operation, auto kAccepts, auto kPrepare, WinogradKind kKind, Isa kIsa>
constexpr Kernel<Operation> winograd_row(std::string_view name) {
  return {.name = name,
          .isa = kIsa,
          .numeric_class = NumericClass::winograd,
          .accepts = [](const Conv2dProblem& problem) { return kAccepts(problem, kKind); },
          .prepare = [](const Conv2dProblem& problem) { return kPrepare(problem, kKind, kIsa); }};
}

template <class Operation, auto kPrepare, Isa kIsa>
constexpr Kernel<Operation> direct_row(std::string_view name) {
  return {.name = name,
          .isa = kIsa,
          .numeric_class = NumericClass::direct,
          .accepts = accepts_all<Operation>,
          .prepare = [](const Conv2dProblem& problem) { return kPrepare(problem, kIsa); }};
}

template <class Operation, auto kPrepare, bool kByRegisters>
constexpr Kernel<Operation> bf16_row(std::string_view name) {
  return {.name = name,
          .isa = kByRegisters ? Isa::avx512 : Isa::portable,
          .needs_tiles = kByRegisters,
          .multiplies = Precision::bf16,
          .numeric_class = NumericClass::direct,
          .accepts = accepts_all<Operation>,
          .prepare = [](const Conv2dProblem& problem) { return kPrepare(problem, kByRegisters); }};
}

template <bool kByRegisters>
constexpr auto forward_bf16 = bf16_row<Conv2dForward, conv2d_forward_prepare_bf16, kByRegisters>;
template <bool kByRegisters>
constexpr auto data_gradient_bf16 =
    bf16_row<Conv2dDataGradient, conv2d_data_gradient_prepare_bf16, kByRegisters>;

template <bool kByRegisters>
constexpr auto weight_gradient_bf16 =
    bf16_row<Conv2dWeightGradient, conv2d_weight_gradient_prepare_bf16, kByRegisters>;

template <WinogradKind kKind, Isa kIsa>
constexpr auto forward_winograd = winograd_row<Conv2dForward, conv2d_forward_accepts_winograd,
                                               conv2d_forward_prepare_winograd, kKind, kIsa>;
template <Isa kIsa>
constexpr auto forward_direct = direct_row<Conv2dForward, conv2d_forward_prepare_direct, kIsa>;

template <WinogradKind kKind, Isa kIsa>
constexpr auto data_gradient_winograd =
    winograd_row<Conv2dDataGradient, conv2d_data_gradient_accepts_winograd,
                 conv2d_data_gradient_prepare_winograd, kKind, kIsa>;
template <Isa kIsa>
constexpr auto data_gradient_direct =
    direct_row<Conv2dDataGradient, conv2d_data_gradient_prepare_direct, kIsa>;

template <WinogradKind kKind, Isa kIsa>
constexpr auto weight_gradient_winograd =
    winograd_row<Conv2dWeightGradient, conv2d_weight_gradient_accepts_winograd,
                 conv2d_weight_gradient_prepare_winograd, kKind, kIsa>;
template <Isa kIsa>
constexpr auto weight_gradient_direct =
    direct_row<Conv2dWeightGradient, conv2d_weight_gradient_prepare_direct, kIsa>;

}  // namespace

KernelTable<Conv2dForward> kernel_table(Conv2dForward) {
  using enum WinogradKind;
  static constexpr Kernel<Conv2dForward> kRows[] = {
      forward_bf16<true>("conv2d_forward_cpu_bf16_amx"),
      forward_winograd<f4, Isa::avx512>("conv2d_forward_cpu_winograd4_avx512"),
      forward_winograd<f2, Isa::avx512>("conv2d_forward_cpu_winograd2_avx512"),
      forward_winograd<stride2, Isa::avx512>("conv2d_forward_cpu_winograd_stride2_avx512"),
      forward_direct<Isa::avx512>("conv2d_forward_cpu_direct_avx512"),
      forward_winograd<f4, Isa::avx2>("conv2d_forward_cpu_winograd4_avx2"),
      forward_winograd<f2, Isa::avx2>("conv2d_forward_cpu_winograd2_avx2"),
      forward_winograd<stride2, Isa::avx2>("conv2d_forward_cpu_winograd_stride2_avx2"),
      forward_direct<Isa::avx2>("conv2d_forward_cpu_direct_avx2"),
      forward_bf16<false>("conv2d_forward_cpu_bf16_portable"),
      forward_winograd<f4, Isa::portable>("conv2d_forward_cpu_winograd4_portable"),
      forward_winograd<f2, Isa::portable>("conv2d_forward_cpu_winograd2_portable"),
      forward_winograd<stride2, Isa::portable>("conv2d_forward_cpu_winograd_stride2_portable"),
      forward_direct<Isa::portable>("conv2d_forward_cpu_direct_portable"),
      {.name = "conv2d_forward_cpu_onednn",
       .isa = Isa::portable,
       .numeric_class = NumericClass::direct,
       .chooses_instructions = true,
       .accepts = conv2d_forward_accepts_onednn,
       .prepare = conv2d_forward_prepare_onednn},
      {.name = "conv2d_forward_reference",
       .isa = Isa::portable,
       .numeric_class = NumericClass::exact,
       .accepts = accepts_all<Conv2dForward>,
       .prepare = prepare_reference<Conv2dForward, ForwardReference>},
  };
  return kRows;
}

// The CPU's plan never asks for it: there its parts are steps.
KernelTable<Conv2dPixelsForward> kernel_table(Conv2dPixelsForward) {
  static constexpr Kernel<Conv2dPixelsForward> kRows[] = {
      {.name = "conv2d_pixels_forward_reference",
       .isa = Isa::portable,
       .numeric_class = NumericClass::exact,
       .accepts = accepts_all<Conv2dPixelsForward>,
       .prepare = prepare_reference<Conv2dPixelsForward, PixelsForwardReference>},
  };
  return kRows;
}

KernelTable<Conv2dDataGradient> kernel_table(Conv2dDataGradient) {
  using enum WinogradKind;
  static constexpr Kernel<Conv2dDataGradient> kRows[] = {
      data_gradient_bf16<true>("conv2d_data_gradient_cpu_bf16_amx"),
      data_gradient_winograd<f4, Isa::avx512>("conv2d_data_gradient_cpu_winograd4_avx512"),
      data_gradient_winograd<f2, Isa::avx512>("conv2d_data_gradient_cpu_winograd2_avx512"),
      data_gradient_winograd<stride2_gradient, Isa::avx512>(
          "conv2d_data_gradient_cpu_winograd_stride2_avx512"),
      data_gradient_direct<Isa::avx512>("conv2d_data_gradient_cpu_direct_avx512"),
      data_gradient_winograd<f4, Isa::avx2>("conv2d_data_gradient_cpu_winograd4_avx2"),
      data_gradient_winograd<f2, Isa::avx2>("conv2d_data_gradient_cpu_winograd2_avx2"),
      data_gradient_winograd<stride2_gradient, Isa::avx2>(
          "conv2d_data_gradient_cpu_winograd_stride2_avx2"),
      data_gradient_direct<Isa::avx2>("conv2d_data_gradient_cpu_direct_avx2"),
      data_gradient_bf16<false>("conv2d_data_gradient_cpu_bf16_portable"),
      data_gradient_winograd<f4, Isa::portable>("conv2d_data_gradient_cpu_winograd4_portable"),
      data_gradient_winograd<f2, Isa::portable>("conv2d_data_gradient_cpu_winograd2_portable"),
      data_gradient_winograd<stride2_gradient, Isa::portable>(
          "conv2d_data_gradient_cpu_winograd_stride2_portable"),
      data_gradient_direct<Isa::portable>("conv2d_data_gradient_cpu_direct_portable"),
      {.name = "conv2d_data_gradient_cpu_onednn",
       .isa = Isa::portable,
       .numeric_class = NumericClass::direct,
       .chooses_instructions = true,
       .accepts = conv2d_data_gradient_accepts_onednn,
       .prepare = conv2d_data_gradient_prepare_onednn},
      {.name = "conv2d_data_gradient_reference",
       .isa = Isa::portable,
       .numeric_class = NumericClass::exact,
       .accepts = accepts_all<Conv2dDataGradient>,
       .prepare = prepare_reference<Conv2dDataGradient, DataGradientReference>},
  };
  return kRows;
}

KernelTable<Conv2dWeightGradient> kernel_table(Conv2dWeightGradient) {
  using enum WinogradKind;
  static constexpr Kernel<Conv2dWeightGradient> kRows[] = {
      weight_gradient_bf16<true>("conv2d_weight_gradient_cpu_bf16_amx"),
      weight_gradient_winograd<f4, Isa::avx512>("conv2d_weight_gradient_cpu_winograd4_avx512"),
      weight_gradient_winograd<f2, Isa::avx512>("conv2d_weight_gradient_cpu_winograd2_avx512"),
      weight_gradient_winograd<stride2, Isa::avx512>(
          "conv2d_weight_gradient_cpu_winograd_stride2_avx512"),
      weight_gradient_direct<Isa::avx512>("conv2d_weight_gradient_cpu_direct_avx512"),
      weight_gradient_winograd<f4, Isa::avx2>("conv2d_weight_gradient_cpu_winograd4_avx2"),
      weight_gradient_winograd<f2, Isa::avx2>("conv2d_weight_gradient_cpu_winograd2_avx2"),
      weight_gradient_winograd<stride2, Isa::avx2>(
          "conv2d_weight_gradient_cpu_winograd_stride2_avx2"),
      weight_gradient_direct<Isa::avx2>("conv2d_weight_gradient_cpu_direct_avx2"),
      weight_gradient_bf16<false>("conv2d_weight_gradient_cpu_bf16_portable"),
      weight_gradient_winograd<f4, Isa::portable>("conv2d_weight_gradient_cpu_winograd4_portable"),
      weight_gradient_winograd<f2, Isa::portable>("conv2d_weight_gradient_cpu_winograd2_portable"),
      weight_gradient_winograd<stride2, Isa::portable>(
          "conv2d_weight_gradient_cpu_winograd_stride2_portable"),
      weight_gradient_direct<Isa::portable>("conv2d_weight_gradient_cpu_direct_portable"),
      {.name = "conv2d_weight_gradient_cpu_onednn",
       .isa = Isa::portable,
       .numeric_class = NumericClass::direct,
       .chooses_instructions = true,
       .accepts = conv2d_weight_gradient_accepts_onednn,
       .prepare = conv2d_weight_gradient_prepare_onednn},
      {.name = "conv2d_weight_gradient_reference",
       .isa = Isa::portable,
       .numeric_class = NumericClass::exact,
       .accepts = accepts_all<Conv2dWeightGradient>,
       .prepare = prepare_reference<Conv2dWeightGradient, WeightGradientReference>},
  };
  return kRows;
}

}  // namespace allconv::kernels
