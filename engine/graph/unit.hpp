// Units of interest: which unit of a network is asked about, and what it can see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/graph/network.hpp"
#include "kernels/unit_signal/problem.hpp"

namespace allconv {

// Index in the network's layers of the convolution of that name. Throws Error{usage} that lists the
// names.
std::size_t find_convolution(const NetworkDescription& network, std::string_view name);

// The one whose output becomes the logits; the network must have one.
std::size_t last_convolution(const NetworkDescription& network);

// The map of a convolution's units: its output after its ReLU.
Shape unit_shape(const NetworkDescription& network, std::size_t convolution);

// The map where an explanation's signal starts: a layer's output, by index, or without one the
// logits.
Shape signal_shape(const NetworkDescription& network, std::optional<std::size_t> layer);

// Throws Error{usage} that says the range, for a channel, row or column that the map has not.
void check_unit(const Shape& map, const kernels::UnitChoice& unit, std::string_view layer);

// Whether the network has a ReLU, leaky or not: without any all methods are the same.
bool has_relu(const NetworkDescription& network);

// A rectangle of the input in pixels, which may reach beyond it: in a deep network of many strides
// farther than an int does.
struct ReceptiveField {
  std::int64_t row = 0, column = 0;  // of its first pixel
  std::int64_t height = 1, width = 1;
  friend bool operator==(const ReceptiveField&, const ReceptiveField&) = default;
};

// The pixels on which the unit at that position of a convolution's output depends. Extents stop at
// 2^40 pixels.
ReceptiveField receptive_field(const NetworkDescription& network, std::size_t convolution, int row,
                               int column);

}  // namespace allconv
