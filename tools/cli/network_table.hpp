// A network as a table: one line a layer.
#pragma once

#include <string>

#include "engine/graph/network.hpp"

namespace allconv::cli {

// Layer, what it does, the shape of its output (channels x rows x columns), its parameters and its
// multiply-accumulates an image; closed by the sums. Text ends with a newline. The network is
// valid.
std::string network_table(const NetworkDescription& network);

}  // namespace allconv::cli
