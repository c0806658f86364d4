// operator new of the whole program, which counts and fails on demand. Linked into a test program
// it takes the place of the C++ library's, for the libraries that the program uses too.
#pragma once

namespace allconv::allocation_faults {

// While it lives, allocation number `at` of all threads together, from 1, throws std::bad_alloc,
// and every later one too if `for_good`. One at a time. 0: none fails.
class FailingNew {
 public:
  explicit FailingNew(long at, bool for_good = false);
  ~FailingNew();
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;

  // Allocations so far, the failed ones among them.
  long count() const;
};

}  // namespace allconv::allocation_faults
