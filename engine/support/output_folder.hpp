// The folder of several results.
#pragma once

#include <string>

namespace allconv {

// Makes the folder where it is missing, in one that exists, and looks whether files can be written
// there: hours of work must not end with a folder that takes no files. Throws Error{io}.
void prepare_output_folder(const std::string& folder);

}  // namespace allconv
