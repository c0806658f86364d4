// Fibre: a stack of its own that runs when told to and gives way when it chooses. What one CUDA
// thread runs on. Sanitizers are told of every change of stacks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/simt/sanitizers.hpp"

namespace allconv::simt {

// Equal stacks in one mapping, each above a page that may not be touched.
class FibreStacks {
 public:
  explicit FibreStacks(int count);
  ~FibreStacks();
  FibreStacks(const FibreStacks&) = delete;
  FibreStacks& operator=(const FibreStacks&) = delete;

  static constexpr std::size_t kBytes = std::size_t{256} * 1024;  // of one stack
  static constexpr std::size_t kGuard = 4096;                     // below each

  int count() const { return count_; }
  std::byte* bottom(int index) const;
  // The index of the stack whose guard page holds `address`, or -1.
  int overflowed(const void* address) const;

 private:
  int count_;
  std::byte* memory_;
};

class Fibre {
 public:
  using Entry = void (*)(void*);

  Fibre() = default;
  ~Fibre();
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  // While it lives, a race detector takes what the fibre does for the machine's own doing. The
  // fibre does not give way meanwhile, but may end.
  class AsMachine {
   public:
    explicit AsMachine(const Fibre& fibre) : fibre_(fibre) { race_switch(fibre.race_caller_); }
    ~AsMachine() { race_switch(fibre_.race_thread_); }
    AsMachine(const AsMachine&) = delete;
    AsMachine& operator=(const AsMachine&) = delete;

   private:
    const Fibre& fibre_;
  };

  // Makes it ready to run `entry(argument)` on the stack whose lowest address is `bottom`. Whatever
  // ran there before is forgotten without being unwound.
  void start(std::byte* bottom, Entry entry, void* argument);

  // Runs it until it gives way. Called outside of all fibres.
  void resume();

  // Gives way to the caller of resume(). Called on the fibre itself.
  void give_way();

  // The same for the last time: the fibre may be started again, but not resumed.
  [[noreturn]] void end();

 private:
  friend struct FibreEntry;

  void* context_ = nullptr;  // where it stands while it does not run
  void* caller_ = nullptr;   // where resume() stands while it runs
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  std::byte* bottom_ = nullptr;
  // What sanitizers know it and its caller by.
  void* fake_stack_ = nullptr;
  const void* caller_bottom_ = nullptr;
  std::size_t caller_bytes_ = 0;
  bool inside_ = false;  // of its entry, which it may never leave
  void* race_thread_ = nullptr;
  void* race_caller_ = nullptr;
};

}  // namespace allconv::simt
