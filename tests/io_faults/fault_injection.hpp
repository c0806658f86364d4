// Fault injection: the file system calls of a process, counted, and one of them made to fail.
//
// fault_injection.cpp and system_calls.cpp take the place of the C library's functions: linked into
// a test program, or as the shared object `io_fault_injection` loaded into a whole program by
// LD_PRELOAD. The product knows nothing of them. Thread-safe; paths are compared as given, so tests
// work with absolute ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace allconv::io_faults {

enum class CallKind {
  open,
  read,
  write,
  sync,
  close,  // of a file opened for writing; others tell nothing when they are closed
  rename,
  unlink,
  truncate,
  lock,
  examine,  // stat and its like
  make,     // a folder
  list,     // an entry of a folder
};

std::string_view to_string(CallKind kind);

struct Call {
  CallKind kind;
  std::string path;
};

struct Fault {
  enum class Kind {
    none,
    error,      // the call fails with `error`
    half,       // a read or write moves only half of the bytes; other calls succeed
    kill,       // the process dies at the call, a write after half of the bytes
    power_cut,  // as kill, and of every file only what was flushed is left
  };
  Kind kind = Kind::none;
  int error = 0;          // errno
  bool for_good = false;  // the later calls of the same kind in the same folder too
};

// Begins to count, from 1, the calls on `folder`, which is given without a slash at its end, and on
// all below it; call number `at` gets the fault. `at` 0: none does.
void begin(const std::string& folder, long at = 0, const Fault& fault = {});

// Ends it and returns the calls that were counted.
std::vector<Call> end();

// For system_calls.cpp: what a call is to do.
struct Decision {
  int error = 0;
  bool half = false;
  bool die = false;
};
Decision note_call(CallKind kind, const std::string& path);
[[noreturn]] void die();

// For system_calls.cpp: what became of descriptors and files. Paths outside the folder are left
// out, their descriptors have an empty path.
void note_open(int descriptor, const std::string& path, int flags);
void note_close(int descriptor);
void note_flushed(int descriptor);
void note_truncated(const std::string& path, long bytes);
void note_renamed(const std::string& from, const std::string& to);
void note_removed(const std::string& path);
std::string path_of(int descriptor);
bool is_writable(int descriptor);

}  // namespace allconv::io_faults
