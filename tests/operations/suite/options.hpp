// The suite's own flags, beside GoogleTest's: they narrow down what is registered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/operations/suite/data.hpp"

namespace allconv::suite {

struct Options {
  bool full_size = false;        // --full: the networks' full-size problems instead of quick ones
  std::string operation;         // --operation=conv2d_forward: one case
  std::string row;               // --row=conv2d_forward_cpu_onednn: one kernel
  std::string problem;           // --problem=n1h8w8c3k4r3s3: this one, listed or not
  std::string variant;           // --variant=fp16: one precision of a GPU's tensors
  std::optional<DataKind> data;  // --data=integers|reals|specials
  std::uint64_t seed = 1;        // --seed=7
  std::string program;           // by which name it was called
};

// Reads what GoogleTest left of the command line. Throws std::invalid_argument with a sentence.
Options parse_options(int count, const char* const* arguments);

}  // namespace allconv::suite
