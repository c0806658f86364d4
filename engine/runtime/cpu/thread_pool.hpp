// ThreadPool: the threads of one process's CPU backend, shared by the network and the decoders.
//
// Two kinds of work. parallel_for() is foreground: the caller takes part and returns when all is
// done. enqueue() is background: jobs (decoding ahead) that idle threads take in order, and that a
// caller who waits for their result helps to run with run_one_job(). Threads spin briefly for the
// next foreground work, then sleep.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

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

// Hardware threads this process may run on (scheduling affinity), at least 1.
int available_threads();

// Thread-safe for enqueue() and run_one_job(); parallel_for() is for one caller at a time and is
// not reentrant. The destructor drops jobs not yet begun and joins. Throws Error{device} when a
// thread cannot be started.
class ThreadPool {
 public:
  // `threads` counts the caller: threads - 1 are started. At least 1.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(index, worker) for every index in [0, count), each once, in any order, claimed in
  // ascending order; worker is in [0, threads()), the caller is 0. Allocates nothing. What a body
  // throws ends the loop early and is thrown on to the caller, the first of several.
  void parallel_for(int count, FunctionRef<void(int index, int worker)> body);

  // Adds a background job. Jobs must not throw and must not call parallel_for().
  void enqueue(std::function<void()> job);

  // Runs the oldest waiting background job on this thread; false when there is none.
  bool run_one_job();

 private:
  struct Claim;  // one parallel_for in progress

  void work(int worker);
  void join_claim(int worker);
  void stop();
  void wait_until_idle();
  static void take_indices(Claim& claim, int worker) noexcept;

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  std::atomic<Claim*> claim_{nullptr};
  std::atomic<std::uint64_t> generation_{0};  // counts parallel_for calls
  std::atomic<int> job_count_{0};             // of jobs_
  std::atomic<int> busy_{0};                  // workers inside, or about to look for, a claim
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace allconv
