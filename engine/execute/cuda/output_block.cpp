#include "engine/execute/cuda/output_block.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "kernels/conv2d/library_passes_cuda.hpp"

namespace allconv {

namespace {

void to_floats(const std::byte* from, kernels::Precision precision, std::size_t count, float* to) {
  if (precision == kernels::Precision::fp16) {
    const auto* const half = reinterpret_cast<const __half*>(from);
    std::transform(half, half + count, to, [](__half value) { return __half2float(value); });
  } else if (precision == kernels::Precision::bf16) {
    const auto* const half = reinterpret_cast<const __nv_bfloat16*>(from);
    std::transform(half, half + count, to,
                   [](__nv_bfloat16 value) { return __bfloat162float(value); });
  } else {
    std::copy_n(reinterpret_cast<const float*>(from), count, to);
  }
}

}  // namespace

OutputBlock::OutputBlock(const CudaPlan& plan) : plan_(plan) {
  const Plan& of = plan.plan;
  add(of.logits, plan.types.row, &Batch::logits);
  add(of.probabilities, kernels::Precision::fp32, &Batch::probabilities);
  add(of.loss, kernels::Precision::fp32, &Batch::losses);
  add(of.input_gradient, plan.types.map, &Batch::input_gradient);
  add(of.unit, {}, &Batch::found);
  add(of.peaks, kernels::Precision::fp32, &Batch::peaks);
  add(of.peak_positions, {}, &Batch::peak_positions);
  memory_ = cuda::PinnedMemory(bytes_);
  if (of.logits != kNoValue && kernels::element_bytes(plan.types.row) != sizeof(float)) {
    const auto classes = static_cast<std::size_t>(of.graph.shape(of.graph.logits).size());
    widened_ = cuda::DeviceMemory(static_cast<std::size_t>(of.images) * classes * sizeof(float));
  }
}

std::size_t OutputBlock::bytes(const CudaPlan& plan) {
  const Plan& of = plan.plan;
  std::size_t bytes = 0;
  for (const int value : {of.logits, of.probabilities, of.loss, of.input_gradient, of.unit,
                          of.peaks, of.peak_positions}) {
    if (value != kNoValue) bytes += of.values[static_cast<std::size_t>(value)].bytes;
  }
  return bytes;
}

void OutputBlock::add(int value, kernels::Precision precision, Wanted wanted) {
  if (value == kNoValue) return;
  parts_.push_back({value, precision, bytes_, wanted});
  bytes_ += plan_.plan.values[static_cast<std::size_t>(value)].bytes;
}

void OutputBlock::enqueue_copies(const CudaFrame& frame, cudaStream_t stream) const {
  for (const Part& part : parts_) {
    const PlanValue& value = plan_.plan.values[static_cast<std::size_t>(part.value)];
    cuda::check(cudaMemcpyAsync(memory_.data() + part.offset, frame.value(part.value), value.bytes,
                                cudaMemcpyDeviceToHost, stream),
                "copying results from the GPU");
  }
}

void OutputBlock::enqueue_results(const CudaFrame& frame, const Batch& batch,
                                  cudaStream_t stream) const {
  constexpr std::string_view kWhat = "copying results to the program's memory";
  const Plan& plan = plan_.plan;
  const auto copy = [&](float* to, const void* from) {
    const std::size_t bytes = static_cast<std::size_t>(batch.images) * sizeof(float) *
                              static_cast<std::size_t>(plan.graph.shape(plan.graph.logits).size());
    cuda::check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream), kWhat);
  };
  if (float* const to = batch.device->probabilities; to != nullptr) {
    copy(to, frame.value(plan.probabilities));
  }
  float* const to = batch.device->logits;
  if (to == nullptr) return;
  const void* from = frame.value(plan.logits);
  if (widened_.size() > 0) {
    // Not into the program's memory at once: it need not be aligned as kernels want it.
    cuda::check(kernels::widen_elements_cuda(
                    plan_.types.row, static_cast<const std::byte*>(from), widened_.as<float>(),
                    static_cast<std::int64_t>(widened_.size() / sizeof(float)), stream),
                kWhat);
    from = widened_.data();
  }
  copy(to, from);
}

bool OutputBlock::is_read(const Batch& batch) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    return std::visit([&](auto wanted) { return batch.*wanted != nullptr; }, part.wanted);
  });
}

void OutputBlock::read(const Batch& batch) const {
  for (const Part& part : parts_) {
    const PlanValue& value = plan_.plan.values[static_cast<std::size_t>(part.value)];
    const std::size_t bytes = value.image_bytes * static_cast<std::size_t>(batch.images);
    const std::byte* const from = memory_.data() + part.offset;
    const auto take = [&]<class Element>(Element* to) {
      if (to == nullptr) return;
      if constexpr (std::is_same_v<Element, float>) {
        to_floats(from, part.precision, bytes / kernels::element_bytes(part.precision), to);
      } else {
        std::memcpy(to, from, bytes);
      }
    };
    std::visit([&](auto wanted) { take(batch.*wanted); }, part.wanted);
  }
}

}  // namespace allconv
