#include "tests/simt/signals.hpp"

#include <signal.h>

#include <cstddef>
#include <vector>

#include "tests/simt/block.hpp"
#include "tests/simt/sanitizers.hpp"
#include "tests/simt/text.hpp"

namespace allconv::simt {

namespace {

// The signal comes from the kernel's own code, so that functions which no signal handler may call
// from elsewhere are safe here. The handler never returns: its fibre ends. Anybody else's bad
// access ends the program as ever.
void on_bad_access(int signal, siginfo_t* info, void*) {
  CudaThread* thread = BlockRunner::current();
  if (thread == nullptr) {
    ::signal(signal, SIG_DFL);
    return;
  }
  if (thread->runner->overflowed(info->si_addr)) {
    thread->runner->fault(*thread, cat("its local variables need more than ",
                                       FibreStacks::kBytes / 1024, " KiB of stack"));
  }
  thread->runner->fault(*thread, cat("access to address ", info->si_addr, ", where no memory is"));
}

// A signal needs a stack of its own: the thread's may be what overflowed.
class SignalStack {
 public:
  SignalStack() : memory_(kBytes) {
    const stack_t stack{.ss_sp = memory_.data(), .ss_flags = 0, .ss_size = memory_.size()};
    sigaltstack(&stack, &before_);
  }
  ~SignalStack() { sigaltstack(&before_, nullptr); }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  static constexpr std::size_t kBytes = std::size_t{64} * 1024;
  std::vector<std::byte> memory_;
  stack_t before_{};
};

void install_handlers() {
  struct sigaction action = {};
  action.sa_sigaction = on_bad_access;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

void catch_bad_accesses() {
  if (kAddressSanitizer || kRaceDetector) return;  // they say more themselves
  static thread_local const SignalStack stack;
  static const bool installed = (install_handlers(), true);
  static_cast<void>(installed);
}

}  // namespace allconv::simt
