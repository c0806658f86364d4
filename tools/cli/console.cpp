#include "tools/cli/console.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>

#include "engine/support/file_descriptor.hpp"

namespace allconv::cli {

namespace {

// Back to the line's beginning, and erase to its end (ECMA-48).
constexpr std::string_view kWipeLine = "\r\033[K";

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace

void print_result(std::string_view text) {
  const std::string name = "stdout";
  // A copy of the descriptor: closing it tells of errors, and leaves stdout open.
  const int copy = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw_system_error("cannot write", name, errno);
  FileDescriptor output(copy);
  write_all(output, text, name);
  output.close(name);
}

void print_note(std::string_view text) {
  // What cannot be said on stderr cannot be said at all: the result is of no use.
  const std::string_view wipe = stderr_is_terminal() ? kWipeLine : std::string_view{};
  const std::string line = fmt::format("{}allconv: {}\n", wipe, text);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

Diagnostics console_diagnostics() {
  return [](Severity severity, std::string_view text) {
    print_note(severity == Severity::warning ? fmt::format("warning: {}", text)
                                             : std::string(text));
  };
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::lround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), terminal_(stderr_is_terminal()) {}

ProgressBar::~ProgressBar() {
  if (terminal_) std::fwrite(kWipeLine.data(), 1, kWipeLine.size(), stderr);
}

void ProgressBar::update(std::size_t images, std::size_t total, std::string_view note,
                         std::size_t more_images) {
  constexpr std::size_t kCells = 24;
  constexpr auto kPause = std::chrono::milliseconds(100);
  const auto now = Clock::now();
  if (!terminal_ || total == 0 || now - drawn_ < kPause) return;
  drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(images) / std::max(seconds, 1e-3);
  // The rate is of this bar's images, which are like those that come after them.
  const auto left = static_cast<double>(total - std::min(images, total) + more_images);
  const std::size_t filled = std::min(images, total) * kCells / total;
  const std::string line =
      fmt::format("{}{} [{}{}] {}/{}  {:.0f} images/s  {}{}{} left", kWipeLine, label_,
                  std::string(filled, '#'), std::string(kCells - filled, '.'), images, total, rate,
                  note, note.empty() ? "" : "  ", duration_text(left / std::max(rate, 1e-3)));
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace allconv::cli
