#include "engine/train/schedule.hpp"

#include <fmt/format.h>

#include <charconv>

#include "engine/support/error.hpp"

namespace allconv {

double Schedule::rate(double base, int epoch) const {
  double rate = base;
  for (const int step : steps) {
    if (epoch >= step) rate *= 0.1;
  }
  return rate;
}

Schedule parse_schedule(std::string_view text) {
  constexpr std::string_view kStep = "step:";
  const auto refuse = [text](std::string_view why) {
    return Error(ErrorKind::usage, fmt::format("\"{}\" {}", text, why), "--schedule",
                 "write epochs in rising order, as in step:200,250,300");
  };
  if (text == "cosine") {
    throw Error(ErrorKind::usage, "this version has no cosine schedule", "--schedule",
                "use step:EPOCH,...");
  }
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

}  // namespace allconv
