// Tuning: times every accepting kernel of every step of a network and keeps the order.
#pragma once

#include <string>

#include "engine/graph/network.hpp"
#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

struct TuneOptions {
  std::string device;    // what the file is to name
  int batch_size = 128;  // of training: it decides the size of a micro-batch
  double seconds_a_row = 0.2;
  kernels::RowLimits limits = {};
};

// Told before each problem: how many are done, of how many.
using TuneProgress = FunctionRef<void(std::size_t done, std::size_t total)>;

// Times on one thread, with the plans' own micro-batches. A row that is seconds slower than the
// rest runs once. Throws Error as make_plan() does.
TuningFile tune_network(const NetworkDescription& network, const TuneOptions& options,
                        TuneProgress progress);

}  // namespace allconv
