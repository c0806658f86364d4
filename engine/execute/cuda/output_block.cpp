#include "engine/execute/cuda/output_block.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

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
