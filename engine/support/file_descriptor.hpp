// FileDescriptor: an owned descriptor, and the system calls on it with every result checked. All
// functions retry when a signal interrupts them and throw Error{io} that names `path`.
#pragma once

#include <sys/stat.h>
#include <cstdint>

#include <string>
#include <string_view>

namespace allconv {

// Move-only; the destructor closes without a check, which is enough for files that were only read.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }

  // Closes now and checks: on network file systems a write may fail as late as here.
  void close(const std::string& path);

 private:
  int descriptor_ = -1;
};

// Throws Error{io}: "path: what (system's reason); mend", the mend chosen by the error number.
[[noreturn]] void throw_system_error(std::string_view what, const std::string& path, int number);

// `flags` as for open(2), close-on-exec is added; the mode of new files is 0666 less the umask.
FileDescriptor open_file(const std::string& path, int flags);

// The same for a new file; not valid where the name is taken.
FileDescriptor create_file(const std::string& path, int flags);

// A new file, opened for reading and writing, in the folder of `path`; its name is short, whatever
// that of `path` is, and starts with a dot.
struct TemporaryFile {
  std::string path;
  FileDescriptor file;
};
TemporaryFile create_beside(const std::string& path);

void write_all(const FileDescriptor& file, std::string_view bytes, const std::string& path);

// Cuts the file, or fills it up with zeros.
void truncate_file(const FileDescriptor& file, std::int64_t bytes, const std::string& path);

// Locks it for as long as it is open; false when another process has the lock.
bool lock_file(const FileDescriptor& file, const std::string& path);

// Waits until the file's data are on the disk.
void sync_file(const FileDescriptor& file, const std::string& path);

// Puts a finished file in its place; `to` may be there.
void rename_file(const std::string& from, const std::string& to);

// What is not there is removed already.
void remove_file(const std::string& path);

// What fstat(2) tells.
struct stat status_of(const FileDescriptor& file, const std::string& path);

// Whether `path` still names the open file: another process may have renamed or removed it.
bool is_named(const FileDescriptor& file, const std::string& path);

// Whether something stands there, be it a link to nowhere.
bool path_exists(const std::string& path);

// The folder that holds `path`, opened for sync_folder().
std::string folder_of(const std::string& path);
FileDescriptor open_folder(const std::string& folder);

// Waits until the folder's entries are on the disk, where its file system can.
void sync_folder(const FileDescriptor& folder, const std::string& path);

}  // namespace allconv
