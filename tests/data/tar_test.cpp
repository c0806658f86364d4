// Tar archives: order, names, labels, compression, odd members, damage, archives made to do harm.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/data/support.hpp"
#include "tests/data/tar_writer.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;
using Names = std::vector<std::string>;

// Sorted neither by name nor by folder.
std::vector<Member> class_folders() {
  return {{"dog/", "", AE_IFDIR},
          {"dog/2.png", stored_bytes("rgb.png")},
          {"cat/1.jpg", stored_bytes("colour.jpg")},
          {"README", "text"},
          {"cat/deep/0.png", stored_bytes("pixel.png")},
          {"dog/1.PNG", "broken"}};
}

constexpr int kFilters[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ,
                            ARCHIVE_FILTER_ZSTD};
constexpr const char* kNames[] = {"set.tar", "set.tar.gz", "set.TAR.xz", "set.tar.zst"};

std::string read_bytes(const DataSet& data, std::size_t index) {
  MemoryBudget memory(SIZE_MAX);
  ReadResult result = data.read(index, memory);
  if (const auto* error = std::get_if<ImageError>(&result)) return "error: " + error->message;
  return std::get<EncodedImage>(result).bytes;
}

class Tar : public ::testing::Test {
 protected:
  DataSet open(const std::string& name, Split split = Split::all, OpenMode mode = OpenMode::score) {
    notes_.clear();
    return open_data(folder_ / name, split, mode,
                     [this](Severity, std::string_view text) { notes_.emplace_back(text); });
  }
  void write(const std::vector<Member>& members, Archive kind = {}) {
    write_tar(folder_ / "set.tar", members, kind);
  }
  Names names(const DataSet& data) {
    Names result;
    for (const std::string& path : paths(data)) {
      const std::size_t colon = path.find(':');
      EXPECT_TRUE(path.starts_with(folder_ / "set.")) << path;
      result.push_back(path.substr(colon + 1));
    }
    return result;
  }

  TemporaryFolder folder_;
  Names notes_;
};

TEST_F(Tar, MembersComeInTheirOrderWhateverTheCompression) {
  for (int i = 0; i < 4; ++i) {
    write_tar(folder_ / kNames[i], class_folders(), {.filter = kFilters[i]});
    const DataSet data = open(kNames[i]);
    EXPECT_EQ(names(data), (Names{"dog/2.png", "cat/1.jpg", "cat/deep/0.png", "dog/1.PNG"}));
    EXPECT_EQ(data.path(1), folder_ / kNames[i] + ":cat/1.jpg");
    EXPECT_TRUE(data.sequential(0));
    ASSERT_EQ(notes_.size(), 1U);
    EXPECT_NE(notes_[0].find("skipped 1 file that is no image"), std::string::npos);
    // Forward, leaving some out, and back.
    for (const std::size_t index : {1U, 3U, 0U, 1U, 2U, 2U}) {
      const auto members = class_folders();
      const std::size_t place[] = {1, 2, 4, 5};
      EXPECT_EQ(read_bytes(data, index), members[place[index]].bytes) << kNames[i] << index;
    }
  }
}

TEST_F(Tar, LabelsAndSplitsAreThoseOfFolders) {
  write(class_folders());
  const DataSet train = open("set.tar", Split::train, OpenMode::train);
  EXPECT_EQ(train.classes(), (Names{"cat", "dog"}));
  EXPECT_EQ(labels(train), (std::vector<int>{1, 0, 0, 1}));
  write({{"./train/b/1.png", "1"},
         {"./val/a/2.png", "2"},
         {"./train/a/3.png", "3"},
         {"./val/.hidden/4.png", "4"}});
  const DataSet test = open("set.tar", Split::test, OpenMode::evaluate);
  EXPECT_EQ(names(test), (Names{"./val/a/2.png"}));
  EXPECT_EQ(test.classes(), (Names{"a"}));
  EXPECT_EQ(names(open("set.tar", Split::train)), (Names{"./train/b/1.png", "./train/a/3.png"}));
  EXPECT_EQ(labels(open("set.tar", Split::train, OpenMode::train)), (std::vector<int>{1, 0}));
  EXPECT_EQ(read_bytes(test, 0), "2");
  EXPECT_EQ(open("set.tar").size(), 4U);
  write({{"train/b/1.png", "1"}, {"train/a/1.png", "2"}});
  expect_error(ErrorKind::usage, "no test split", [&] { open("set.tar", Split::test); });
}

