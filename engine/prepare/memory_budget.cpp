#include "engine/prepare/memory_budget.hpp"

#include <utility>

namespace allconv {

MemoryBudget::Reservation::~Reservation() {
  if (budget_ != nullptr) budget_->give_back(bytes_);
}

MemoryBudget::Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryBudget::Reservation& MemoryBudget::Reservation::operator=(Reservation&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MemoryBudget::Reservation MemoryBudget::take(std::size_t bytes) {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return used_ == 0 || (used_ <= bytes_ && bytes <= bytes_ - used_); });
  used_ += bytes;
  return {*this, bytes};
}

void MemoryBudget::give_back(std::size_t bytes) {
  {
    const std::scoped_lock lock(mutex_);
    used_ -= bytes;
  }
  returned_.notify_all();
}

}  // namespace allconv
