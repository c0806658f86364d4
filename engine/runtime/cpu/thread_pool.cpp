#include "engine/runtime/cpu/thread_pool.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

using Clock = std::chrono::steady_clock;

// Long enough to bridge the steps of a plan, short enough to leave the core to others when idle.
constexpr std::chrono::microseconds kSpin{50};

// Shorter than what the system lets a thread run when others want its core (about 3 ms on Linux,
// rounded up to a tick of 1 to 4 ms), so that it is seldom interrupted within a task.
constexpr std::chrono::milliseconds kTurn{2};

// A thread that gave up its core for longer shares it with another program.
constexpr std::chrono::microseconds kCrowded{500};

constexpr int kAnyCore = -1;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Spins until `done()` or the time is over; the clock is read once in 64 turns.
template <class Condition>
bool spin_until(const Condition& done) {
  const auto deadline = Clock::now() + kSpin;
  do {
    for (int turn = 0; turn < 64; ++turn) {
      if (done()) return true;
      pause_briefly();
    }
  } while (Clock::now() < deadline);
  return false;
}

}  // namespace

struct ThreadPool::Region {
  FunctionRef<int()> next_stage;
  FunctionRef<void(int, int)> body;
  std::atomic<std::uint64_t> claims{0};  // the stage's tasks, and in the low half those claimed
  std::atomic<int> unfinished{0};        // tasks of the stage
  std::atomic<bool> done{false};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;  // written by the thread that set `failed`

  static bool all_claimed(std::uint64_t claims) { return (claims & UINT32_MAX) >= claims >> 32; }
  bool has_task() const { return !all_claimed(claims); }

  // The next task of the stage, or -1. The count is read with the claim, so that a claim is one of
  // the stage that it was made in.
  int claim() {
    if (!has_task()) return -1;
    const std::uint64_t before = claims.fetch_add(1);
    return all_claimed(before) ? -1 : static_cast<int>(before & UINT32_MAX);
  }