TEST_F(Tar, SingleFolderThatHoldsAllIsPassedThrough) {
  write({{"./", "", AE_IFDIR},
         {"./data/pictures/b/1.png", "1"},
         {"./data/pictures/a/2.png", "2"},
         {"./data/note.txt", "3"}});
  const DataSet data = open("set.tar", Split::train, OpenMode::train);
  EXPECT_EQ(data.classes(), (Names{"a", "b"}));
  EXPECT_EQ(labels(data), (std::vector<int>{1, 0}));
  write({{"pictures/test/b/1.png", "1"}, {"pictures/train/a/2.png", "2"}});
  EXPECT_EQ(names(open("set.tar", Split::test)), (Names{"pictures/test/b/1.png"}));
  write({{"cat/1.png", "1"}});  // a class
  EXPECT_EQ(open("set.tar", Split::test, OpenMode::evaluate).classes(), (Names{"cat"}));
}

TEST_F(Tar, RefusalsAreThoseOfFolders) {
  const auto train = [&] { open("set.tar", Split::train, OpenMode::train); };
  write({});
  expect_error(ErrorKind::usage, "holds no images", train);
  write({{"a/1.png", "1"}});
  expect_error(ErrorKind::usage, "one class only", train);
  write({{"a/1.png", "1"}, {"b/notes.txt", "2"}});
  expect_error(ErrorKind::usage, "set.tar:b: the class folder holds no images", train);
  write({{"a/1.png", "1"}, {"b/", "", AE_IFDIR}});
  expect_error(ErrorKind::usage, "set.tar:b: the class folder holds no images", train);
  write({{"a/1.png", "1"}, {"b/1.png", "1"}, {"loose.png", "2"}});
  expect_error(ErrorKind::usage, "loose.png: the folder mixes images and class folders", train);
  write({{"1.png", "1"}});
  expect_error(ErrorKind::usage, "no labels", train);
}

