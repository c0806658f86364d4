// What every C function has in common: nothing is thrown across the border, and what went wrong is
// kept for the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include "allconv/allconv.h"
#include "engine/support/diagnostics.hpp"
#include "engine/support/error.hpp"

namespace allconv::api {

// Keeps the sentence for allconv_last_error().
allconv_status fail(allconv_status status, const char* sentence) noexcept;

// Runs a function's body; what it throws becomes the function's answer.
template <class Body>
allconv_status call(Body&& body) noexcept {
  try {
    body();
    return ALLCONV_OK;
  } catch (const Error& error) {
    // Interruptions are asked for by the program alone, and so are no answers here.
    const bool known = error.kind() != ErrorKind::interrupted;
    return fail(known ? static_cast<allconv_status>(error.kind()) : ALLCONV_FAULT, error.what());
  } catch (const std::bad_alloc&) {
    return fail(ALLCONV_DEVICE,
                "there is not enough memory; use a smaller batch, fewer threads or smaller images");
  } catch (const std::exception& error) {
    return fail(ALLCONV_FAULT, error.what());
  } catch (...) {
    return fail(ALLCONV_FAULT, "something was thrown that is no error");
  }
}

// Throws Error{usage} where a pointer that must be given is null.
void require(const void* pointer, std::string_view name);

// An option's number, 0 for the default. Throws Error{usage} beyond 0 to `most`.
int number_or(std::int32_t given, int otherwise, int most, const char* name);
// The option `threads`: by default all that the process may use.
int threads_of(std::int32_t given);

// The caller's options, filled up with zeros where the program was compiled with an older version
// of the struct; all zero for null. Throws Error{usage} for a size that no version has.
template <class Options>
Options take_options(const Options* given) {
  Options options = {};
  if (given != nullptr) {
    if (given->size < sizeof(given->size) || given->size > sizeof(Options)) {
      throw Error(ErrorKind::usage, "is not that of a version of this library", "size",
                  "set it to sizeof of the options' struct");
    }
    std::memcpy(&options, given, given->size);
  }
  options.size = sizeof(Options);
  return options;
}

// The caller's function, which takes one sentence at a time.
Diagnostics diagnostics_of(allconv_diagnostics function, void* user);

}  // namespace allconv::api
