// Cores: those that the process may use, and threads bound to one of them for a while.
#pragma once

#include <sched.h>

#include <vector>

namespace allconv {

// The cores that the calling thread may run on (scheduling affinity), ascending; empty where the
// system does not tell.
std::vector<int> allowed_cores();

// Hardware threads that the calling thread may run on, at least 1.
int available_threads();

// Binds the calling thread to one core while it lives; afterwards the thread may run where it could
// before. A core that the system refuses leaves the thread unbound.
class CoreBinding {
 public:
  explicit CoreBinding(int core);
  ~CoreBinding();
  CoreBinding(const CoreBinding&) = delete;
  CoreBinding& operator=(const CoreBinding&) = delete;

 private:
  cpu_set_t before_;
  bool bound_ = false;
};

}  // namespace allconv
