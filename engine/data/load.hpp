// One image of a data set, from its file to the network's size: what decoding threads do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/data/data_set.hpp"
#include "engine/data/resize.hpp"

namespace allconv {

// Loads, decodes and resizes image `index` into `dst`, (target.height, target.width, 3); on an
// error the contents of `dst` are undefined. Never throws: lack of memory is an error of the image
// too.
std::optional<ImageError> load_resized(const DataSet& data, std::size_t index,
                                       const ImageTarget& target,
                                       std::span<std::uint8_t> dst) noexcept;

}  // namespace allconv
