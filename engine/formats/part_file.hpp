// PartFile: the results of a long run, written as they come. Whole lines go to OUT.part; OUT
// appears at the end. A run that is killed leaves what it had.
//
// OUT.part.json beside it says what the lines belong to:
//     {"program": "0.1.0", "model": "44bc2cf5ad770999"}     model: XXH64 of the model file's bytes
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "engine/support/file_descriptor.hpp"

namespace allconv {

struct PartIdentity {
  std::string program;           // version of the program
  std::uint64_t model_hash = 0;  // hash_file() of the model
};

// Begins OUT.part anew and holds a lock on it: a second writer of the same OUT is Error{io}, as is
// every failure to write. append() and finish() are for one thread; a thread of its own flushes
// what was appended to the disk every second. Whether OUT may be replaced is the caller's to
// decide.
class PartFile {
 public:
  PartFile(const std::string& out_path, const PartIdentity& identity);
  // Leaves the part files where they are, unless finish() has returned.
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  // `lines` ends with a newline. When the disk is full the file still ends with a whole line.
  void append(std::string_view lines);

  // Flushes, renames OUT.part to OUT and removes OUT.part.json; call it once, last.
  void finish();

 private:
  void flush_each_second();
  void stop_flushing();

  std::string out_path_;
  std::string part_path_;
  std::string identity_path_;
  FileDescriptor folder_;
  FileDescriptor file_;
  std::int64_t length_ = 0;  // bytes, whole lines

  std::thread flusher_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool dirty_ = false;                // guarded by mutex_: appended since the last flush
  bool stopping_ = false;             // guarded by mutex_
  std::exception_ptr flush_failure_;  // guarded by mutex_: thrown by the next append or finish
};

}  // namespace allconv
