// One image of a data set, from its bytes to the network's size: what decoding threads do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/data/data_set.hpp"
#include "engine/prepare/resize.hpp"

namespace allconv {

// exact: as Pillow decodes and resizes. fast: a JPEG is scaled while it is decoded, to at least
// twice the target's size, which costs less and moves pixels a little.
enum class DecodeMode { exact, fast };

struct LoadOptions {
  ImageTarget target;
  DecodeMode mode = DecodeMode::exact;
  std::int64_t pixel_limit = kDefaultPixelLimit;
};

DecodeOptions decode_options(const LoadOptions& options, MemoryBudget* memory = nullptr);

// Decodes and resizes what DataSet::read() gave for image `index` into `dst`, (target.height,
// target.width, 3); on an error the contents of `dst` are undefined. Lack of memory is an error of
// the image too.
std::optional<ImageError> decode_resized(const DataSet& data, std::size_t index, ReadResult read,
                                         const LoadOptions& options, MemoryBudget* memory,
                                         std::span<std::uint8_t> dst) noexcept;

}  // namespace allconv
