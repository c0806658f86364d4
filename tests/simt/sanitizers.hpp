// What AddressSanitizer and ThreadSanitizer must be told of, as functions that do nothing in builds
// without them.
#pragma once

#include <cstddef>

#if ALLCONV_SIMT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if ALLCONV_SIMT_TSAN
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void __tsan_read_range(void* address, unsigned long bytes);
void __tsan_write_range(void* address, unsigned long bytes);
}
#endif

namespace allconv::simt {

#if ALLCONV_SIMT_ASAN
inline constexpr bool kAddressSanitizer = true;
inline void leave_stack(void** keep, const void* bottom, std::size_t bytes) {
  __sanitizer_start_switch_fiber(keep, bottom, bytes);
}
inline void enter_stack(void* kept, const void** bottom, std::size_t* bytes) {
  __sanitizer_finish_switch_fiber(kept, bottom, bytes);
}
inline void allow(const void* address, std::size_t bytes) {
  __asan_unpoison_memory_region(address, bytes);
}
inline void forbid(const void* address, std::size_t bytes) {
  __asan_poison_memory_region(address, bytes);
}
#else
inline constexpr bool kAddressSanitizer = false;
inline void leave_stack(void**, const void*, std::size_t) {}
inline void enter_stack(void*, const void**, std::size_t*) {}
inline void allow(const void*, std::size_t) {}
inline void forbid(const void*, std::size_t) {}
#endif

#if ALLCONV_SIMT_TSAN
inline constexpr bool kRaceDetector = true;
inline void* race_current() { return __tsan_get_current_fiber(); }
inline void* race_create() { return __tsan_create_fiber(0); }
inline void race_destroy(void* thread) { __tsan_destroy_fiber(thread); }
// Flag 1: the switch itself orders nothing.
inline void race_switch(void* thread) { __tsan_switch_to_fiber(thread, 1); }
inline void race_acquire(void* address) { __tsan_acquire(address); }
inline void race_release(void* address) { __tsan_release(address); }
inline void race_read(const void* address, std::size_t bytes) {
  __tsan_read_range(const_cast<void*>(address), bytes);
}
inline void race_write(void* address, std::size_t bytes) { __tsan_write_range(address, bytes); }
#else
inline constexpr bool kRaceDetector = false;
inline void* race_current() { return nullptr; }
inline void* race_create() { return nullptr; }
inline void race_destroy(void*) {}
inline void race_switch(void*) {}
inline void race_acquire(void*) {}
inline void race_release(void*) {}
inline void race_read(const void*, std::size_t) {}
inline void race_write(void*, std::size_t) {}
#endif

}  // namespace allconv::simt
