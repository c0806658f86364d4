// Learning rate schedules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace allconv {

// Where a step stands in a training.
struct ScheduleTime {
  int epoch = 0;    // from 0
  double done = 0;  // share of the epoch's steps before this one, [0, 1)
  double step = 1;  // share of an epoch that this step is
  int epochs = 1;   // of the whole training
};

// step: the rate is multiplied by 0.1 at the beginning of each listed epoch, counted from 0.
// cosine: it falls from step to step along half a cosine, from all of it behind the warm-up to
// nothing at the end of the last epoch (Loshchilov and Hutter 2017, arXiv 1608.03983, equation 5,
// without restarts).
// Warm-up: before that it rises by an equal amount a step (Goyal et al. 2017, arXiv 1706.02677,
// section 2.2).
struct Schedule {
  enum class Shape { step, cosine };

  Shape shape = Shape::step;
  std::vector<int> steps = {200, 250, 300};  // of Shape::step
  int warm_up = 0;                           // epochs

  double rate(double base, const ScheduleTime& time) const;
};

// "step:200,250,300" or "cosine". Throws Error{usage} for anything else, and for epochs that do not
// rise.
Schedule parse_schedule(std::string_view text);

// Throws Error{usage} where the warm-up leaves nothing of the schedule.
void check_schedule(const Schedule& schedule, int epochs);

}  // namespace allconv
