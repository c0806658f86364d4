// One run of a prepared kernel in guarded memory, and what can be said of it without a reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/operations/suite/trial.hpp"

namespace allconv::suite {

using Faults = std::vector<std::string>;  // sentences; empty: all is well

enum class Schedule {
  in_order,
  shuffled,     // parts in an order drawn from the seed
  together,     // all parts by one call
  two_threads,  // each takes the next of several uneven intervals of parts, in an order drawn from
                // the seed, with its own workspace
};

struct Execution {
  std::map<std::string, std::vector<std::byte>> results;  // of outputs and updated tensors, plain
  Faults faults;                                          // damaged guards and changed inputs
};

Execution execute(const Subject& subject, const TensorList& tensors, Schedule schedule,
                  std::uint64_t seed);

// Elements whose bits differ between two runs, one sentence a tensor; `how` completes "differs
// ...".
Faults compare_bits(const TensorList& tensors, const Execution& first, const Execution& second,
                    const std::string& how);

// Packing must stay within its memory; unpacking what kernels write must give the weights back.
Faults check_packing(const Subject& subject, const TensorList& tensors);

}  // namespace allconv::suite
