// Stands in for cuDNN on the emulated GPU: the backend interface as far as the project uses it, as
// strict about attributes, types and order as the real one, with engines of every kind of note, and
// convolutions by plain loops, written apart from the project's reference.
//
// It is linked into tests, and a shared library of its own that the program loads in cuDNN's place.
#pragma once

#include "kernels/libraries/cudnn_abi.hpp"
#include "tests/simt/stand_ins/calls.hpp"

namespace allconv::stand_in {

kernels::cudnn_abi::Functions cudnn_functions();

Calls& cudnn_calls();

// Whether every engine refuses every problem from now on.
void refuse_all_of_cudnn(bool refuses);

// Descriptors and handles that have not been given back.
int cudnn_objects();

// What the stand-in describes its GPU as.
inline constexpr const char* kCudnnDevice = R"({"deviceName":"stand-in","deviceVer":900})";

}  // namespace allconv::stand_in
