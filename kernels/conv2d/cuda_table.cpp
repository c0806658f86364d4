// The rows of convolution on CUDA GPUs, in order of preference.
#include <string>

#include "kernels/conv2d/cuda.hpp"
#include "kernels/conv2d/gather_cuda.hpp"
#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/conv2d/weight_gradient_cuda.hpp"

namespace allconv::kernels {

namespace {

template <class Operation>
constexpr bool kIsDataGradient = std::is_same_v<Operation, Conv2dDataGradient>;

template <class Operation>
GatherProblem gather_problem(const DeviceProblem<Operation>& problem) {
  GatherProblem gather{.conv = problem.problem,
                       .data_gradient = kIsDataGradient<Operation>,
                       .precision = problem.types.map,
                       .pixels = std::is_same_v<Operation, Conv2dPixelsForward>};
  gather.tile = gather_tile(gather.most_results(), gather.gemm(0).width);
  return gather;
}

GatherArguments gather_arguments(const Conv2dProblem& problem,
                                 const Conv2dForward::DeviceArguments& arguments) {
  return {
      .src = arguments.src,
      .weights = arguments.weights,
      .dst = arguments.dst,
      .epilogue = {
          .bias = arguments.bias, .slopes = relu_slopes(problem), .mask_written = arguments.mask}};
}

GatherArguments gather_arguments(const Conv2dProblem& problem,
                                 const Conv2dPixelsForward::DeviceArguments& arguments) {
  GatherArguments gather =
      gather_arguments(problem, Conv2dForward::DeviceArguments{.src = arguments.src.images,
                                                               .weights = arguments.weights,
                                                               .bias = arguments.bias,
                                                               .dst = arguments.dst,
                                                               .mask = arguments.mask});
  gather.scaling = arguments.src.scaling;
  return gather;
}

GatherArguments gather_arguments(const Conv2dProblem& problem,
                                 const Conv2dDataGradient::DeviceArguments& arguments) {
  return {.src = arguments.d_dst,
          .weights = arguments.weights,
          .dst = arguments.d_src,
          .epilogue = {.slopes = relu_slopes(problem),
                       .relu_output = arguments.relu_output,
                       .mask_read = arguments.mask}};
}

using GatherFunction = cudaError_t (*)(const GatherProblem&, const GatherArguments&, cudaStream_t);

// Forward or data gradient by one of the gathered products.
template <class Operation>
class GatherKernel final : public CudaPreparedKernel<Operation> {
 public:
  GatherKernel(const GatherProblem& problem, GatherFunction function)
      : problem_(problem), function_(function) {}

  cudaError_t run(const CudaContext& context,
                  const typename Operation::DeviceArguments& arguments) const override {
    return function_(problem_, gather_arguments(problem_.conv, arguments), context.stream);
  }

  std::size_t packed_weights_bytes() const override {
    const GatherWeights form = problem_.weights(gather_depth_multiple(problem_.precision));
    return static_cast<std::size_t>(form.size()) * element_bytes(problem_.precision);
  }
  cudaError_t pack_weights(cudaStream_t stream, const CudaParameters& parameters,
                           std::byte* packed) const override {
    return gather_pack_cuda(problem_, parameters.weights, packed, stream);
  }

