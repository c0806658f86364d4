#include "tests/simt/block.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "tests/simt/sanitizers.hpp"
#include "tests/simt/static_shared.hpp"
#include "tests/simt/text.hpp"

// What kernels ask who they are. Set at every change of fibres. The names are CUDA's.
// NOLINTBEGIN(readability-identifier-naming)
constinit thread_local uint3 threadIdx{};
constinit thread_local uint3 blockIdx{};
constinit thread_local dim3 blockDim{};
constinit thread_local dim3 gridDim{};
// NOLINTEND(readability-identifier-naming)

namespace allconv::simt {

namespace {

constinit thread_local CudaThread* current_thread = nullptr;

bool same(const char* one, const char* other) {
  return one == other || std::strcmp(one, other) == 0;
}

// Functions are compared too: one line of a template is another place in each of its instances.
bool same(const Site& one, const Site& other) {
  return one.line() == other.line() && one.column() == other.column() &&
         same(one.file_name(), other.file_name()) &&
         same(one.function_name(), other.function_name());
}

bool same(const Collective& one, const Collective& other) {
  return one.mask == other.mask && same(one.name, other.name) && same(one.site, other.site);
}

// The one of `set` that comes first from `start` on, upwards or downwards, around the end.
int first_from(std::uint32_t set, int start, bool upwards) {
  if (upwards) return (start + std::countr_zero(std::rotr(set, start))) % kWarpLanes;
  return (start - std::countl_zero(std::rotl(set, kWarpLanes - 1 - start)) + kWarpLanes) %
         kWarpLanes;
}

}  // namespace

CudaThread* BlockRunner::current() { return current_thread; }

void BlockRunner::enter(void* argument) {
  CudaThread& thread = *static_cast<CudaThread*>(argument);
  BlockRunner& runner = *thread.runner;
  race_acquire(&runner.begin_order_);
  (*runner.body_)();
  race_release(&runner.end_order_);
  thread.state = CudaThread::State::ended;
  ++runner.ended_;
}

void BlockRunner::make_threads(unsigned count) {
  if (kRaceDetector) crew_ ^= 1;
  if (threads_.size() >= count) return;
  const std::size_t crews = kRaceDetector ? 2 : 1;
  fibres_.clear();
  fibres_.resize(crews * count);
  stacks_ = std::make_unique<FibreStacks>(static_cast<int>(crews * count));
  threads_.resize(count);
}

void BlockRunner::prepare(const Grid& grid, const std::function<void()>& body) {
  const unsigned count = grid.threads.x * grid.threads.y * grid.threads.z;
  make_threads(count);
  count_ = static_cast<int>(count);
  ended_ = 0;
  faulted_ = false;
  body_ = &body;
  barriers_.clear();
  warps_.assign((count + kWarpLanes - 1) / kWarpLanes, {});
  ready_warps_ = 0;
  for (int number = 0; number < count_; ++number) {
    CudaThread& thread = threads_[static_cast<std::size_t>(number)];
    const auto flat = static_cast<unsigned>(number);
    thread.runner = this;
    thread.index = {flat % grid.threads.x, flat / grid.threads.x % grid.threads.y,
                    flat / (grid.threads.x * grid.threads.y)};
    thread.warp = number / kWarpLanes;
    thread.lane = number % kWarpLanes;
    thread.copies.clear();
    thread.committed_groups = 0;
    const std::size_t fibre = crew_ * threads_.size() + flat;
    thread.fibre = &fibres_[fibre];
    thread.fibre->start(stacks_->bottom(static_cast<int>(fibre)), enter, &thread);
    warps_[static_cast<std::size_t>(thread.warp)].exists |= 1U << thread.lane;
    make_ready(thread);
  }
  // A worker's blocks are not ordered, unless they have variables at the same addresses.
  if (kRaceDetector && declares_shared(grid.kernel)) race_acquire(&end_order_);
  dynamic_.resize(grid.dynamic_bytes);
  poison_static_shared();
  race_release(&begin_order_);
}

bool BlockRunner::run(const Grid& grid, uint3 block, const std::function<void()>& body,
                      Random random) {
  block_ = block;
  random_ = random;
  prepare(grid, body);
  blockIdx = block;
  blockDim = grid.threads;
  gridDim = grid.blocks;
  const WarpOrder order = settings().order;
  last_warp_ = order == WarpOrder::reverse_greedy ? kWarpLanes - 1 : 0;
  while (!faulted_ && ready_warps_ != 0) run_warp(choose_warp(order), order);
  if (!faulted_ && ended_ < count_) report_standstill();
  if (const auto offset = dynamic_.damage(); offset && !faulted_) {
    faulted_ = true;
    record_fault(cat("block ", text_of(block_), ": wrote outside of its ", dynamic_.size(),
                     " bytes of dynamic shared memory, at byte ", *offset));
  }
  return !faulted_;
}

int BlockRunner::choose_warp(WarpOrder order) {
  if (order == WarpOrder::random) {
    last_warp_ = first_from(ready_warps_, static_cast<int>(random_.below(kWarpLanes)), true);
  } else if ((ready_warps_ >> last_warp_ & 1) == 0) {
    last_warp_ = order == WarpOrder::greedy ? std::countr_zero(ready_warps_)
                                            : 31 - std::countl_zero(ready_warps_);
  }
  return last_warp_;
}

// Each lane that can go on does, once.
void BlockRunner::run_warp(int number, WarpOrder order) {
  Warp& warp = warps_[static_cast<std::size_t>(number)];
  int start = 0;
  bool upwards = true;
  if (order == WarpOrder::random) {
    start = static_cast<int>(random_.below(kWarpLanes));
    upwards = random_.below(2) == 0;
  } else if (order == WarpOrder::reverse_greedy) {
    start = kWarpLanes - 1;
    upwards = false;
  }
  std::uint32_t waiting = warp.ready;
  while (waiting != 0 && !faulted_) {
    const int next = first_from(waiting, start, upwards);
    waiting &= ~(1U << next);
    const int thread = number * kWarpLanes + next;
    resume(threads_[static_cast<std::size_t>(thread)]);
  }
}

void BlockRunner::resume(CudaThread& thread) {
  Warp& warp = warps_[static_cast<std::size_t>(thread.warp)];
  warp.ready &= ~(1U << thread.lane);
  if (warp.ready == 0) ready_warps_ &= ~(1U << thread.warp);
  current_thread = &thread;
  threadIdx = thread.index;
  thread.fibre->resume();
  current_thread = nullptr;
}

void BlockRunner::make_ready(CudaThread& thread) {
  thread.state = CudaThread::State::ready;
  warps_[static_cast<std::size_t>(thread.warp)].ready |= 1U << thread.lane;
  ready_warps_ |= 1U << thread.warp;
}

void BlockRunner::meet(CudaThread& thread, const Collective& collective, void* operands,
                       Compute compute) {
  Warp& warp = warps_[static_cast<std::size_t>(thread.warp)];
  char& order = warp.order[crew_][warp.phase];
  thread.waits_in = collective;
  thread.operands = operands;
  if ((collective.mask >> thread.lane & 1) == 0) {
    std::string text = cat(place(thread), ": its mask ", hex(collective.mask), " leaves lane ",
                           thread.lane, " out, which calls it");
    fault(thread, std::move(text));
  }
  if (collective.orders_memory) race_release(&order);
  if (!join_group(warp, thread, compute)) wait(thread);
  if (collective.orders_memory) race_acquire(&order);
}

// Whether the thread is the last of its group, which is finished then.
bool BlockRunner::join_group(Warp& warp, CudaThread& thread, Compute compute) {
  const Fibre::AsMachine machine(*thread.fibre);
  const Collective& collective = thread.waits_in;
  const std::uint32_t self = 1U << thread.lane;
  const std::uint32_t wanted = collective.aligned ? kFullMask : collective.mask & warp.exists;
  std::size_t at = 0;
  while (at < warp.groups.size() && !same(warp.groups[at].collective, collective)) ++at;
  if (at == warp.groups.size()) warp.groups.push_back({.collective = collective});
  warp.groups[at].arrived |= self;
  thread.state = CudaThread::State::in_collective;
  if (warp.groups[at].arrived != wanted) return false;
  finish_group(warp, thread, at, compute);
  thread.state = CudaThread::State::ready;
  return true;
}

// The last to arrive goes on at once, the others when the warp moves again.
void BlockRunner::finish_group(Warp& warp, const CudaThread& last, std::size_t at,
                               Compute compute) {
  void* operands[kWarpLanes] = {};
  const std::uint32_t arrived = warp.groups[at].arrived;
  warp.groups.erase(warp.groups.begin() + static_cast<std::ptrdiff_t>(at));
  warp.phase ^= 1;
  const auto first = threads_.begin() + std::ptrdiff_t{last.warp} * kWarpLanes;
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    if (arrived >> lane & 1) operands[lane] = first[lane].operands;
  }
  compute(operands);
  for (int lane = 0; lane < kWarpLanes; ++lane) {
    if ((arrived >> lane & 1) && lane != last.lane) make_ready(first[lane]);
  }
}

