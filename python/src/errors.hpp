// Errors of the library as exceptions of the package.
#pragma once

#include <string>

#include "allconv/allconv.hpp"

namespace allconv::python {

// Every allconv::Error that leaves the extension module becomes the class that allconv/_errors.py
// has for its status. Called while the module is made.
void register_errors();

// For arguments that cannot be meant: allconv.UsageError.
[[noreturn]] inline void refuse(const std::string& sentence) {
  throw Error(ALLCONV_USAGE, sentence);
}

}  // namespace allconv::python
