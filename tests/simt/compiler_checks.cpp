// Kernels are compiled with -fsanitize=alignment,bounds: at each access the compiler's code calls
// what stands here where an address is misaligned or an index lies outside of an array. The layouts
// are those of the UndefinedBehaviorSanitizer's runtime, whose place this takes.
#include <cstdint>
#include <utility>

#include "tests/simt/block.hpp"
#include "tests/simt/text.hpp"

namespace allconv::simt {

namespace {

struct Place {
  const char* file;
  std::uint32_t line;
  std::uint32_t column;
};

struct Type {
  std::uint16_t kind;
  std::uint16_t info;
  char name[1];  // as long as it is
};

struct Mismatch {
  Place place;
  const Type* type;
  unsigned char log_alignment;
  unsigned char access;
};

struct OutOfBounds {
  Place place;
  const Type* array;
  const Type* index;
};

void report(std::string text, const Place& place) {
  text.append(cat(", at ", file_name(place.file), ':', place.line));
  if (CudaThread* thread = BlockRunner::current()) thread->runner->fault(*thread, std::move(text));
  record_fault(std::move(text));
}

}  // namespace

}  // namespace allconv::simt

// The names are the compiler's.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" void __ubsan_handle_type_mismatch_v1(const allconv::simt::Mismatch* mismatch,
                                                std::uintptr_t address) {
  const std::uintptr_t alignment = std::uintptr_t{1} << mismatch->log_alignment;
  allconv::simt::report(
      allconv::simt::cat("misaligned access to ", mismatch->type->name, ", ", address % alignment,
                         " bytes past a multiple of ", alignment),
      mismatch->place);
}

extern "C" void __ubsan_handle_out_of_bounds(const allconv::simt::OutOfBounds* access,
                                             std::uintptr_t index) {
  allconv::simt::report(allconv::simt::cat("index ", static_cast<std::int64_t>(index),
                                           " outside of ", access->array->name),
                        access->place);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
