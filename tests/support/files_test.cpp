// Files are read whole or not at all, and written so that nothing is ever half there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/support/atomic_file.hpp"
#include "engine/support/hash.hpp"
#include "engine/support/input_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

TEST(InputFile, ReadsWholeFilesUpToTheLimit) {
  const TemporaryFolder folder;
  for (const std::size_t size : {0UL, 1UL, 65'535UL, 65'536UL, 200'000UL}) {
    std::string content(size, 'x');
    if (size > 0) content.back() = '\0';
    write_bytes(folder / "file", content);
    const auto limit = static_cast<std::int64_t>(size);
    EXPECT_EQ(read_file(folder / "file", limit), content);
    EXPECT_EQ(read_file(folder / "file", limit + 1'000'000), content);
    if (size == 0) continue;
    const std::string sentence =
        error_of(ErrorKind::io, [&] { read_file(folder / "file", limit - 1); });
    EXPECT_NE(sentence.find("more than " + std::to_string(size - 1) + " bytes"), std::string::npos);
  }
}

TEST(InputFile, RefusesWhatIsNotARegularFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const std::string& path : {folder / "pipe", folder / ".", std::string("/dev/zero"),
                                  folder / "missing", folder / "pipe/below"}) {
    const std::string sentence = error_of(ErrorKind::io, [&] { read_file(path, 100); });
    EXPECT_EQ(sentence.substr(0, path.size()), path);
    EXPECT_NE(sentence.find("; "), std::string::npos) << "no mend: " << sentence;
  }
}

TEST(InputFile, SaysWhenTheFileEndsEarly) {
  const TemporaryFolder folder;
  write_bytes(folder / "file", "0123456789");
  const InputFile file(folder / "file");
  std::byte bytes[4];
  file.read_at(6, bytes);
  EXPECT_EQ(static_cast<char>(bytes[3]), '9');
  const std::string sentence = error_of(ErrorKind::io, [&] { file.read_at(8, bytes); });
  EXPECT_NE(sentence.find("2 bytes early"), std::string::npos);
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  write_bytes(folder / "file", "old");
  {
    AtomicFile file(folder / "file");
    file.write("new");
    EXPECT_EQ(read_bytes(folder / "file"), "old");
  }
  EXPECT_EQ(read_bytes(folder / "file"), "old");
  EXPECT_EQ(folder.files(), 1);

  write_file_atomically(folder / "file", "new");
  EXPECT_EQ(read_bytes(folder / "file"), "new");
  EXPECT_EQ(folder.files(), 1);
}

TEST(AtomicFile, ObeysTheUmask) {
  const TemporaryFolder folder;
  const mode_t old_mask = ::umask(027);
  write_file_atomically(folder / "file", "text");
  ::umask(old_mask);
  struct stat status {};
  ASSERT_EQ(::stat((folder / "file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(AtomicFile, FollowsSymbolicLinks) {
  const TemporaryFolder folder;
  write_bytes(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_bytes(folder / "target"), "new");
}

TEST(AtomicFile, RefusesFoldersDevicesAndMissingFolders) {
  const TemporaryFolder folder;
  for (const std::string& path :
       {folder / ".", std::string("/dev/null"), folder / "missing/file"}) {
    error_of(ErrorKind::io, [&] { write_file_atomically(path, "text"); });
  }
  EXPECT_EQ(folder.files(), 0);
}

// A limit on the size of files stands for the full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    old_action_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_action_);
  }

 private:
  rlimit old_{};
  void (*old_action_)(int) = nullptr;
};

TEST(AtomicFile, LeavesTheOldFileWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  write_bytes(folder / "file", "old");
  {
    const FileSizeLimit limit(1000);
    const std::string sentence = error_of(
        ErrorKind::io, [&] { write_file_atomically(folder / "file", std::string(2000, 'x')); });
    EXPECT_NE(sentence.find("cannot write"), std::string::npos);
  }
  EXPECT_EQ(read_bytes(folder / "file"), "old");
  EXPECT_EQ(folder.files(), 1);
}

TEST(Hash, IsXxh64) {
  EXPECT_EQ(hash_text(hash_bytes("")), "ef46db3751d8e999");  // the published values of seed 0
  EXPECT_EQ(hash_text(hash_bytes("abc")), "44bc2cf5ad770999");
}

TEST(Hash, OfAFileIsThatOfItsBytes) {
  const TemporaryFolder folder;
  for (const std::size_t size : {0UL, 5UL, 1UL << 20, (1UL << 20) + 3}) {
    std::string content(size, 'a');
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * i % 251);
    write_bytes(folder / "file", content);
    EXPECT_EQ(hash_file(folder / "file"), hash_bytes(content));
  }
}

}  // namespace
}  // namespace allconv
