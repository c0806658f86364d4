// Ctrl-C while the library works.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>

namespace allconv::python {

// Asks Python for signals, at most some 20 times a second: to take its lock may mean to wait for
// another thread. For code that runs without the lock.
class Interrupts {
 public:
  // Throws nanobind::python_error with what a signal's handler raised: KeyboardInterrupt.
  void ask() {
    const Clock::time_point now = Clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return;
    last_ = now;
    const nanobind::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
  }

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point last_ = Clock::now();
};

}  // namespace allconv::python
