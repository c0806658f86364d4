// Folders of images: order, labels, splits, what is refused and what is only counted.
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/data/support.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;

class Folder : public ::testing::Test {
 protected:
  DataSet open(Split split, OpenMode mode) {
    return open_data(folder_.path(), split, mode,
                     [this](Severity, std::string_view text) { notes_.emplace_back(text); });
  }
  DataSet score() { return open(Split::all, OpenMode::score); }
  DataSet train() { return open(Split::train, OpenMode::train); }

  // Paths without the folder's own.
  std::vector<std::string> names(const DataSet& data) {
    std::vector<std::string> result;
    for (const std::string& path : paths(data)) {
      EXPECT_TRUE(path.starts_with(folder_.path() + "/")) << path;
      result.push_back(path.substr(folder_.path().size() + 1));
    }
    return result;
  }

  TemporaryFolder folder_;
  std::vector<std::string> notes_;
};

using Names = std::vector<std::string>;

TEST_F(Folder, ScoreTakesAllImagesBelowInBytewiseOrderOfPath) {
  for (const char* name : {"b.png", "a/z.JPG", "a/y/x.jpeg", "a-b.Png", "B.webp", "a.ppm",
                           "a/1.bmp", "readme.txt", "a/list.csv"}) {
    folder_.write_image(name);
  }
  EXPECT_EQ(names(score()),
            (Names{"B.webp", "a-b.Png", "a.ppm", "a/1.bmp", "a/y/x.jpeg", "a/z.JPG", "b.png"}));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_[0].find("skipped 2 files"), std::string::npos);
  EXPECT_TRUE(score().classes().empty());
}

TEST_F(Folder, PathIsAsGiven) {
  folder_.write_image("x.png");
  const auto data = open_data(folder_.path() + "/", Split::all, OpenMode::score);
  EXPECT_EQ(data.path(0), folder_ / "x.png");
}

TEST_F(Folder, LabelsAreFolderNamesSortedBytewise) {
  for (const char* name :
       {"dog/1.png", "Zebra/1.png", "cat/2.png", "cat/deep/1.png", ".git/x.png"}) {
    folder_.write_image(name);
  }
  const DataSet data = train();
  EXPECT_EQ(data.classes(), (Names{"Zebra", "cat", "dog"}));
  EXPECT_EQ(names(data), (Names{"Zebra/1.png", "cat/2.png", "cat/deep/1.png", "dog/1.png"}));
  EXPECT_EQ(labels(data), (std::vector<int>{0, 1, 1, 2}));
  EXPECT_EQ(open(Split::test, OpenMode::evaluate).size(), 4U);  // no splits: all of each
}

TEST_F(Folder, SplitsAreTakenApart) {
  for (const char* name : {"train/a/1.png", "train/b/1.png", "test/b/2.png", "val/a/3.png"}) {
    folder_.write_image(name);
  }
  EXPECT_EQ(names(train()), (Names{"train/a/1.png", "train/b/1.png"}));
  const DataSet test = open(Split::test, OpenMode::evaluate);
  EXPECT_EQ(names(test), (Names{"test/b/2.png"}));
  EXPECT_EQ(test.classes(), (Names{"b"}));
  EXPECT_EQ(names(open(Split::test, OpenMode::score)), (Names{"test/b/2.png"}));
  EXPECT_EQ(score().size(), 4U);
  const DataSet all = open(Split::all, OpenMode::evaluate);
  EXPECT_EQ(names(all), (Names{"test/b/2.png", "train/a/1.png", "train/b/1.png", "val/a/3.png"}));
  EXPECT_EQ(labels(all), (std::vector<int>{1, 0, 1, 0}));
}

TEST_F(Folder, ValServesAsTestWhereThereIsNoTest) {
  folder_.write_image("train/a/1.png");
  folder_.write_image("val/a/2.png");
  EXPECT_EQ(names(open(Split::test, OpenMode::evaluate)), (Names{"val/a/2.png"}));
}

TEST_F(Folder, SplitThatIsNotThereIsRefused) {
  folder_.write_image("train/a/1.png");
  folder_.write_image("train/b/1.png");
  EXPECT_EQ(train().size(), 2U);
  expect_error(ErrorKind::usage, "no test split", [&] { open(Split::test, OpenMode::evaluate); });
}

TEST_F(Folder, TrainMayBeAClass) {
  for (const char* name : {"bus/1.png", "train/1.png"}) folder_.write_image(name);
  EXPECT_EQ(train().classes(), (Names{"bus", "train"}));
}

