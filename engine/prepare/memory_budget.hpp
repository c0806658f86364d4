// MemoryBudget: bytes that several threads share. A thread that needs more than is left waits for
// the others to give theirs back.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace allconv {

// Thread-safe; must outlive its reservations. Whoever holds a reservation must not wait for
// another one of the same budget: all could wait for each other.
class MemoryBudget {
 public:
  // Bytes taken, given back by the destructor. Move-only; an empty one holds nothing.
  class Reservation {
   public:
    Reservation() = default;
    ~Reservation();
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;

   private:
    friend class MemoryBudget;
    Reservation(MemoryBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}

    MemoryBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  explicit MemoryBudget(std::size_t bytes) : bytes_(bytes) {}

  // Waits until the bytes are there. More than the whole budget is given to one holder alone.
  Reservation take(std::size_t bytes);

 private:
  void give_back(std::size_t bytes);

  const std::size_t bytes_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t used_ = 0;  // guarded by mutex_
};

}  // namespace allconv
