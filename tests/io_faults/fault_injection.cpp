#include "tests/io_faults/fault_injection.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>

namespace allconv::io_faults {

namespace {

constexpr std::array<std::string_view, 12> kKindNames = {"open",  "read",    "write",  "sync",
                                                         "close", "rename",  "unlink", "truncate",
                                                         "lock",  "examine", "make",   "list"};

struct OpenFile {
  std::string path;
  bool writable = false;
};

// Of the whole process, as the functions are that it stands behind.
struct State {
  std::mutex mutex;  // guards all below
  std::string folder;
  long at = 0;
  Fault fault;
  std::optional<Call> failing_for_good;  // the path is that of the folder
  std::vector<Call> calls;
  int log = -1;  // descriptor; a line a call, "open /path"
  std::map<int, OpenFile> files;
  std::map<std::string, long> flushed;  // bytes of each file that a power cut would leave
};

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "half", "kill", "power-cut" or an error number, "for-good:" before it.
Fault parse_fault(std::string text) {
  constexpr std::string_view kForGood = "for-good:";
  Fault fault;
  fault.for_good = text.starts_with(kForGood);
  if (fault.for_good) text.erase(0, kForGood.size());
  if (text == "half") return {.kind = Fault::Kind::half, .for_good = fault.for_good};
  if (text == "kill") return {.kind = Fault::Kind::kill};
  if (text == "power-cut") return {.kind = Fault::Kind::power_cut};
  fault.error = std::atoi(text.c_str());
  fault.kind = fault.error == 0 ? Fault::Kind::none : Fault::Kind::error;
  return fault;
}

// The environment speaks for a whole program; a test program's own begin() takes its place.
void read_environment(State& state) {
  state.folder = variable("ALLCONV_FAULT_FOLDER");
  state.at = std::atol(variable("ALLCONV_FAULT_AT").c_str());
  state.fault = parse_fault(variable("ALLCONV_FAULT"));
  const std::string log = variable("ALLCONV_FAULT_LOG");
  if (!log.empty()) {
    state.log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, log.c_str(),
                                           O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  }
}

// Never destroyed: files are closed after the last destructor of statics.
State& state() {
  static State* const only = [] {
    auto* made = new State;
    read_environment(*made);
    return made;
  }();
  return *only;
}

// The folder itself, and all below it.
bool is_counted(const State& state, const std::string& path) {
  const std::string& folder = state.folder;
  return !folder.empty() && path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

void log_call(const State& state, const Call& call) {
  if (state.log < 0) return;
  const std::string line = std::string(to_string(call.kind)) + " " + call.path + "\n";
  if (::syscall(SYS_write, state.log, line.data(), line.size()) < 0) std::abort();
}

// What was written but not flushed is lost.
void cut_power(const State& state) {
  for (const auto& [path, bytes] : state.flushed) {
    struct stat status {};
    if (::syscall(SYS_newfstatat, AT_FDCWD, path.c_str(), &status, 0) < 0) continue;
    if (status.st_size > bytes) ::syscall(SYS_truncate, path.c_str(), bytes);
  }
}

}  // namespace

std::string_view to_string(CallKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

void begin(const std::string& folder, long at, const Fault& fault) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  now.folder = folder;
  now.at = at;
  now.fault = fault;
  now.failing_for_good.reset();
  now.calls.clear();
  now.files.clear();
  now.flushed.clear();
}

std::vector<Call> end() {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  now.folder.clear();
  return std::move(now.calls);
}

Decision note_call(CallKind kind, const std::string& path) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  if (!is_counted(now, path)) return {};
  now.calls.push_back({kind, path});
  log_call(now, now.calls.back());
  const bool is_chosen = static_cast<long>(now.calls.size()) == now.at;
  if (is_chosen && now.fault.for_good) now.failing_for_good = {kind, folder_of(path)};
  const bool fails_again = now.failing_for_good && now.failing_for_good->kind == kind &&
                           now.failing_for_good->path == folder_of(path);
  if (!is_chosen && !fails_again) return {};
  switch (now.fault.kind) {
    case Fault::Kind::none: return {};
    case Fault::Kind::error: return {.error = now.fault.error};
    case Fault::Kind::half: return {.half = true};
    default: return {.half = true, .die = true};
  }
}

void die() {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  if (now.fault.kind == Fault::Kind::power_cut) cut_power(now);
  ::kill(::getpid(), SIGKILL);
  std::abort();
}

void note_open(int descriptor, const std::string& path, int flags) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  if (descriptor < 0 || !is_counted(now, path)) return;
  const bool writable = (flags & O_ACCMODE) != O_RDONLY;
  now.files[descriptor] = {path, writable};
  struct stat status {};
  if (!writable || ::syscall(SYS_fstat, descriptor, &status) < 0) return;
  const long size = status.st_size;
  const auto [entry, is_new] = now.flushed.try_emplace(path, size);
  entry->second = std::min(entry->second, size);
}

void note_close(int descriptor) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  now.files.erase(descriptor);
}

void note_flushed(int descriptor) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  const auto file = now.files.find(descriptor);
  struct stat status {};
  if (file == now.files.end() || ::syscall(SYS_fstat, descriptor, &status) < 0) return;
  const auto entry = now.flushed.find(file->second.path);
  if (entry != now.flushed.end()) entry->second = status.st_size;
}

void note_truncated(const std::string& path, long bytes) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  const auto entry = now.flushed.find(path);
  if (entry != now.flushed.end()) entry->second = std::min(entry->second, bytes);
}

void note_renamed(const std::string& from, const std::string& to) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  auto entry = now.flushed.extract(from);
  now.flushed.erase(to);
  if (!entry.empty()) now.flushed[to] = entry.mapped();
  for (auto& [descriptor, file] : now.files)
    if (file.path == from) file.path = to;
}

void note_removed(const std::string& path) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  now.flushed.erase(path);
}

std::string path_of(int descriptor) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  const auto file = now.files.find(descriptor);
  return file == now.files.end() ? std::string() : file->second.path;
}

bool is_writable(int descriptor) {
  State& now = state();
  const std::scoped_lock lock(now.mutex);
  const auto file = now.files.find(descriptor);
  return file != now.files.end() && file->second.writable;
}

}  // namespace allconv::io_faults
