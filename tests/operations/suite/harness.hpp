// Turns every (case, problem, data, row) into a GoogleTest of the name
//     conv2d_forward.conv2d_forward_cpu_onednn/n1h8w8c3k4r3s3u1v1p1e0slope0/integers
//     conv2d_forward.conv2d_forward_cuda_sm80/n1h8w8c3k4r3s3u1v1p1e0slope0/fp16/integers
#pragma once

#include "tests/operations/suite/options.hpp"

namespace allconv::suite {

// Registers all tests that the options ask for; returns how many. Throws std::invalid_argument for
// a case, row, problem or variant that does not exist.
int register_tests(const Options& options);

}  // namespace allconv::suite
