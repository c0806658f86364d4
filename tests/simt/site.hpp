// Site: a place in the source, taken where a function is called.
#pragma once

#include <source_location>

namespace allconv::simt {

#if defined(__cpp_lib_source_location)
using Site = std::source_location;
#else
// For compilers without it, as clang 14. Columns and template arguments are not known here.
class Site {
 public:
  static constexpr Site current(const char* file = __builtin_FILE(),
                                const char* function = __builtin_FUNCTION(),
                                unsigned line = __builtin_LINE()) {
    return Site(file, function, line);
  }

  constexpr const char* file_name() const { return file_; }
  constexpr const char* function_name() const { return function_; }
  constexpr unsigned line() const { return line_; }
  constexpr unsigned column() const { return 0; }

  constexpr Site() = default;

 private:
  constexpr Site(const char* file, const char* function, unsigned line)
      : file_(file), function_(function), line_(line) {}

  const char* file_ = "";
  const char* function_ = "";
  unsigned line_ = 0;
};
#endif

}  // namespace allconv::simt
