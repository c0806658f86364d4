#include "tests/fuzz/harness/files.hpp"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace allconv::fuzz {

namespace {

void check(bool done, const char* what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

std::string make_folder() {
  const bool memory = std::filesystem::is_directory("/dev/shm");
  const auto parent = memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string path = (parent / "allconv-fuzz-XXXXXX").native();
  check(::mkdtemp(path.data()) != nullptr, "mkdtemp");
  return path;
}

}  // namespace

MemoryFile::MemoryFile() : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  check(file_.valid(), "memfd_create");
  path_ = "/proc/self/fd/" + std::to_string(file_.get());
}

void MemoryFile::write(std::string_view bytes) {
  check(::ftruncate(file_.get(), 0) == 0, "ftruncate");
  check(::pwrite(file_.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
        "pwrite");
}

GuardedBytes::GuardedBytes() {
  constexpr std::size_t kGuard = 1 << 16;
  void* const memory =
      ::mmap(nullptr, kMost + kGuard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "mmap");
  memory_ = static_cast<std::uint8_t*>(memory);
  check(::mprotect(memory_ + kMost, kGuard, PROT_NONE) == 0, "mprotect");
}

std::span<const std::uint8_t> GuardedBytes::copy(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kMost) return bytes;
  std::uint8_t* const begin = memory_ + kMost - bytes.size();
  std::copy(bytes.begin(), bytes.end(), begin);
  return {begin, bytes.size()};
}

ScratchFolder::ScratchFolder() : path_(make_folder()) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ScratchFolder::link(std::string_view name, const MemoryFile& file) const {
  std::filesystem::create_symlink(file.path(), *this / name);
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace allconv::fuzz
