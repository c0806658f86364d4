// kernels/ptx/cp_async.cuh without a GPU. A copy arrives as late as it may.
#pragma once

#include "tests/simt/device.hpp"

namespace allconv::kernels::ptx {

inline void cp_async_16(void* shared, const void* global, bool valid,
                        const simt::Site& site = simt::Site::current()) {
  simt::begin_copy({.to = shared, .from = global, .bytes = 16, .valid_bytes = valid ? 16U : 0U},
                   site);
}

inline void cp_async_4(void* shared, const void* global, bool valid,
                       const simt::Site& site = simt::Site::current()) {
  simt::begin_copy({.to = shared, .from = global, .bytes = 4, .valid_bytes = valid ? 4U : 0U},
                   site);
}

inline void cp_async_commit() { simt::commit_copies(); }

template <int kPending>
void cp_async_wait() {
  simt::wait_for_copies(kPending);
}

}  // namespace allconv::kernels::ptx
