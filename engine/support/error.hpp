// Error: the one exception type that leaves the library. It says what went wrong, where, and how to
// mend it, and carries the kind from which a program derives its exit code.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace allconv {

// The values are the exit codes of the `allconv` program.
enum class ErrorKind {
  internal = 1,  // a fault of the program itself
  usage = 2,     // an argument, option, network or data set that cannot be meant
  model = 3,     // not a valid model file
  device = 5,    // the device asked for is not usable
  io = 6,        // a file or folder cannot be read or written
  training = 7,  // dead start or divergence
  interrupted = 130,
};

class Error : public std::exception {
 public:
  // `what_happened`: a clause, "cannot open the file"; `where`: file, flag, layer or row, may be
  // empty; `mend`: an imperative clause, "give a path that exists", may be empty.
  Error(ErrorKind kind, std::string_view what_happened, std::string_view where = {},
        std::string_view mend = {});

  ErrorKind kind() const { return kind_; }
  const char* what() const noexcept override { return sentence_.c_str(); }  // "where: what; mend"

 private:
  ErrorKind kind_;
  std::string sentence_;
};

}  // namespace allconv
