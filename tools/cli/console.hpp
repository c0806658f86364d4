// What the program says: results on stdout, everything else on stderr.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "engine/support/diagnostics.hpp"

namespace allconv::cli {

// Writes to stdout and flushes. Throws Error{io} when it cannot, so that a full disk is noticed.
void print_result(std::string_view text);

// One line on stderr: "allconv: text". Cuts off a progress bar that stands there.
void print_note(std::string_view text);

// Prints notes and warnings of the library as print_note() does.
Diagnostics console_diagnostics();

// Seconds as a reader says them: "48 s", "3 min 12 s", "2 h 05 min".
std::string duration_text(double seconds);

// A bar on stderr, drawn anew at most ten times a second; draws nothing where stderr is no
// terminal. Used by one thread, one at a time; the destructor wipes the line.
class ProgressBar {
 public:
  // `label`: what goes on, "epoch 3/350".
  explicit ProgressBar(std::string label);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `note` stands behind the rate: "loss 1.234". `more_images` come after these `total`, for the
  // time that remains.
  void update(std::size_t images, std::size_t total, std::string_view note = {},
              std::size_t more_images = 0);

 private:
  using Clock = std::chrono::steady_clock;

  std::string label_;
  bool terminal_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_;  // the clock's epoch until the first time
};

}  // namespace allconv::cli
