// Lists of paths: lines, labels, what the lines may name, changes, bounded memory.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/data/list_source.hpp"
#include "tests/data/support.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;
using Names = std::vector<std::string>;

class List : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write_image("sub/a.png", "pixel.png");
    folder_.write_image("sub/b.jpg", "colour.jpg");
  }
  DataSet open(const std::string& text, OpenMode mode = OpenMode::score,
               const std::string& name = "sub/list.txt") {
    folder_.write(name, text);
    return open_data(folder_ / name, Split::all, mode);
  }
  static std::string error_of(const DataSet& data, std::size_t index) {
    const ImageResult result = data.load(index);
    if (std::holds_alternative<Image>(result)) return {};
    return to_string(std::get<ImageError>(result).stage) +
           (": " + std::get<ImageError>(result).message);
  }

  TemporaryFolder folder_;
};

TEST_F(List, LinesAreImagesAndPathsAreAsWritten) {
  const std::string absolute = folder_ / "sub/b.jpg";
  const DataSet data = open("a.png\n\n./b.jpg\r\n" + absolute + "\tdog\n\r\na.png\n../sub/a.png");
  EXPECT_EQ(paths(data), (Names{"a.png", "./b.jpg", absolute, "a.png", "../sub/a.png"}));
  for (std::size_t i = 0; i < data.size(); ++i) EXPECT_EQ(error_of(data, i), "");
  EXPECT_EQ(data.label(2), kNoLabel);
  EXPECT_TRUE(data.classes().empty());
  EXPECT_FALSE(data.sequential(0));
}

TEST_F(List, AnyNameThatIsNoImagesOrTars) {
  for (const char* name : {"sub/list", "sub/list.csv", "sub/a.png.txt"})
    EXPECT_EQ(open("a.png", OpenMode::score, name).size(), 1U);
  EXPECT_EQ(paths(open("\xEF\xBB\xBF"
                       "a.png\n")),
            (Names{"a.png"}));  // a byte order mark
}

TEST_F(List, LabelsAreSortedBytewise) {
  const DataSet data =
      open("a.png\tdog\nb.jpg\tZebra\r\na.png\tcat\nb.jpg\tdog\n", OpenMode::train);
  EXPECT_EQ(data.classes(), (Names{"Zebra", "cat", "dog"}));
  EXPECT_EQ(labels(data), (std::vector<int>{2, 0, 1, 2}));
  EXPECT_EQ(paths(data), (Names{"a.png", "b.jpg", "a.png", "b.jpg"}));
  EXPECT_EQ(open_data(folder_ / "sub/list.txt", Split::test, OpenMode::evaluate).size(), 4U);
}

TEST_F(List, LabelsMustBeThereWhereTheyAreNeeded) {
  for (const OpenMode mode : {OpenMode::evaluate, OpenMode::train}) {
    expect_error(ErrorKind::usage, "line 3 has no label",
                 [&] { open("a.png\tcat\n\nb.jpg\na.png\n", mode); });
    expect_error(ErrorKind::usage, "line 1 has no label", [&] { open("a.png\t\r\n", mode); });
  }
  expect_error(ErrorKind::usage, "one class only", [&] { open("a.png\tcat", OpenMode::train); });
  expect_error(ErrorKind::usage, "is not UTF-8", [&] { open("a.png\t\xFF", OpenMode::evaluate); });
  EXPECT_EQ(open("a.png\tcat\nb.jpg\n").size(), 2U);
}

TEST_F(List, WhatALineNamesWrongIsItsRowsError) {
  std::filesystem::create_directory(folder_ / "sub/folder.png");
  ASSERT_EQ(mkfifo((folder_ / "sub/pipe.png").c_str(), 0600), 0);
  std::filesystem::create_symlink("loop.png", folder_ / "sub/loop.png");
  std::filesystem::create_symlink("a.png", folder_ / "sub/link.png");
  folder_.write("sub/other.txt", "a.png\n");
  const DataSet data = open(
      "absent.png\nfolder.png\npipe.png\n/dev/zero\nloop.png\n.\nlink.png\nother.txt\nlist.txt\n");
  for (const std::size_t index : {0U, 1U, 2U, 3U, 4U, 5U})
    EXPECT_TRUE(error_of(data, index).starts_with("open: ")) << index << error_of(data, index);
  EXPECT_EQ(error_of(data, 6), "");
  EXPECT_TRUE(error_of(data, 7).starts_with("decode: "));  // a list is no image
  EXPECT_TRUE(error_of(data, 8).starts_with("decode: "));
}

TEST_F(List, KeepsNamesThatAreNotUtf8) {
  folder_.write_image("sub/\xFF\xE9.png");
  const DataSet data = open("\xFF\xE9.png\n");
  EXPECT_EQ(data.path(0), "\xFF\xE9.png");
  EXPECT_EQ(error_of(data, 0), "");
}

TEST_F(List, WhatIsNoListIsRefused) {
  expect_error(ErrorKind::usage, "holds no images", [&] { open(""); });
  expect_error(ErrorKind::usage, "holds no images", [&] { open("\r\n\n"); });
  expect_error(ErrorKind::io, "line 2 holds a zero byte",
               [&] { open(std::string("a.png\nb\0.png\n", 13)); });
  const std::string longest(65'535, 'x');
  EXPECT_EQ(open(longest + "\n" + longest + "x").size(), 2U);
  expect_error(ErrorKind::io, "line 2 is longer", [&] { open("a.png\n" + longest + "xx\n"); });
  expect_error(ErrorKind::io, "line 1 is longer", [&] { open(std::string(1 << 20, 'x')); });
  expect_error(ErrorKind::io, "this is no list",
               [&] { open(stored_bytes("colour.jpg"), OpenMode::score, "picture.gif"); });
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  expect_error(ErrorKind::io, "not a regular file",
               [&] { open_data(folder_ / "pipe", Split::all, OpenMode::score); });
}

TEST_F(List, EveryLineOfALongOneIsFound) {
  std::string text;
  Names wanted;
  for (int i = 0; i < 5000; ++i) {
    wanted.push_back(std::string(static_cast<std::size_t>(i % 700), 'p') + std::to_string(i));
    text += wanted.back() + (i % 3 == 0 ? "\r\n\n" : "\n");
    if (i == 2500) text += std::string(200'000, '\n');
  }
  const DataSet data = open(text);
  EXPECT_EQ(paths(data), wanted);
  for (std::size_t i = 5000; i-- > 0;) ASSERT_EQ(data.path(i), wanted[i]);
}

TEST_F(List, ChangeWhileReadGivesErrorsNotOtherImages) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "a.png\n";
  for (int i = 0; i < 10; ++i) text += "b.jpg\n";
  const DataSet data = open(text);
  text.replace(6 * 305, 5, "a.png");  // in the second block
  folder_.write("sub/list.txt", text);
  EXPECT_EQ(error_of(data, 0), "");
  EXPECT_NE(error_of(data, 302).find("the list has changed"), std::string::npos);
  EXPECT_EQ(data.path(302), folder_ / "sub/list.txt#302");
  folder_.write("sub/list.txt", "");
  EXPECT_NE(error_of(data, 302).find("the list has changed"), std::string::npos);
}

}  // namespace
}  // namespace allconv