TEST_F(Tar, NamesAreKeptAsStored) {
  const Names wanted = {"./caf\xE9/\xFF\xFE.png",
                        "/r\xC3\xA9sum\xC3\xA9.png",
                        std::string(70, 'l') + "/" + std::string(200, 'n') + ".png",
                        "../up.png",
                        "twice.png",
                        "twice.png",
                        "tab\tand\nline.png"};
  for (const int format : {ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FORMAT_TAR_GNUTAR}) {
    std::vector<Member> members;
    for (const std::string& name : wanted)
      members.push_back({name, std::to_string(members.size())});
    write(members, {.format = format});
    const DataSet data = open("set.tar");
    EXPECT_EQ(names(data), wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      EXPECT_EQ(read_bytes(data, i), std::to_string(i));
  }
}

TEST_F(Tar, WhatIsNoFileIsItsRowsError) {
  write({{"a.png", "a"},
         {"hard.png", "", AE_IFREG, "a.png"},
         {"link.png", "", AE_IFLNK},
         {"pipe.png", "", AE_IFIFO},
         {"device.png", "", AE_IFCHR},
         {"folder.png/", "", AE_IFDIR},
         {"b.png", "b"}});
  const DataSet data = open("set.tar");
  EXPECT_EQ(data.size(), 6U);
  EXPECT_NE(read_bytes(data, 1).find("hard link"), std::string::npos);
  EXPECT_NE(read_bytes(data, 2).find("symbolic link"), std::string::npos);
  EXPECT_NE(read_bytes(data, 3).find("no regular file"), std::string::npos);
  EXPECT_NE(read_bytes(data, 4).find("no regular file"), std::string::npos);
  EXPECT_EQ(read_bytes(data, 5), "b");
  const ImageResult broken = data.load(1);
  EXPECT_EQ(std::get<ImageError>(broken).stage, ImageError::Stage::open);
}

TEST_F(Tar, HolesAreFilledWithZeros) {
  const std::string content = std::string(1 << 20, '\0') + "behind the hole";
  write({{"a.png", "a"}, {"b.png", content, AE_IFREG, "", 1 << 20}, {"c.png", "c"}});
  EXPECT_LT(std::filesystem::file_size(folder_ / "set.tar"), 1U << 16);
  const DataSet data = open("set.tar");
  EXPECT_EQ(names(data), (Names{"a.png", "b.png", "c.png"}));
  EXPECT_EQ(read_bytes(data, 1), content);
  EXPECT_EQ(read_bytes(data, 2), "c");
}

TEST_F(Tar, NoneThatIsCutOrDamagedIsOpened) {
  for (int i = 0; i < 4; ++i) {
    write_tar(folder_ / kNames[i], class_folders(), {.filter = kFilters[i]});
    const std::string whole = read_file(folder_ / kNames[i], 1 << 20);
    // Neither plain archives nor libarchive's zstd have checksums of the content.
    // Plain archives are padded with blocks of zeros, of which one is enough.
    const std::size_t end = i == 0 ? whole.find_last_not_of('\0') / 512 * 512 + 512 : whole.size();
    for (std::size_t size = 0; size < end; size += i == 0 ? 512 : 131) {
      folder_.write(kNames[i], whole.substr(0, size));
      expect_error(ErrorKind::io, kNames[i], [&] { open(kNames[i]); });
    }
    std::string damaged = whole;
    for (std::size_t at = whole.size() / 2; at < whole.size() / 2 + 4; ++at) damaged[at] ^= 0x55;
    folder_.write(kNames[i], damaged);
    if (i == 1 || i == 2) expect_error(ErrorKind::io, kNames[i], [&] { open(kNames[i]); });
  }
}

TEST_F(Tar, ErrorNamesTheLastWholeMember) {
  write({{"a.png", std::string(600, 'a')}, {"b.png", std::string(600, 'b')}, {"c.png", "c"}});
  const std::string whole = read_file(folder_ / "set.tar", 1 << 20);
  const auto cut = [&](std::size_t size) {
    folder_.write("set.tar", whole.substr(0, size));
    return [&] { open("set.tar"); };
  };
  expect_error(ErrorKind::io, "before the first whole member", cut(700));
  expect_error(ErrorKind::io, "behind the member a.png", cut(1536 + 700));
  expect_error(ErrorKind::io, "behind the member b.png", cut(2 * 1536));  // between two members
  expect_error(ErrorKind::io, "behind the member c.png", cut(2 * 1536 + 1024));
}

TEST_F(Tar, ChecksumOfGzipIsCompared) {
  write_tar(folder_ / "set.tar.gz", class_folders(), {.filter = ARCHIVE_FILTER_GZIP});
  std::string bytes = read_file(folder_ / "set.tar.gz", 1 << 20);
  bytes[bytes.size() - 6] ^= 1;
  folder_.write("set.tar.gz", bytes);
  expect_error(ErrorKind::io, "damaged", [&] { open("set.tar.gz"); });
}

TEST_F(Tar, ChangeWhileReadCostsThatImageAndThoseBehind) {
  write({{"a.png", "a"}, {"b.png", "b"}, {"c.png", "c"}});
  const DataSet data = open("set.tar");
  const int file = ::open((folder_ / "set.tar").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::pwrite(file, "x", 1, 1024), 1);  // the second member's name
  EXPECT_EQ(read_bytes(data, 0), "a");
  EXPECT_NE(read_bytes(data, 1).find("damaged"), std::string::npos);  // its header's checksum
  EXPECT_NE(read_bytes(data, 2).find("damaged"), std::string::npos);
  EXPECT_EQ(read_bytes(data, 0), "a");
  ASSERT_EQ(::ftruncate(file, 0), 0);
  ::close(file);
  EXPECT_TRUE(read_bytes(data, 0).starts_with("error: "));
}

TEST_F(Tar, OtherMembersAreNeverReadInstead) {
  write({{"a.png", "a"}, {"b.png", "b"}});
  const DataSet data = open("set.tar");
  std::filesystem::copy_file(folder_ / "set.tar", folder_ / "old.tar");
  write_tar(folder_ / "other.tar", {{"a.png", "a"}, {"c.png", "c"}});
  const std::string other = read_file(folder_ / "other.tar", 1 << 20);
  const int file = ::open((folder_ / "set.tar").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::pwrite(file, other.data(), other.size(), 0), static_cast<ssize_t>(other.size()));
  ::close(file);
  EXPECT_EQ(read_bytes(data, 0), "a");
  EXPECT_NE(read_bytes(data, 1).find("has changed"), std::string::npos);
}

TEST_F(Tar, BombsAreRefusedAfterOneGibibyte) {
  std::vector<Member> members(50, {"zeros.txt", std::string(20 << 20, '\0')});
  write_tar(folder_ / "set.tar.zst", members, {.filter = ARCHIVE_FILTER_ZSTD});
  expect_error(ErrorKind::usage, "holds no images", [&] { open("set.tar.zst"); });
  members.resize(60, members[0]);
  write_tar(folder_ / "set.tar.zst", members, {.filter = ARCHIVE_FILTER_ZSTD});
  expect_error(ErrorKind::io, "inflates to more than 1 GiB", [&] { open("set.tar.zst"); });
}

TEST_F(Tar, NamesMustNotFillTheMemory) {
  const Archive packed = {.filter = ARCHIVE_FILTER_ZSTD, .format = ARCHIVE_FORMAT_TAR_GNUTAR};
  std::vector<Member> members(1, {std::string(70'000, 'n') + ".png", ""});
  write_tar(folder_ / "set.tar.zst", members, packed);
  expect_error(ErrorKind::io, "over 64 KiB", [&] { open("set.tar.zst"); });
  members.assign(1'100, {std::string(65'000, 'n') + ".png", ""});
  write_tar(folder_ / "set.tar.zst", members, packed);
  expect_error(ErrorKind::io, "too long names", [&] { open("set.tar.zst"); });
}

TEST_F(Tar, MemberOverOneGibibyteIsItsRowsError) {
  // A hole of 2 GiB takes no room on the disk.
  const std::int64_t size = std::int64_t{2} << 30;
  write({{"huge.png", "x"}, {"b.png", "b"}});
  std::string bytes = read_file(folder_ / "set.tar", 1 << 20);
  bytes.replace(124, 12, std::string("20000000000") + '\0');  // octal
  unsigned sum = 0;
  bytes.replace(148, 8, "        ");
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[i]);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  bytes.replace(148, 7, std::string(text, 7));
  folder_.write("set.tar", bytes.substr(0, 512));
  const int file = ::open((folder_ / "set.tar").c_str(), O_WRONLY | O_CLOEXEC);
  const std::string rest = bytes.substr(1024);
  ASSERT_EQ(::pwrite(file, rest.data(), rest.size(), 512 + size),
            static_cast<ssize_t>(rest.size()));
  ::close(file);
  const DataSet data = open("set.tar");
  EXPECT_NE(read_bytes(data, 0).find("more than 1 GiB"), std::string::npos);
  EXPECT_EQ(read_bytes(data, 1), "b");
}

TEST_F(Tar, ArchivesJoinedByCatAreReadToTheEnd) {
  for (int i = 0; i < 4; ++i) {
    write_tar(folder_ / kNames[i], {{"a.png", "a"}}, {.filter = kFilters[i]});
    const std::string first = read_file(folder_ / kNames[i], 1 << 20);
    write_tar(folder_ / kNames[i], {{"b.png", "b"}}, {.filter = kFilters[i]});
    folder_.write(kNames[i], first + read_file(folder_ / kNames[i], 1 << 20));
    const DataSet data = open(kNames[i]);
    ASSERT_EQ(names(data), (Names{"a.png", "b.png"}));
    EXPECT_EQ(read_bytes(data, 1), "b");
  }
}

TEST_F(Tar, OpeningMayBeInterrupted) {
  write({{"a.png", "a"}, {"b.png", "b"}, {"c.png", "c"}});
  int asked = 0;
  const auto cancelled = [&] { return ++asked == 2; };
  expect_error(ErrorKind::interrupted, "set.tar",
               [&] { open_data(folder_ / "set.tar", Split::all, OpenMode::score, {}, cancelled); });
}

TEST_F(Tar, WhatCannotBeOpenedIsAnError) {
  expect_error(ErrorKind::io, "set.tar", [&] { open("set.tar"); });
  folder_.write("set.tar", "no archive");
  expect_error(ErrorKind::io, "set.tar", [&] { open("set.tar"); });
  folder_.write("set.tar", "");
  expect_error(ErrorKind::io, "set.tar", [&] { open("set.tar"); });
}

}  // namespace
}  // namespace allconv
