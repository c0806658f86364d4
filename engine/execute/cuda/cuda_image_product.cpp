#include "engine/execute/cuda/cuda_image_product.hpp"

#include <cstring>
#include <optional>

#include "engine/execute/cuda/cuda_tuner.hpp"
#include "engine/execute/cuda/library_failure.hpp"
#include "engine/plan/cuda/candidates.hpp"
#include "engine/plan/tuning_key.hpp"
#include "engine/plan/tuning_session.hpp"
#include "engine/support/error.hpp"

namespace allconv {

using kernels::Conv2dForward;

namespace {

// Whitening multiplies small differences of large values: it is fp32 in every precision.
constexpr kernels::DeviceTypes kTypes = {};

std::size_t bytes_of(std::int64_t floats) {
  return static_cast<std::size_t>(floats) * sizeof(float);
}

// What a clock finds fastest, else the first row that takes it.
CudaCandidate<Conv2dForward> choose(const kernels::Conv2dProblem& problem,
                                    const PlanOptions& options,
                                    const kernels::LibraryHandles* handles) {
  const kernels::DeviceProblem<Conv2dForward> on_device{problem, kTypes};
  const TuningKey key = whitening_key(problem.n, problem.c, options.limits.exact);
  CudaCandidates<Conv2dForward> candidates(on_device, key.mask, options);
  std::optional<CudaCandidate<Conv2dForward>> chosen;
  if (options.session != nullptr && !options.deterministic) {
    const auto take_fastest = [&] {
      tune_unknown(on_device, key, options, handles);
      const TuningEntry* const entry = options.session->known().find(key);
      chosen = entry != nullptr ? candidates.fastest(*entry) : std::nullopt;
    };
    take_fastest();
    if (candidates.has_stale_plan()) {
      options.session->forget(key);
      if (const Diagnostics& tell = options.session->settings().diagnostics) {
        tell(Severity::warning,
             "a library refuses what the tuning file says of whitening; it is timed anew");
      }
      take_fastest();
    }
  }
  if (!chosen) chosen = candidates.first();
  if (!chosen) throw Error(ErrorKind::internal, "no CUDA kernel takes the product", key.problem);
  return *chosen;
}

}  // namespace

CudaImageProduct::CudaImageProduct(std::span<const float> matrix,
                                   const kernels::Conv2dProblem& problem,
                                   const PlanOptions& options)
    : problem_(problem),
      gpu_(options.gpu->index),
      stream_(cuda::make_stream()),
      bias_(bytes_of(problem.k)),
      src_(bytes_of(problem.src_size())),
      dst_(bytes_of(problem.dst_size())),
      staging_(bytes_of(problem.src_size())) {
  PlanOptions started = options;
  if (options.libraries != nullptr && options.session != nullptr && !options.deterministic) {
    libraries_ = *options.libraries;
    handles_ = std::make_unique<const kernels::LibraryHandles>(libraries_);
    started.libraries = &libraries_;
  }
  kernel_ = choose(problem, started, handles_.get()).kernel;
  packed_ = cuda::DeviceMemory(kernel_->packed_weights_bytes());
  scratch_ = cuda::DeviceMemory(kernel_->workspace_bytes());
  const cuda::DeviceMemory weights(matrix.size_bytes());
  const auto clear = [&](const cuda::DeviceMemory& memory) {
    cuda::check(cudaMemsetAsync(memory.data(), 0, memory.size(), stream_.get()),
                "clearing memory of whitening");
  };
  clear(bias_), clear(src_);
  cuda::check(cudaMemcpyAsync(weights.data(), matrix.data(), matrix.size_bytes(),
                              cudaMemcpyHostToDevice, stream_.get()),
              "copying the matrix of whitening");
  cuda::check(kernel_->pack_weights(stream_.get(),
                                    {.weights = weights.as<float>(), .bias = bias_.as<float>()},
                                    packed_.data()),
              "converting the matrix of whitening");
  cuda::check(cudaStreamSynchronize(stream_.get()), "converting the matrix of whitening");
}

CudaImageProduct::~CudaImageProduct() {
  // Memory must not go while the GPU works in it.
  static_cast<void>(cudaStreamSynchronize(stream_.get()));
}

void CudaImageProduct::run(const float* src, int images, float* dst) {
  const cuda::OnGpu on(gpu_);
  const std::size_t bytes = bytes_of(std::int64_t{images} * problem_.k);
  std::memcpy(staging_.data(), src, bytes);
  cuda::check(
      cudaMemcpyAsync(src_.data(), staging_.data(), bytes, cudaMemcpyHostToDevice, stream_.get()),
      "copying images to be whitened");
  const kernels::CudaContext context{
      .stream = stream_.get(), .scratch = scratch_.data(), .libraries = handles_.get()};
  const Conv2dForward::DeviceArguments arguments{
      .src = src_.data(), .weights = packed_.data(), .bias = bias_.as<float>(), .dst = dst_.data()};
  cuda::check(with_library("whitening", [&] { return kernel_->run(context, arguments); }),
              "whitening");
  cuda::check(
      cudaMemcpyAsync(staging_.data(), dst_.data(), bytes, cudaMemcpyDeviceToHost, stream_.get()),
      "copying whitened images");
  cuda::check(cudaStreamSynchronize(stream_.get()), "whitening");
  std::memcpy(dst, staging_.data(), bytes);
}

}  // namespace allconv
