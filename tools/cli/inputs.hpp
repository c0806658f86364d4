// Inputs of several arguments.
#pragma once

#include <string>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/support/diagnostics.hpp"

namespace allconv::cli {

// All of them in the order given; labels are not to be used. Throws as open_data() does, and
// Error{interrupted}.
DataSet open_inputs(const std::vector<std::string>& paths, Split split,
                    const Diagnostics& diagnostics);

}  // namespace allconv::cli