 private:
  GatherProblem problem_;
  GatherFunction function_;
};

template <class Operation, auto kFunction>
std::unique_ptr<const CudaPreparedKernel<Operation>> prepare_gather(
    const DeviceProblem<Operation>& problem) {
  return std::make_unique<GatherKernel<Operation>>(gather_problem(problem), kFunction);
}

constexpr std::string_view kUseSimt = ": use the row cuda_simt";

// Tensor cores have no fp32, and read channels in vectors of 16 bytes.
Verdict takes_tensor_cores(Precision precision) {
  if (precision != Precision::fp32) return Verdict::accept();
  return Verdict::refuse("tensor cores do not multiply fp32: choose tf32, fp16 or bf16");
}

Verdict is_vectors(std::string_view name, int channels, Precision precision) {
  const int width = 16 / static_cast<int>(element_bytes(precision));
  if (channels % width == 0) return Verdict::accept();
  return Verdict::refuse(std::string(name) + "=" + std::to_string(channels) +
                         " is not a multiple of " + std::to_string(width) + std::string(kUseSimt));
}

// A depth of taps and channels together pays where channels are too few to fill vectors.
template <class Operation>
Verdict accepts_flat(const DeviceProblem<Operation>& problem) {
  constexpr int kMostFlatChannels = 7;
  const Conv2dProblem& conv = problem.problem;
  const Verdict verdict = takes_tensor_cores(problem.types.map);
  if (!verdict.accepted()) return verdict;
  const auto refuse = [](std::string what) {
    return Verdict::refuse(what + std::string(kUseSimt));
  };
  if (conv.c > kMostFlatChannels) {
    return refuse("c=" + std::to_string(conv.c) + " is more than " +
                  std::to_string(kMostFlatChannels));
  }
  const int depth = conv.r * conv.s * conv.c;
  if (depth > kMostFlatDepth) {
    return refuse("r*s*c=" + std::to_string(depth) + " is more than " +
                  std::to_string(kMostFlatDepth));
  }
  if (conv.k <= kSlimTile.n) return refuse("k=" + std::to_string(conv.k) + " fills no tile");
  return Verdict::accept();
}

template <class Operation>
std::unique_ptr<const CudaPreparedKernel<Operation>> prepare_flat(
    const DeviceProblem<Operation>& problem) {
  GatherProblem gather = gather_problem(problem);
  gather.flat = true;
  gather.tile = flat_tile(problem.problem.k);
  return std::make_unique<GatherKernel<Operation>>(gather, gather_cuda_sm80);
}

template <class Operation>
Verdict accepts_gather_sm80(const DeviceProblem<Operation>& problem) {
  const Precision precision = problem.types.map;
  const Verdict verdict = takes_tensor_cores(precision);
  if (!verdict.accepted()) return verdict;
  return kIsDataGradient<Operation> ? is_vectors("k", problem.problem.k, precision)
                                    : is_vectors("c", problem.problem.c, precision);
}

Verdict accepts_weight_gradient_sm80(const DeviceProblem<Conv2dWeightGradient>& problem) {
  const Precision precision = problem.types.map;
  const Conv2dProblem& conv = problem.problem;
  const Verdict verdict = takes_tensor_cores(precision);
  if (!verdict.accepted()) return verdict;
  const int width = 16 / static_cast<int>(element_bytes(precision));
  if (conv.c % width == 0 && conv.k % width == 0) return Verdict::accept();
  return Verdict::refuse("c=" + std::to_string(conv.c) + " and k=" + std::to_string(conv.k) +
                         " are not both multiples of " + std::to_string(width) +
                         ": use the row cuda_sm80_unaligned");
}

Verdict accepts_weight_gradient_unaligned(const DeviceProblem<Conv2dWeightGradient>& problem) {
  return takes_tensor_cores(problem.types.map);
}

struct WeightGradientFunctions {
  ResultSplits (*splits)(const WeightGradientProblem&);
  cudaError_t (*run)(const WeightGradientProblem&, const WeightGradientInput&,
                     const WeightGradientSums&, cudaStream_t);
};

class WeightGradientKernel final : public CudaPreparedKernel<Conv2dWeightGradient> {
 public:
  WeightGradientKernel(const DeviceProblem<Conv2dWeightGradient>& problem,
                       const WeightGradientFunctions& functions)
      : problem_{.conv = problem.problem, .precision = problem.types.map},
        functions_(functions),
        splits_(functions.splits(problem_).splits) {}

  std::size_t workspace_bytes() const override {
    if (splits_ == 1) return 0;
    return static_cast<std::size_t>(splits_ * problem_.split_size()) * sizeof(float);
  }
  int launches() const override { return splits_ == 1 ? 1 : 2; }

  cudaError_t run(const CudaContext& context,
                  const Conv2dWeightGradient::DeviceArguments& arguments) const override {
    const WeightGradientInput input{.src = arguments.src, .d_dst = arguments.d_dst};
    const WeightGradientSums gradient{
        .d_weights = arguments.d_weights, .d_bias = arguments.d_bias, .stride = 0};
    if (splits_ == 1) return functions_.run(problem_, input, gradient, context.stream);
    auto* const scratch = reinterpret_cast<float*>(context.scratch);  // (splits, split_size)
    const WeightGradientSums partial{
        .d_weights = scratch,
        .d_bias = scratch + std::int64_t{problem_.conv.k} * problem_.columns(),
        .stride = problem_.split_size()};
    const cudaError_t summed = functions_.run(problem_, input, partial, context.stream);
    if (summed != cudaSuccess) return summed;
    return weight_gradient_sum_cuda(problem_, splits_, partial, gradient, context.stream);
  }

