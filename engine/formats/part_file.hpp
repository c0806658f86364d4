// PartFile: the results of a long run, written as they come. Whole rows go to OUT.part; OUT appears
// at the end. A run that is killed leaves what it had, and OUT.part.json beside it says what the
// rows belong to (part_identity.hpp), so that another run may go on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "engine/formats/part_identity.hpp"
#include "engine/formats/result_rows.hpp"
#include "engine/support/diagnostics.hpp"
#include "engine/support/file_descriptor.hpp"

namespace allconv {

enum class PartStart {
  anew,     // OUT must not exist; rows of an unfinished run are given up
  replace,  // the same, but OUT may exist
  resume,   // goes on where an unfinished run stopped, else begins anew; OUT may exist
};

struct PartRequest {
  std::string out_path;
  PartIdentity identity;
  RowStyle style;
  std::size_t lines_per_row = 1;  // CSV: of a row without an error
  std::size_t rows = 0;           // that OUT is to have
  PartStart start = PartStart::anew;
};

// Holds a lock on OUT.part: a second writer of the same OUT is Error{io}, as is every failure to
// read or write. append() and finish() are for one thread; a thread of its own flushes what was
// appended to the disk every second.
class PartFile {
 public:
  // Nothing is read or changed before the lock is held. Error{usage}: OUT exists; or the rows to go
  // on with are of another run, of a run that is not known, or no rows. `diagnostics`: what is
  // given up, and rows that another device computed.
  explicit PartFile(PartRequest request, const Diagnostics& diagnostics = {});
  // Leaves the part files where they are, unless finish() has returned.
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  // Whole rows that were there, and the error rows among them.
  std::size_t rows_found() const { return rows_found_; }
  std::size_t failures_found() const { return failures_found_; }

  // `lines` are whole rows. When the disk is full the file still ends with a whole row.
  void append(std::string_view lines);

  // Flushes, renames OUT.part to OUT and removes OUT.part.json; call it once, last.
  void finish();

 private:
  void begin_anew(const Diagnostics& diagnostics);
  void write_identity() const;
  void resume(const Diagnostics& diagnostics);
  void check_identity(const std::string& text, const Diagnostics& diagnostics) const;
  void cut(std::int64_t length);
  void flush_each_second();
  void stop_flushing();

  PartRequest request_;
  std::string part_path_;
  std::string identity_path_;
  FileDescriptor folder_;
  bool created_ = false;  // OUT.part is new
  FileDescriptor file_;
  std::int64_t length_ = 0;  // bytes, whole rows
  std::size_t rows_found_ = 0;
  std::size_t failures_found_ = 0;

  std::thread flusher_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool dirty_ = false;                // guarded by mutex_: appended since the last flush
  bool stopping_ = false;             // guarded by mutex_
  std::exception_ptr flush_failure_;  // guarded by mutex_: thrown by the next append or finish
};

// Where OUT is finished and has no part file: removes an OUT.part.json that a crash between the
// last steps of finish() has left. Throws Error{io}.
void remove_stale_identity(const std::string& out_path);

}  // namespace allconv