TEST_F(Folder, RefusalsSayWhatAndHow) {
  expect_error(ErrorKind::usage, "holds no images", [&] { score(); });
  expect_error(ErrorKind::usage, "holds no images", [&] { train(); });
  folder_.write_image("a/1.png");
  expect_error(ErrorKind::usage, "one class only", [&] { train(); });
  folder_.write("b/notes.txt", "none");
  expect_error(ErrorKind::usage, "b: the class folder holds no images", [&] { train(); });
  EXPECT_EQ(open(Split::test, OpenMode::evaluate).size(), 1U);
  folder_.write_image("loose.jpg");
  expect_error(ErrorKind::usage, "mixes images and class folders", [&] { train(); });
  EXPECT_EQ(score().size(), 2U);
}

TEST_F(Folder, FlatFolderHasNoLabels) {
  folder_.write_image("1.png");
  EXPECT_EQ(score().label(0), kNoLabel);
  expect_error(ErrorKind::usage, "no labels", [&] { train(); });
  expect_error(ErrorKind::usage, "no labels", [&] { open(Split::test, OpenMode::evaluate); });
}

TEST_F(Folder, FollowsLinksToFilesButNotToFolders) {
  folder_.write_image("a/real.png");
  std::filesystem::create_symlink(folder_ / "a/real.png", folder_ / "link.png");
  std::filesystem::create_symlink(folder_.path(), folder_ / "a/circle");
  std::filesystem::create_symlink("nowhere", folder_ / "broken.png");
  const DataSet data = score();
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_[0].find("skipped 1 symbolic link to a folder"), std::string::npos);
  EXPECT_EQ(names(data), (Names{"a/real.png", "broken.png", "link.png"}));
  EXPECT_TRUE(std::holds_alternative<Image>(data.load(2)));
  const ImageResult broken = data.load(1);
  ASSERT_TRUE(std::holds_alternative<ImageError>(broken));
  EXPECT_EQ(std::get<ImageError>(broken).stage, ImageError::Stage::open);
}

TEST_F(Folder, KeepsNamesThatAreNotUtf8) {
  folder_.write_image("caf\xE9/\xFF\xFE.png");
  const DataSet data = score();
  EXPECT_EQ(names(data), (Names{"caf\xE9/\xFF\xFE.png"}));
  EXPECT_TRUE(std::holds_alternative<Image>(data.load(0)));
  folder_.write_image("tea/1.png");
  expect_error(ErrorKind::usage, "is not UTF-8", [&] { train(); });
}

TEST_F(Folder, UnreadableFolderIsAnInputError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every folder";
  folder_.write_image("a/1.png");
  std::filesystem::permissions(folder_ / "a", std::filesystem::perms::none);
  expect_error(ErrorKind::io, "cannot open the folder", [&] { score(); });
  std::filesystem::permissions(folder_ / "a", std::filesystem::perms::all);
}

TEST_F(Folder, OneImageIsASetOfOne) {
  folder_.write_image("x.png", "rgb.png");
  const DataSet data = open_data(folder_ / "x.png", Split::all, OpenMode::score);
  ASSERT_EQ(data.size(), 1U);
  EXPECT_EQ(data.path(0), folder_ / "x.png");
  EXPECT_EQ(std::get<Image>(data.load(0)).width, 61);
  expect_error(ErrorKind::usage, "no label",
               [&] { open_data(folder_ / "x.png", Split::test, OpenMode::evaluate); });
}

TEST_F(Folder, MissingImageIsARowAndMissingFolderAnError) {
  const DataSet data = open_data(folder_ / "none.jpg", Split::all, OpenMode::score);
  ASSERT_EQ(data.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<ImageError>(data.load(0)));
  expect_error(ErrorKind::io, "none: cannot open",
               [&] { open_data(folder_ / "none", Split::all, OpenMode::score); });
}

TEST_F(Folder, SetsAreJoinedInOrder) {
  folder_.write_image("b/2.png");
  folder_.write_image("a/1.png");
  folder_.write_image("a/3.png");
  DataSet data = open_data(folder_ / "b", Split::all, OpenMode::score);
  data.append(open_data(folder_ / "a", Split::all, OpenMode::score));
  EXPECT_EQ(names(data), (Names{"b/2.png", "a/1.png", "a/3.png"}));
}

TEST(MatchClasses, FindsEachNameOrSaysWhich) {
  EXPECT_EQ(match_classes({"b", "a"}, {"a", "b", "c"}, "DATA"), (std::vector<int>{1, 0}));
  expect_error(ErrorKind::usage, "DATA: the model does not know the class \"d\"", [] {
    match_classes({"a", "d"}, {"a", "b"}, "DATA");
  });
}

}  // namespace
}  // namespace allconv
