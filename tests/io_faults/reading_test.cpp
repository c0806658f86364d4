// Whatever is read is read whole or not at all: a fault of a call never makes a file shorter or a
// set of images smaller.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/data/data_set.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/support/input_file.hpp"
#include "tests/data/tar_writer.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/io_faults/walk.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv::io_faults {
namespace {

TEST(ModelRead, IsTheWholeModelOrAnError) {
  const TemporaryFolder folder;
  const std::string path = folder / "model";
  write_model(sample_model(), path);
  Model model;
  const Action action = {.folder = folder.path(),
                         .prepare = [&] { model = {}; },
                         .run = [&] { model = read_model(path); }};
  walk(action, [&](const Point& point, const std::string& sentence) {
    if (point.possible.invisible || sentence.empty()) {
      EXPECT_EQ(model.parameters.at(0).weights, sample_model().parameters.at(0).weights);
    }
    EXPECT_EQ(sentence.empty(), point.possible.invisible);
  });
}

TEST(FileRead, IsTheWholeFileOrAnError) {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  const std::string content(200'001, 'x');
  write_bytes(path, content);
  std::string found;
  const Action action = {.folder = folder.path(),
                         .prepare = [&] { found.clear(); },
                         .run = [&] { found = read_file(path, 1 << 20); }};
  walk(action, [&](const Point& point, const std::string& sentence) {
    EXPECT_EQ(found, point.possible.invisible ? content : "");
    EXPECT_EQ(sentence.empty(), point.possible.invisible);
  });
}

// Folders within folders; the files are never opened.
TEST(FolderRead, FindsAllImagesOrThrows) {
  const TemporaryFolder folder;
  const std::vector<std::string> names = {"blue/1.png", "blue/deep/2.png", "red/3.png"};
  for (const std::string& name : names) {
    std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
    write_bytes(folder / name, "");
  }
  std::filesystem::create_symlink(folder / "nowhere", folder / "red/broken");
  for (const OpenMode mode : {OpenMode::score, OpenMode::train}) {
    std::size_t found = 0;
    const Action action = {
        .folder = folder.path(),
        .prepare = [&] { found = 0; },
        .run = [&] { found = open_data(folder.path(), Split::all, mode).size(); }};
    walk(action, [&](const Point& point, const std::string& sentence) {
      EXPECT_EQ(found, sentence.empty() ? names.size() : 0);
      // An image that cannot be looked at fails when it is read.
      const bool may_pass = point.possible.invisible || point.call().kind == CallKind::examine;
      EXPECT_TRUE(may_pass || !sentence.empty());
    });
  }
}

// What the images of a set hold, in order; "" for one that cannot be read.
std::vector<std::string> contents_of(const std::string& path) {
  const DataSet data = open_data(path, Split::all, OpenMode::score);
  std::vector<std::string> contents;
  MemoryBudget memory(1 << 20);
  for (std::size_t i = 0; i < data.size(); ++i) {
    ReadResult read = data.read(i, memory);
    const auto* image = std::get_if<EncodedImage>(&read);
    contents.push_back(image == nullptr ? "" : image->bytes);
  }
  return contents;
}

// A fault costs the set, or images, but never gives one image another one's bytes.
void walk_set(const std::string& folder, const std::string& path,
              const std::vector<std::string>& wanted) {
  std::vector<std::string> found;
  const Action action = {.folder = folder,
                         .prepare = [&] { found.clear(); },
                         .run = [&] { found = contents_of(path); }};
  walk(action, [&](const Point& point, const std::string& sentence) {
    EXPECT_TRUE(!point.possible.invisible || found == wanted);
    ASSERT_EQ(found.size(), sentence.empty() ? wanted.size() : 0);
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_TRUE(found[i].empty() || found[i] == wanted[i]) << i;
    const auto failed = std::count(found.begin(), found.end(), "");
    EXPECT_TRUE(point.possible.invisible || failed > 0 || !sentence.empty());
  });
}

TEST(TarRead, FailsWholeOrByTheImage) {
  const TemporaryFolder folder;
  const std::vector<std::string> wanted = {std::string(100'000, 'a'), "b",
                                           std::string(70'000, 'c')};
  const std::vector<testing::Member> members = {
      {"a.png", wanted[0]}, {"note.txt", "note"}, {"b.png", wanted[1]}, {"c.png", wanted[2]}};
  testing::write_tar(folder / "set.tar", members);
  walk_set(folder.path(), folder / "set.tar", wanted);
  for (const auto& [name, filter] : {std::pair{"set.tar.gz", ARCHIVE_FILTER_GZIP},
                                     std::pair{"set.tar.zst", ARCHIVE_FILTER_ZSTD}}) {
    testing::write_tar(folder / name, members, {.filter = filter});
    walk_set(folder.path(), folder / name, wanted);
  }
}

TEST(ListRead, FailsWholeOrByTheImage) {
  const TemporaryFolder folder;
  write_bytes(folder / "a.png", "aaa");
  write_bytes(folder / "b.png", "b");
  write_bytes(folder / "list", "a.png\n" + std::string(70'000, '\n') + "b.png\na.png\n");
  walk_set(folder.path(), folder / "list", {"aaa", "b", "aaa"});
}

}  // namespace
}  // namespace allconv::io_faults
