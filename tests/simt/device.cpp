#include "tests/simt/device.hpp"

#include <atomic>
#include <cstring>
#include <utility>

#include "tests/simt/block.hpp"
#include "tests/simt/sanitizers.hpp"
#include "tests/simt/static_shared.hpp"
#include "tests/simt/text.hpp"

namespace allconv::simt {

void meet(const Collective& collective, void* operands, Compute compute) {
  CudaThread& thread = *BlockRunner::current();
  thread.runner->meet(thread, collective, operands, compute);
}

Word shuffle(const Collective& collective, const Word& value, int source) {
  struct Exchange {
    Word value;
    int source;
    Word result;
  };
  Exchange exchange{.value = value, .source = source, .result = {}};
  meet(collective, &exchange, [](void* const* operands) {
    for (int at = 0; at < kWarpLanes; ++at) {
      auto* own = static_cast<Exchange*>(operands[at]);
      if (own == nullptr) continue;
      const auto* other = static_cast<const Exchange*>(operands[own->source]);
      if (other == nullptr) {
        std::memset(&own->result, kPoison, sizeof(Word));
      } else {
        own->result = other->value;
      }
    }
  });
  return exchange.result;
}

std::uint32_t ballot(const Collective& collective, bool predicate) {
  struct Vote {
    std::uint32_t own;
    std::uint32_t all;
  };
  Vote vote{.own = predicate, .all = 0};
  meet(collective, &vote, [](void* const* operands) {
    std::uint32_t all = 0;
    for (int at = 0; at < kWarpLanes; ++at) {
      if (const auto* one = static_cast<const Vote*>(operands[at])) all |= one->own << at;
    }
    for (int at = 0; at < kWarpLanes; ++at) {
      if (auto* one = static_cast<Vote*>(operands[at])) one->all = all;
    }
  });
  return vote.all;
}

// Two threads that both come by here are taken as ordered in the order in which they come. So a
// race beside fences may be missed; none is invented.
void fence() {
  static char order = 0;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  race_release(&order);
  race_acquire(&order);
}

void block_barrier(const char* name, const Site& site) {
  CudaThread& thread = *BlockRunner::current();
  thread.runner->block_barrier(thread, name, site);
}

void fault(std::string text, const Site& site) {
  CudaThread& thread = *BlockRunner::current();
  text.append(", at ").append(text_of(site));
  thread.runner->fault(thread, std::move(text));
}

int lane() { return BlockRunner::current()->lane; }

std::byte* dynamic_shared() { return BlockRunner::current()->runner->dynamic_shared().data(); }

bool is_shared(const void* address, std::size_t bytes) {
  return BlockRunner::current()->runner->dynamic_shared().contains(address, bytes) ||
         is_static_shared(address, bytes);
}

void check_alignment(const char* name, const void* address, std::size_t alignment,
                     const Site& site) {
  const std::size_t rest = reinterpret_cast<std::uintptr_t>(address) % alignment;
  if (rest == 0) return;
  fault(cat(name, ": misaligned address, ", rest, " bytes past a multiple of ", alignment), site);
}

void begin_copy(const AsyncCopy& copy, const Site& site) {
  check_alignment("cp.async to shared memory", copy.to, copy.bytes, site);
  check_alignment("cp.async from global memory", copy.from, copy.bytes, site);
  if (!is_shared(copy.to, copy.bytes)) {
    fault("cp.async: its destination is not in the block's shared memory", site);
  }
  if (copy.valid_bytes > 0 && !is_global(copy.from, copy.valid_bytes)) {
    fault("cp.async: its source is not in an allocation", site);
  }
  race_write(copy.to, copy.bytes);
  std::memset(copy.to, kPoison, copy.bytes);
  CudaThread& thread = *BlockRunner::current();
  const Fibre::AsMachine machine(*thread.fibre);
  thread.copies.push_back({.copy = copy, .group = thread.committed_groups});
}

void commit_copies() { ++BlockRunner::current()->committed_groups; }

// The open group, which no wait counts, stays on its way.
void wait_for_copies(std::size_t pending_groups) {
  CudaThread& thread = *BlockRunner::current();
  std::size_t arrived = 0;
  for (const auto& [copy, group] : thread.copies) {
    if (group + pending_groups >= thread.committed_groups) break;
    auto* to = static_cast<std::byte*>(copy.to);
    race_read(copy.from, copy.valid_bytes);
    race_write(to, copy.bytes);
    if (copy.valid_bytes > 0) std::memcpy(to, copy.from, copy.valid_bytes);
    std::memset(to + copy.valid_bytes, 0, copy.bytes - copy.valid_bytes);
    ++arrived;
  }
  const Fibre::AsMachine machine(*thread.fibre);
  thread.copies.erase(thread.copies.begin(),
                      thread.copies.begin() + static_cast<std::ptrdiff_t>(arrived));
}

}  // namespace allconv::simt
