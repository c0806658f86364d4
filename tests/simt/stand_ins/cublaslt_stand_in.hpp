// Stands in for cuBLASLt on the emulated GPU: products as far as the project describes them, by
// plain loops. Linked into tests, and a shared library of its own, as cudnn_stand_in.hpp.
#pragma once

#include "kernels/libraries/cublaslt_abi.hpp"
#include "tests/simt/stand_ins/calls.hpp"

namespace allconv::stand_in {

kernels::cublaslt_abi::Functions cublaslt_functions();

Calls& cublaslt_calls();

// Descriptors and handles that have not been given back.
int cublaslt_objects();

}  // namespace allconv::stand_in