void BlockRunner::block_barrier(CudaThread& thread, const char* name, const Site& site) {
  thread.waits_in = {.name = name, .site = site};
  char& order = barrier_order_[crew_][barrier_phase_];
  race_release(&order);
  join_barrier(thread);
  wait(thread);
  race_acquire(&order);
}

void BlockRunner::join_barrier(CudaThread& thread) {
  const Fibre::AsMachine machine(*thread.fibre);
  const Collective& here = thread.waits_in;
  auto barrier = std::find_if(barriers_.begin(), barriers_.end(), [&](const Barrier& other) {
    return same(other.name, here.name) && same(other.site, here.site);
  });
  if (barrier == barriers_.end()) {
    barriers_.push_back({.name = here.name, .site = here.site});
    barrier = barriers_.end() - 1;
  }
  thread.state = CudaThread::State::in_barrier;
  if (++barrier->arrived == count_) finish_barrier();
}

// After a fault it may be for ever: what the thread has done until now is over then.
void BlockRunner::wait(CudaThread& thread) {
  race_release(&end_order_);
  thread.fibre->give_way();
}

void BlockRunner::finish_barrier() {
  barriers_.clear();
  barrier_phase_ ^= 1;
  for (int number = 0; number < count_; ++number) {
    make_ready(threads_[static_cast<std::size_t>(number)]);
  }
}

