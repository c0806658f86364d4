// The operation suite: every kernel of every table against the reference of its operation. Linked
// to the CPU's rows or to those of CUDA GPUs: test_operations, test_cuda_operations.
//
//     test_operations                        all quick problems, and the references' own tests
//     test_operations --full                 the networks' full-size problems
//     test_operations --operation=relu_forward --row=... --problem=... --data=integers --seed=7
#include <gtest/gtest.h>

#include <cstdio>
#include <exception>

#include "tests/operations/suite/harness.hpp"

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  try {
    const auto options = allconv::suite::parse_options(count, arguments);
    allconv::suite::register_tests(options);
    if (!options.operation.empty()) GTEST_FLAG_SET(filter, options.operation + ".*");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", arguments[0], error.what());
    return 2;
  }
  return RUN_ALL_TESTS();
}
