// ThreadPool: the threads of one process's CPU backend, shared by the network and the decoders.
//
// Two kinds of work. Foreground: parallel_for() and run_stages() return when all is done, and the
// caller takes part. Background: enqueue() adds jobs (decoding ahead) that idle threads take in
// order, and that a caller who waits for their result helps to run with run_one_job(). Threads spin
// briefly for the next foreground work, then sleep.
//
// Where another program shares a core, the system takes the core away for milliseconds. A thread
// that holds a task then makes all others wait. So threads give their core up of their own accord,
// between tasks, before it is taken; the stages of a loop need no leader: whoever finishes the last
// task of one begins the next; and, while a core is shared, a pool with a thread for every core
// binds each to its own for the time of a loop, since the system may put two of them on one core
// and leave another to the other program. Where nobody else wants a core, nothing is bound.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

#include "engine/runtime/cpu/cores.hpp"

namespace allconv {

// A borrowed reference to a callable; no allocation, valid while the callable lives.
template <class Signature>
class FunctionRef;

template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <class Callable>
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef>)
      FunctionRef(Callable&& callable)  // NOLINT: implicit, as std::function
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Arguments... arguments) -> Result {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(arguments...);
        }) {}

  Result operator()(Arguments... arguments) const { return call_(object_, arguments...); }

 private:
  void* object_;
  Result (*call_)(void*, Arguments...);
};

// Thread-safe for enqueue() and run_one_job(). Foreground work is for one caller at a time, which
// is thread 0, and for its tasks, which may run stages of their own. The destructor drops jobs not
// yet begun and joins. Throws Error{device} when a thread cannot be started.
class ThreadPool {
 public:
  // `threads` counts the caller: threads - 1 are started. At least 1.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(index, thread) for every index in [0, count), each once, in any order, claimed in
  // ascending order; thread is in [0, threads()), the caller is 0. Allocates nothing. What a body
  // throws ends the loop early and is thrown on to the caller, the first of several.
  void parallel_for(int count, FunctionRef<void(int index, int thread)> body);

  // Runs stage after stage: next_stage() begins one and returns the number of its tasks, 0 at the
  // end; body(index, thread) is called for each, as by parallel_for(). No two stages overlap, and
  // next_stage() sees all that the stage before wrote; any thread may call it. `caller` is the
  // calling thread: 0, or within a body that body's thread, in which case idle threads help and
  // the caller does nothing else meanwhile. Allocates nothing; throws as parallel_for() does.
  void run_stages(int caller, FunctionRef<int()> next_stage,
                  FunctionRef<void(int index, int thread)> body);

  // Whether a thread has nothing to do at this moment, and would help.
  bool has_idle_thread() const { return idle_.load(std::memory_order_relaxed) > 0; }

  // Adds a background job. Jobs must not throw and must not begin foreground work.
  void enqueue(std::function<void()> job);

  // Runs the oldest waiting background job on this thread; false when there is none.
  bool run_one_job();

 private:
  struct Region;  // one run_stages() in progress
  struct Slot;    // where threads find a region
  struct Thread;  // what a thread knows of itself

  void work(int thread);
  void stop();
  Thread& thread_at(int thread);
  Slot& publish(Region& region);
  void withdraw(Slot& slot);
  bool take_tasks(Region& region, int thread);
  void run_task(Region& region, int index, int thread);
  void begin_stage(Region& region);
  bool help(int thread);
  bool any_task();
  void announce();
  void bind_caller(std::optional<CoreBinding>& binding);
  template <class Condition>
  void rest(int thread, const Condition& done);

  std::vector<std::thread> workers_;
  std::unique_ptr<Thread[]> threads_;  // the caller's and the workers'
  std::unique_ptr<Slot[]> slots_;      // two a thread: a loop, and stages within its body
  int slot_count_ = 0;
  bool may_bind_ = false;             // there is a core for each thread
  std::atomic<bool> binding_{false};  // threads are bound to cores
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;    // guarded by mutex_
  std::atomic<std::uint64_t> generation_{0};  // changes when resting threads should look again
  std::atomic<int> job_count_{0};             // of jobs_
  std::atomic<int> idle_{0};                  // threads at rest, spinning or asleep
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace allconv