  // What `run` throws ends the region.
  template <class Run>
  void guard(const Run& run) noexcept {
    try {
      run();
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
};

struct alignas(64) ThreadPool::Slot {
  std::atomic<Region*> region{nullptr};
  std::atomic<bool> taken{false};
  std::atomic<int> visitors{0};  // threads that may use the region

  // Calls visit(region) where there is one. A visitor counts itself before it looks for the region,
  // and the owner withdraws the region before it looks for visitors: in the one order of all these
  // (they are sequentially consistent) either the visitor finds none or the owner waits for it.
  template <class Visit>
  bool with_region(const Visit& visit) {
    if (region == nullptr) return false;
    ++visitors;
    Region* const found = region;
    const bool result = found != nullptr && visit(*found);
    --visitors;
    return result;
  }
};

struct alignas(64) ThreadPool::Thread {
  int depth = 0;  // of tasks that it is within
  Clock::time_point turn_began;
  std::atomic<int> core{kAnyCore};   // its own, while threads are bound
  std::atomic<bool> crowded{false};  // another program shares its core

  bool turn_is_over() const { return Clock::now() - turn_began > kTurn; }

  // Holding no task. Costs less than a microsecond where no other program wants the core.
  void end_turn() {
    const auto before = Clock::now();
    sched_yield();
    turn_began = Clock::now();
    crowded = turn_began - before > kCrowded;
  }
};

ThreadPool::ThreadPool(int threads)
    : threads_(std::make_unique<Thread[]>(static_cast<std::size_t>(std::max(1, threads)))),
      slots_(std::make_unique<Slot[]>(2 * static_cast<std::size_t>(std::max(1, threads)))),
      slot_count_(2 * std::max(1, threads)) {
  if (const std::vector<int> cores = allowed_cores(); static_cast<int>(cores.size()) == threads) {
    may_bind_ = threads > 1;
    for (std::size_t i = 0; i < cores.size(); ++i) threads_[i].core = cores[i];
  }
  workers_.reserve(static_cast<std::size_t>(std::max(0, threads - 1)));
  try {
    for (int thread = 1; thread < threads; ++thread) {
      workers_.emplace_back([this, thread] { work(thread); });
    }
  } catch (const std::system_error& error) {
    stop();
    throw Error(ErrorKind::device, std::string("cannot start a thread: ") + error.what(),
                "--threads", "use fewer threads");
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

ThreadPool::Thread& ThreadPool::thread_at(int thread) {
  return threads_[static_cast<std::size_t>(thread)];
}

ThreadPool::Slot& ThreadPool::publish(Region& region) {
  Slot* slot = slots_.get();
  while (slot->taken.exchange(true)) ++slot;  // no thread is within more than one loop and a task
  slot->region = &region;
  announce();
  return *slot;
}

void ThreadPool::withdraw(Slot& slot) {
  slot.region = nullptr;
  while (slot.visitors != 0) sched_yield();  // on their way out
  slot.taken = false;
}

// A resting thread first counts itself idle, then looks for tasks, then waits for the generation to
// change; a task is published first, then idle threads are looked for: one sees the other.
void ThreadPool::announce() {
  if (idle_ == 0) return;
  ++generation_;
  if (sleepers_ == 0) return;
  // Between a sleeper's last look at the generation and its sleep it holds the mutex.
  { const std::scoped_lock lock(mutex_); }
  wake_.notify_all();
}

void ThreadPool::begin_stage(Region& region) {
  int count = 0;
  if (!region.failed) region.guard([&] { count = region.next_stage(); });
  region.unfinished = count;
  region.claims = static_cast<std::uint64_t>(count) << 32;
  if (count == 0) region.done = true;
}

void ThreadPool::run_task(Region& region, int index, int thread) {
  Thread& self = thread_at(thread);
  ++self.depth;
  if (!region.failed) region.guard([&] { region.body(index, thread); });
  --self.depth;
}

// Runs tasks until none is left to claim or the thread's turn is over; false: it found none.
bool ThreadPool::take_tasks(Region& region, int thread) {
  const Thread& self = thread_at(thread);
  bool found = false;
  for (int index = region.claim(); index >= 0; index = region.claim()) {
    found = true;
    run_task(region, index, thread);
    if (region.unfinished.fetch_sub(1) == 1) {
      begin_stage(region);
      announce();
    }
    if (self.turn_is_over()) break;
  }
  return found;
}

bool ThreadPool::help(int thread) {
  bool found = false;
  for (int i = 0; i < slot_count_ && !found; ++i) {
    found = slots_[static_cast<std::size_t>(i)].with_region(
        [&](Region& region) { return take_tasks(region, thread); });
  }
  // Outside of the region, which must not wait for a thread that has no core.
  Thread& self = thread_at(thread);
  if (found && self.turn_is_over()) self.end_turn();
  return found;
}

bool ThreadPool::any_task() {
  return std::any_of(slots_.get(), slots_.get() + slot_count_, [](Slot& slot) {
    return slot.with_region([](const Region& region) { return region.has_task(); });
  });
}

// Waits for the next announcement, unless done() is true already or becomes so.
template <class Condition>
void ThreadPool::rest(int thread, const Condition& done) {
  ++idle_;
  const std::uint64_t seen = generation_;
  const auto over = [&] { return generation_ != seen || done(); };
  Thread& self = thread_at(thread);
  const bool may_help = self.depth == 0;
  if (!(may_help && any_task()) && !spin_until(over)) {
    std::unique_lock lock(mutex_);
    ++sleepers_;
    wake_.wait(lock, over);
    --sleepers_;
    self.turn_began = Clock::now();
  }
  --idle_;
}

// Threads are bound to cores while one of them shares its core. The caller, who alone begins loops,
// takes the core of a thread whose core nobody else wants.
void ThreadPool::bind_caller(std::optional<CoreBinding>& binding) {
  const auto crowded = [](const Thread& thread) { return thread.crowded.load(); };
  Thread* const end = threads_.get() + threads();
  binding_ = may_bind_ && std::any_of(threads_.get(), end, crowded);
  if (!binding_) return;
  Thread& self = thread_at(0);
  Thread* const other = std::find_if_not(threads_.get(), end, crowded);
  if (self.crowded && other != end) {
    self.core = other->core.exchange(self.core);
    self.crowded = false;
    other->crowded = true;
  }
  binding.emplace(self.core);
}

void ThreadPool::run_stages(int caller, FunctionRef<int()> next_stage,
                            FunctionRef<void(int, int)> body) {
  if (workers_.empty()) {
    for (int count = next_stage(); count > 0; count = next_stage()) {
      for (int index = 0; index < count; ++index) body(index, caller);
    }
    return;
  }
  Thread& self = thread_at(caller);
  std::optional<CoreBinding> binding;
  if (caller == 0 && self.depth == 0) bind_caller(binding);
  Region region{.next_stage = next_stage, .body = body, .failure = {}};
  begin_stage(region);
  Slot& slot = publish(region);
  while (!region.done) {
    if (take_tasks(region, caller)) {
      if (self.turn_is_over()) self.end_turn();
    } else if (self.depth > 0 || !help(caller)) {
      rest(caller, [&] { return region.done || region.has_task(); });
    }
  }
  withdraw(slot);
  if (region.failure) std::rethrow_exception(region.failure);
}

void ThreadPool::parallel_for(int count, FunctionRef<void(int, int)> body) {
  if (count <= 1) {
    for (int index = 0; index < count; ++index) body(index, 0);
    return;
  }
  run_stages(
      0, [&count] { return std::exchange(count, 0); }, body);
}

void ThreadPool::work(int thread) {
  const auto wanted = [this] { return job_count_ > 0 || stopping_; };
  const std::atomic<int>& core = thread_at(thread).core;
  std::optional<CoreBinding> binding;
  int bound = kAnyCore;
  while (!stopping_) {
    if (const int now = binding_ ? core.load() : kAnyCore; now != bound) {
      binding.reset();
      if (now != kAnyCore) binding.emplace(now);
      bound = now;
    }
    if (help(thread)) continue;
    if (job_count_ == 0 || !run_one_job()) rest(thread, wanted);
  }
}

void ThreadPool::enqueue(std::function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(std::move(job));
    ++job_count_;
  }
  wake_.notify_all();  // a caller at rest waits here too
}

bool ThreadPool::run_one_job() {
  std::function<void()> job;
  {
    const std::scoped_lock lock(mutex_);
    if (jobs_.empty()) return false;
    job = std::move(jobs_.front());
    jobs_.pop_front();
    --job_count_;
  }
  job();
  return true;
}

}  // namespace allconv
