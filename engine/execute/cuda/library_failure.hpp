// A failure of a library while its kernels are made or enqueued, as an error of the device.
#pragma once

#include <string_view>

#include "engine/support/error.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv {

// What `work` returns. Throws Error{device} at `where` in the place of a LibraryError.
template <class Work>
auto with_library(std::string_view where, const Work& work) {
  try {
    return work();
  } catch (const kernels::LibraryError& error) {
    throw Error(ErrorKind::device, error.what(), where,
                "use --deterministic, which needs no library");
  }
}

}  // namespace allconv
