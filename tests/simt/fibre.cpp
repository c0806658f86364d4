#include "tests/simt/fibre.hpp"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <new>

#include "tests/simt/sanitizers.hpp"

namespace allconv::simt {

namespace context = boost::context::detail;

namespace {

constexpr std::size_t kStride = FibreStacks::kBytes + FibreStacks::kGuard;

}  // namespace

FibreStacks::FibreStacks(int count) : count_(count) {
  void* memory = mmap(nullptr, count * kStride, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
  for (int index = 0; index < count; ++index) {
    if (mprotect(bottom(index) - kGuard, kGuard, PROT_NONE) != 0) throw std::bad_alloc();
  }
}

FibreStacks::~FibreStacks() {
  allow(memory_, count_ * kStride);
  munmap(memory_, count_ * kStride);
}

std::byte* FibreStacks::bottom(int index) const {
  return memory_ + static_cast<std::size_t>(index) * kStride + kGuard;
}

int FibreStacks::overflowed(const void* address) const {
  const auto offset =
      reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(memory_);
  if (offset >= static_cast<std::size_t>(count_) * kStride) return -1;
  return offset % kStride < kGuard ? static_cast<int>(offset / kStride) : -1;
}

struct FibreEntry {
  // What a started fibre runs first.
  static void run(context::transfer_t from) {
    Fibre& fibre = *static_cast<Fibre*>(from.data);
    fibre.caller_ = from.fctx;
    enter_stack(nullptr, &fibre.caller_bottom_, &fibre.caller_bytes_);
    fibre.inside_ = true;
    fibre.entry_(fibre.argument_);
    fibre.inside_ = false;
    fibre.end();
  }
};

Fibre::~Fibre() {
  if (race_thread_ != nullptr) race_destroy(race_thread_);
}

void Fibre::start(std::byte* bottom, Entry entry, void* argument) {
  bottom_ = bottom;
  entry_ = entry;
  argument_ = argument;
  allow(bottom, FibreStacks::kBytes);
  context_ =
      context::make_fcontext(bottom + FibreStacks::kBytes, FibreStacks::kBytes, FibreEntry::run);
  // The race detector follows calls and returns: calls that were left need a new start.
  if (inside_) {
    race_destroy(race_thread_);
    race_thread_ = nullptr;
  }
  inside_ = false;
  if (race_thread_ == nullptr) race_thread_ = race_create();
}

void Fibre::resume() {
  void* fake_stack = nullptr;
  race_caller_ = race_current();
  leave_stack(&fake_stack, bottom_, FibreStacks::kBytes);
  race_switch(race_thread_);
  context_ = context::jump_fcontext(context_, this).fctx;
  enter_stack(fake_stack, nullptr, nullptr);
}

void Fibre::give_way() {
  leave_stack(&fake_stack_, caller_bottom_, caller_bytes_);
  race_switch(race_caller_);
  caller_ = context::jump_fcontext(caller_, nullptr).fctx;
  enter_stack(fake_stack_, &caller_bottom_, &caller_bytes_);
}

void Fibre::end() {
  leave_stack(nullptr, caller_bottom_, caller_bytes_);
  race_switch(race_caller_);
  context::jump_fcontext(caller_, nullptr);
  __builtin_unreachable();
}

}  // namespace allconv::simt
