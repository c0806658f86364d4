// Learning rate schedules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace allconv {

// step: the rate is multiplied by 0.1 at the beginning of each listed epoch, counted from 0.
struct Schedule {
  std::vector<int> steps = {200, 250, 300};

  double rate(double base, int epoch) const;
};

// "step:200,250,300". Throws Error{usage} for anything else, and for epochs that do not rise.
Schedule parse_schedule(std::string_view text);

}  // namespace allconv
