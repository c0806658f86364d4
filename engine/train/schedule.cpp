#include "engine/train/schedule.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <numbers>

#include "engine/support/error.hpp"

namespace allconv {

double Schedule::rate(double base, const ScheduleTime& time) const {
  const double now = time.epoch + time.done;
  if (time.epoch < warm_up) return base * (now + time.step) / warm_up;
  if (shape == Shape::cosine) {
    return base / 2 * (1 + std::cos(std::numbers::pi * (now - warm_up) / (time.epochs - warm_up)));
  }
  double rate = base;
  for (const int step : steps) {
    if (time.epoch >= step) rate *= 0.1;
  }
  return rate;
}

Schedule parse_schedule(std::string_view text) {
  constexpr std::string_view kStep = "step:";
  const auto refuse = [text](std::string_view why) {
    return Error(ErrorKind::usage, fmt::format("\"{}\" {}", text, why), "--schedule",
                 "write cosine, or epochs in rising order, as in step:200,250,300");
  };
  if (text == "cosine") return {.shape = Schedule::Shape::cosine, .steps = {}};
  if (!text.starts_with(kStep)) throw refuse("is not a schedule");
  Schedule schedule{.steps = {}};
  std::string_view rest = text.substr(kStep.size());
  do {
    int epoch = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), epoch);
    if (error != std::errc{}) throw refuse("has an epoch that is not a number");
    if (epoch < 1 || (!schedule.steps.empty() && epoch <= schedule.steps.back())) {
      throw refuse("has epochs that do not rise from 1");
    }
    schedule.steps.push_back(epoch);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.empty() && rest.front() != ',') throw refuse("has more than numbers and commas");
    if (!rest.empty())
      rest.remove_prefix(1);
    else
      return schedule;
  } while (true);
}

void check_schedule(const Schedule& schedule, int epochs) {
  const bool cosine = schedule.shape == Schedule::Shape::cosine;
  if (cosine && schedule.warm_up >= epochs) {
    throw Error(ErrorKind::usage,
                fmt::format("{} epochs of warm-up leave nothing of {} epochs for the cosine",
                            schedule.warm_up, epochs),
                "--warm-up", "give fewer, or more --epochs");
  }
  if (!cosine && schedule.warm_up > 0 && schedule.warm_up > schedule.steps.front()) {
    throw Error(ErrorKind::usage,
                fmt::format("the rate still rises in epoch {}, when the schedule lowers it",
                            schedule.steps.front()),
                "--warm-up", "give fewer epochs, or a later first step");
  }
}

}  // namespace allconv