std::string BlockRunner::place(const CudaThread& thread) const {
  return cat(thread.waits_in.name, " at ", text_of(thread.waits_in.site));
}

void BlockRunner::finish_grid() { race_acquire(&end_order_); }

// The stack is left as it is: nothing on it may hold memory any more.
void BlockRunner::fault(CudaThread& thread, std::string text) {
  race_release(&end_order_);
  const Fibre::AsMachine machine(*thread.fibre);
  race_acquire(&end_order_);
  faulted_ = true;
  text.insert(0, cat("block ", text_of(block_), ", thread ", text_of(thread.index), ": "));
  record_fault(std::move(text));
  thread.fibre->end();
}

// Nobody can go on, and some have not ended: says who waits where.
void BlockRunner::report_standstill() {
  struct Crowd {
    int count = 0;
    uint3 first{};
  };
  std::map<std::string, Crowd> crowds;
  bool at_barrier = false;
  for (int number = 0; number < count_; ++number) {
    const CudaThread& thread = threads_[static_cast<std::size_t>(number)];
    std::string where = "have ended";
    if (thread.state == CudaThread::State::in_barrier) {
      where = cat("wait in ", place(thread));
      at_barrier = true;
    } else if (thread.state == CudaThread::State::in_collective) {
      where = cat("wait in ", place(thread), " for the lanes of ", hex(thread.waits_in.mask));
    }
    Crowd& crowd = crowds[where];
    if (crowd.count++ == 0) crowd.first = thread.index;
  }
  std::string text = at_barrier ? "divergent barrier" : "divergent collective";
  for (const auto& [where, crowd] : crowds) {
    text += cat("; ", crowd.count, " threads from ", text_of(crowd.first), " on ", where);
  }
  faulted_ = true;
  record_fault(cat("block ", text_of(block_), ": ", text));
}

}  // namespace allconv::simt
