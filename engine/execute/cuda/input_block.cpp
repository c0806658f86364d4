#include "engine/execute/cuda/input_block.hpp"

#include <cstring>

#include "engine/execute/moved_image.hpp"
#include "engine/runtime/cuda/elements.hpp"
#include "kernels/core/device_alignment.hpp"

namespace allconv {

namespace {

std::size_t image_bytes(const CudaPlan& plan) {
  return plan.input == DeviceInput::pixels
             ? plan.pixels_bytes
             : plan.plan.values[static_cast<std::size_t>(plan.plan.input)].image_bytes;
}

// Rows without the gaps that a pitch leaves.
void copy_pixels(const Batch& batch, const Shape& shape, int image, std::byte* to) {
  const std::size_t row = static_cast<std::size_t>(shape.width) * 3;
  const std::uint8_t* from = batch.pixels[image];
  const std::int64_t pitch = batch.pixel_pitch == 0 ? shape.width * 3 : batch.pixel_pitch;
  for (int i = 0; i < shape.height; ++i) std::memcpy(to + i * row, from + i * pitch, row);
}

void copy_prepared(const CudaPlan& plan, const Batch& batch, int image, std::byte* to) {
  const Shape& shape = plan.plan.graph.network.input;
  const auto floats = static_cast<std::size_t>(shape.size());
  const float* const from = batch.input + static_cast<std::size_t>(image) * floats;
  if (batch.moves == nullptr) {
    return cuda::store_elements({from, floats}, plan.types.map, to);
  }
  std::vector<float> moved(floats);
  copy_moved(from, shape, batch.moves[image], moved.data());
  cuda::store_elements(moved, plan.types.map, to);
}

}  // namespace

InputLayout::InputLayout(const CudaPlan& plan) {
  const auto n = static_cast<std::size_t>(plan.plan.images);
  const auto part = [this](std::size_t& offset, std::size_t part_bytes) {
    offset = bytes;
    bytes += kernels::device_aligned(part_bytes);
  };
  part(images, n * image_bytes(plan));
  part(moves, n * sizeof(kernels::ImageMove));
  part(warps, n * sizeof(kernels::ImageWarp));
  part(labels, n * sizeof(std::int32_t));
  part(units, n * sizeof(kernels::UnitChoice));
  part(values, sizeof(BatchValues));
}

void write_input(const CudaPlan& plan, const InputLayout& layout, const Batch& batch,
                 std::byte* block) {
  const std::size_t bytes = image_bytes(plan);
  auto* const moves = reinterpret_cast<kernels::ImageMove*>(block + layout.moves);
  auto* const warps = reinterpret_cast<kernels::ImageWarp*>(block + layout.warps);
  auto* const labels = reinterpret_cast<std::int32_t*>(block + layout.labels);
  auto* const units = reinterpret_cast<kernels::UnitChoice*>(block + layout.units);
  for (int i = 0; i < plan.plan.images; ++i) {
    const bool present = i < batch.images;
    const int image = present ? i : 0;
    std::byte* const to = block + layout.images + static_cast<std::size_t>(i) * bytes;
    if (has_device_images(batch)) {
      // They are gathered where they are.
    } else if (plan.input == DeviceInput::pixels) {
      copy_pixels(batch, plan.plan.graph.network.input, image, to);
    } else {
      copy_prepared(plan, batch, image, to);
    }
    moves[i] = batch.moves == nullptr ? kernels::ImageMove{} : batch.moves[image];
    warps[i] = batch.warps == nullptr ? kernels::ImageWarp{} : batch.warps[image];
    labels[i] = batch.labels == nullptr || !present ? -1 : batch.labels[image];
    units[i] = batch.units == nullptr ? kernels::UnitChoice{} : batch.units[image];
  }
}

}  // namespace allconv
