#include "engine/runtime/cpu/cores.hpp"

#include <algorithm>
#include <thread>

namespace allconv {

std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  }
  return cores;
}

int available_threads() {
  const std::vector<int> cores = allowed_cores();
  if (!cores.empty()) return static_cast<int>(cores.size());
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

CoreBinding::CoreBinding(int core) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(core, &only);
  bound_ = sched_getaffinity(0, sizeof before_, &before_) == 0 &&
           sched_setaffinity(0, sizeof only, &only) == 0;
}

CoreBinding::~CoreBinding() {
  // What may fail here has failed before: the mask was the thread's own.
  if (bound_) static_cast<void>(sched_setaffinity(0, sizeof before_, &before_));
}

}  // namespace allconv
