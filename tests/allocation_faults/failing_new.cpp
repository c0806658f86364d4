#include "tests/allocation_faults/failing_new.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

namespace allconv::allocation_faults {

namespace {

// Of the whole process, as the allocator is.
std::atomic<bool> counting{false};
std::atomic<long> allocations{0};
std::atomic<long> failing_at{0};
std::atomic<bool> failing_for_good{false};

// Where a failing allocation ends the process whatever the user of a library does: nlohmann::json's
// destructor allocates (it flattens a tree before it deletes it), and libstdc++'s
// directory_iterator throws within a function of its own that must not.
constexpr std::array<std::string_view, 2> kSpared = {"json_value7destroy", "directory_iterator"};

bool is_spared(void* address) {
  Dl_info info{};
  if (::dladdr(address, &info) == 0 || info.dli_sname == nullptr) return false;
  const auto is_in_name = [&](std::string_view part) {
    return std::string_view(info.dli_sname).find(part) != std::string_view::npos;
  };
  return std::any_of(kSpared.begin(), kSpared.end(), is_in_name);
}

// Whether one of the callers is.
bool is_spared() {
  std::array<void*, 64> frames{};
  const int depth = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  return std::any_of(frames.begin(), frames.begin() + depth,
                     [](void* address) { return is_spared(address); });
}

bool fails() {
  if (!counting) return false;
  const long number = ++allocations;
  const long at = failing_at;
  const bool chosen = at > 0 && (number == at || (failing_for_good && number > at));
  return chosen && !is_spared();
}

// Null when it is to fail.
void* allocate(std::size_t bytes) {
  return fails() ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
}

void* allocate(std::size_t bytes, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return fails() ? nullptr : std::aligned_alloc(step, (bytes + step - 1) / step * step);
}

void* checked(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

FailingNew::FailingNew(long at, bool for_good) {
  allocations = 0;
  failing_at = at;
  failing_for_good = for_good;
  counting = true;
}

FailingNew::~FailingNew() { counting = false; }

long FailingNew::count() const { return allocations; }

}  // namespace allconv::allocation_faults

using allconv::allocation_faults::allocate;
using allconv::allocation_faults::checked;

void* operator new(std::size_t bytes) { return checked(allocate(bytes)); }
void* operator new[](std::size_t bytes) { return checked(allocate(bytes)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return checked(allocate(bytes, alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return checked(allocate(bytes, alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

// Of the leak sanitizer, where it is linked: what nlohmann::json has made for a value whose
// constructor then finds no memory is lost.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:nlohmann::json_abi*::basic_json*::create<";
}