 private:
  WeightGradientProblem problem_;
  WeightGradientFunctions functions_;
  int splits_;
};

template <auto kSplits, auto kRun>
std::unique_ptr<const CudaPreparedKernel<Conv2dWeightGradient>> prepare_weight_gradient(
    const DeviceProblem<Conv2dWeightGradient>& problem) {
  return std::make_unique<WeightGradientKernel>(problem, WeightGradientFunctions{kSplits, kRun});
}

template <class Operation>
constexpr CudaKernel<Operation> gather_sm80_row(std::string_view name) {
  return {.name = name,
          .numeric_class = NumericClass::direct,
          .accepts = accepts_gather_sm80<Operation>,
          .prepare = prepare_gather<Operation, gather_cuda_sm80>};
}

template <class Operation>
constexpr CudaKernel<Operation> flat_sm80_row(std::string_view name) {
  return {.name = name,
          .numeric_class = NumericClass::direct,
          .accepts = accepts_flat<Operation>,
          .prepare = prepare_flat<Operation>};
}

template <class Operation>
constexpr CudaKernel<Operation> gather_simt_row(std::string_view name) {
  return {.name = name,
          .numeric_class = NumericClass::direct,
          .accepts = cuda_accepts_all<Operation>,
          .prepare = prepare_gather<Operation, gather_cuda_simt>};
}

}  // namespace

CudaKernelTable<Conv2dForward> cuda_kernel_table(Conv2dForward) {
  static constexpr CudaKernel<Conv2dForward> kRows[] = {
      gather_sm80_row<Conv2dForward>("conv2d_forward_cuda_sm80"),
      flat_sm80_row<Conv2dForward>("conv2d_forward_cuda_sm80_flat"),
      gather_simt_row<Conv2dForward>("conv2d_forward_cuda_simt"),
  };
  return kRows;
}

CudaKernelTable<Conv2dPixelsForward> cuda_kernel_table(Conv2dPixelsForward) {
  static constexpr CudaKernel<Conv2dPixelsForward> kRows[] = {
      flat_sm80_row<Conv2dPixelsForward>("conv2d_pixels_forward_cuda_sm80"),
      gather_simt_row<Conv2dPixelsForward>("conv2d_pixels_forward_cuda_simt"),
  };
  return kRows;
}

CudaKernelTable<Conv2dDataGradient> cuda_kernel_table(Conv2dDataGradient) {
  static constexpr CudaKernel<Conv2dDataGradient> kRows[] = {
      gather_sm80_row<Conv2dDataGradient>("conv2d_data_gradient_cuda_sm80"),
      gather_simt_row<Conv2dDataGradient>("conv2d_data_gradient_cuda_simt"),
  };
  return kRows;
}

CudaKernelTable<Conv2dWeightGradient> cuda_kernel_table(Conv2dWeightGradient) {
  static constexpr CudaKernel<Conv2dWeightGradient> kRows[] = {
      {.name = "conv2d_weight_gradient_cuda_sm80",
       .numeric_class = NumericClass::direct,
       .accepts = accepts_weight_gradient_sm80,
       .prepare = prepare_weight_gradient<weight_gradient_splits_sm80, weight_gradient_cuda_sm80>},
      {.name = "conv2d_weight_gradient_cuda_sm80_unaligned",
       .numeric_class = NumericClass::direct,
       .accepts = accepts_weight_gradient_unaligned,
       .prepare = prepare_weight_gradient<weight_gradient_splits_sm80_unaligned,
                                          weight_gradient_cuda_sm80_unaligned>},
      {.name = "conv2d_weight_gradient_cuda_simt",
       .numeric_class = NumericClass::direct,
       .accepts = cuda_accepts_all<Conv2dWeightGradient>,
       .prepare = prepare_weight_gradient<weight_gradient_splits_simt, weight_gradient_cuda_simt>},
  };
  return kRows;
}

}  // namespace allconv::kernels
