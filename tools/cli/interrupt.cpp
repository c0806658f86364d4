#include "tools/cli/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace allconv::cli {

namespace {

// The only variable of the whole program that a signal handler can reach has to be global.
std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

void install_signal_handlers() {
  const auto handle = [](int) { requested = true; };
  std::signal(SIGINT, handle);
  std::signal(SIGTERM, handle);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool interrupted() { return requested; }

}  // namespace allconv::cli
