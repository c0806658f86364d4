#include "engine/runtime/cpu/thread_pool.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

// Long enough to bridge the steps of a plan, short enough to leave the core to others when idle.
constexpr std::chrono::microseconds kSpin{50};

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Spins until `done()` or the time is over; the clock is read once in 64 turns.
template <class Condition>
bool spin_until(const Condition& done) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int turn = 0; turn < 64; ++turn) {
      if (done()) return true;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

}  // namespace

int available_threads() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    return std::max(1, CPU_COUNT(&allowed));
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

struct ThreadPool::Claim {
  FunctionRef<void(int, int)> body;
  int count;
  std::atomic<int> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;  // written by the thread that set `failed`
};

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(static_cast<std::size_t>(std::max(0, threads - 1)));
  try {
    for (int worker = 1; worker < threads; ++worker) {
      workers_.emplace_back([this, worker] { work(worker); });
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

void ThreadPool::take_indices(Claim& claim, int worker) noexcept {
  try {
    for (;;) {
      const int index = claim.next.fetch_add(1, std::memory_order_relaxed);
      if (index >= claim.count) return;
      claim.body(index, worker);
    }
  } catch (...) {
    claim.next = claim.count;
    if (!claim.failed.exchange(true)) claim.failure = std::current_exception();
  }
}

void ThreadPool::wait_until_idle() {
  const auto idle = [this] { return busy_.load(std::memory_order_acquire) == 0; };
  if (spin_until(idle)) return;
  for (int busy = busy_.load(std::memory_order_acquire); busy != 0;
       busy = busy_.load(std::memory_order_acquire)) {
    busy_.wait(busy, std::memory_order_acquire);
  }
}

void ThreadPool::parallel_for(int count, FunctionRef<void(int, int)> body) {
  if (workers_.empty() || count <= 1) {
    for (int index = 0; index < count; ++index) body(index, 0);
    return;
  }
  Claim claim{.body = body, .count = count, .failure = {}};
  claim_ = &claim;
  ++generation_;
  if (sleepers_ > 0) {
    // Between a sleeper's last look at the generation and its sleep it holds the mutex.
    { const std::scoped_lock lock(mutex_); }
    wake_.notify_all();
  }
  take_indices(claim, 0);
  claim_ = nullptr;  // no further worker joins; `busy_` counts those that may have
  wait_until_idle();
  if (claim.failure) std::rethrow_exception(claim.failure);
}

// A worker counts itself busy before it looks for a claim, and the caller withdraws the claim
// before it looks for busy workers: in the one order of all these (they are sequentially
// consistent) either the worker finds no claim or the caller waits for it.
void ThreadPool::join_claim(int worker) {
  ++busy_;
  if (Claim* const claim = claim_; claim != nullptr) take_indices(*claim, worker);
  if (--busy_ == 0) busy_.notify_one();
}

void ThreadPool::work(int worker) {
  std::uint64_t seen = 0;
  const auto has_work = [&] { return generation_ != seen || job_count_ > 0 || stopping_; };
  for (;;) {
    if (!spin_until(has_work)) {
      std::unique_lock lock(mutex_);
      ++sleepers_;
      wake_.wait(lock, has_work);
      --sleepers_;
    }
    if (stopping_) return;
    if (const std::uint64_t generation = generation_; generation != seen) {
      seen = generation;
      join_claim(worker);
    } else {
      run_one_job();
    }
  }
}

void ThreadPool::enqueue(std::function<void()> job) {
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(std::move(job));
    ++job_count_;
  }
  wake_.notify_one();
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
