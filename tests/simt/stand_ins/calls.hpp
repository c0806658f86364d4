// Calls of a library's stand-in: counted, and made to fail one at a time.
#pragma once

namespace allconv::stand_in {

class Calls {
 public:
  // The call of that number, from 0, fails once; none: -1. Counting begins anew.
  void fail(int number) {
    failing_ = number;
    count_ = 0;
  }
  int count() const { return count_; }

  // Counts a call; whether it is to fail.
  bool next() { return count_++ == failing_; }

 private:
  int failing_ = -1;
  int count_ = 0;
};

}  // namespace allconv::stand_in
