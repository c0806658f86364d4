// Walks an action through the failure of each of its allocations.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <string>

#include "engine/support/error.hpp"
#include "tests/allocation_faults/failing_new.hpp"

namespace allconv::allocation_faults {

// Whether the action came to its end; else it threw what may be thrown.
inline bool succeeds(const std::function<void()>& action) {
  try {
    action();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  } catch (const Error&) {
    return false;
  }
}

// Runs the action with its first allocation failing, then with the second, until it needs no more;
// then the same with all later ones failing too. Anything thrown but std::bad_alloc and
// allconv::Error fails the test. `check` sees what is left after each failure.
inline void walk(const std::function<void()>& action, const std::function<void()>& check) {
  action();  // what is made once in a process is made
  long needed = 0;
  for (const bool for_good : {false, true}) {
    bool has_failed = true;
    for (long at = 1; has_failed; ++at) {
      SCOPED_TRACE("allocation " + std::to_string(at) + (for_good ? " and all later ones" : ""));
      {
        const FailingNew failing(at, for_good);
        const bool succeeded = succeeds(action);
        needed = failing.count();
        has_failed = !succeeded || needed >= at;
      }
      check();
    }
  }
  EXPECT_GT(needed, 0) << "nothing was allocated";
}

// After each failure the action must succeed.
inline void walk(const std::function<void()>& action) { walk(action, action); }

}  // namespace allconv::allocation_faults
