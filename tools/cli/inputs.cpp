#include "tools/cli/inputs.hpp"

#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

DataSet open_inputs(const std::vector<std::string>& paths, Split split,
                    const Diagnostics& diagnostics) {
  DataSet data;
  for (const std::string& path : paths)
    data.append(open_data(path, split, OpenMode::score, diagnostics, interrupted));
  return data;
}

}  // namespace allconv::cli
