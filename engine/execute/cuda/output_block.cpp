#include "engine/execute/cuda/output_block.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>

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
  const Graph& graph = plan.plan.graph;
  const auto size = [&](ValueId id) { return static_cast<std::size_t>(graph.shape(id).size()); };
  add(plan.plan.logits, plan.types.row, size(graph.logits), &Batch::logits);
  add(plan.plan.probabilities, kernels::Precision::fp32, size(graph.probabilities),
      &Batch::probabilities);
  add(plan.plan.loss, kernels::Precision::fp32, 1, &Batch::losses);
  add(plan.plan.input_gradient, plan.types.map, size(graph.input), &Batch::input_gradient);
  memory_ = cuda::PinnedMemory(bytes_);
}

void OutputBlock::add(int value, kernels::Precision precision, std::size_t floats,
                      float* Batch::*wanted) {
  if (value == kNoValue) return;
  parts_.push_back({value, precision, floats, bytes_, wanted});
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
    float* const to = batch.*part.wanted;
    if (to == nullptr) continue;
    to_floats(memory_.data() + part.offset, part.precision,
              part.floats * static_cast<std::size_t>(batch.images), to);
  }
}

}  // namespace allconv
