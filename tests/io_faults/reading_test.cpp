// Whatever is read is read whole or not at all: a fault of a call never makes a file shorter or a
// set of images smaller.
#include <gtest/gtest.h>

#include "engine/data/data_set.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/support/input_file.hpp"
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

}  // namespace
}  // namespace allconv::io_faults
