// BlockRunner: runs the threads of one block after another on fibres of its own.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simt/device.hpp"
#include "tests/simt/fibre.hpp"
#include "tests/simt/guarded.hpp"
#include "tests/simt/machine.hpp"
#include "tests/simt/random.hpp"

namespace allconv::simt {

class BlockRunner;

// One thread of a block.
struct CudaThread {
  enum class State { ready, in_collective, in_barrier, ended };

  BlockRunner* runner = nullptr;
  Fibre* fibre = nullptr;
  uint3 index{};
  int warp = 0;
  int lane = 0;
  State state = State::ready;
  Collective waits_in{};     // what it waits in, or waited in last
  void* operands = nullptr;  // what it brought
  // Copies on their way, oldest first, by the number of their group.
  struct GroupedCopy {
    AsyncCopy copy;
    std::size_t group;
  };
  std::vector<GroupedCopy> copies;
  std::size_t committed_groups = 0;
};

class BlockRunner {
 public:
  // Runs one block to its end. False after a fault.
  bool run(const Grid& grid, uint3 block, const std::function<void()>& body, Random random);
  // Makes what the blocks wrote known to the calling thread.
  void finish_grid();

  // For the calling thread: see device.hpp.
  static CudaThread* current();
  void meet(CudaThread& thread, const Collective& collective, void* operands, Compute compute);
  void block_barrier(CudaThread& thread, const char* name, const Site& site);
  [[noreturn]] void fault(CudaThread& thread, std::string text);
  GuardedBytes& dynamic_shared() { return dynamic_; }
  // Whether `address` is where a thread's stack has no more room.
  bool overflowed(const void* address) const { return stacks_->overflowed(address) >= 0; }

 private:
  // Lanes that have met in one place and wait for others.
  struct Group {
    Collective collective;
    std::uint32_t arrived = 0;
  };
  struct Warp {
    std::uint32_t exists = 0;  // lanes that the block has
    std::uint32_t ready = 0;   // lanes that can go on
    std::vector<Group> groups;
    int phase = 0;
    char order[2][2] = {};  // by crew and phase: what a race detector knows its collectives by
  };
  // Threads that have met in one place.
  struct Barrier {
    const char* name;
    Site site;
    int arrived = 0;
  };

  static void enter(void* thread);
  void prepare(const Grid& grid, const std::function<void()>& body);
  void make_threads(unsigned count);
  int choose_warp(WarpOrder order);
  void run_warp(int warp, WarpOrder order);
  void resume(CudaThread& thread);
  bool join_group(Warp& warp, CudaThread& thread, Compute compute);
  void finish_group(Warp& warp, const CudaThread& last, std::size_t group, Compute compute);
  void join_barrier(CudaThread& thread);
  void finish_barrier();
  void wait(CudaThread& thread);
  void make_ready(CudaThread& thread);
  void report_standstill();
  std::string place(const CudaThread& thread) const;

  std::unique_ptr<FibreStacks> stacks_;
  // Two crews take turns where a race detector watches, which must not see that the threads of one
  // block come after those of the block before.
  std::deque<Fibre> fibres_;
  std::size_t crew_ = 0;
  std::deque<CudaThread> threads_;  // at least those of the block
  int count_ = 0;                   // threads of the block
  int ended_ = 0;
  std::vector<Warp> warps_;
  std::vector<Barrier> barriers_;
  std::uint32_t ready_warps_ = 0;
  int last_warp_ = 0;
  int barrier_phase_ = 0;
  char barrier_order_[2][2] = {};  // as Warp::order
  char begin_order_ = 0;
  char end_order_ = 0;
  GuardedBytes dynamic_;
  Random random_{0};
  uint3 block_{};
  const std::function<void()>* body_ = nullptr;
  bool faulted_ = false;
};

}  // namespace allconv::simt
