#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "allconv/images.hpp"
#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// A picture of one grey level at the network's size.
void write_picture(const std::string& path, char level) {
  std::ofstream(path, std::ios::binary) << "P6\n"
                                        << kWidth << ' ' << kHeight << "\n255\n"
                                        << std::string(std::size_t{kHeight} * kWidth * 3, level);
}

// cats/ and dogs/ with a picture each, and a broken one among the dogs.
class ImageSets : public testing::Test {
 protected:
  ImageSets() {
    for (const char* name : {"cats", "dogs"}) std::filesystem::create_directory(folder_ / name);
    write_picture(folder_ / "cats/a.ppm", 10);
    std::ofstream(folder_ / "dogs/b.ppm") << "P6\n6 8\n255\nshort";
    write_picture(folder_ / "dogs/c.ppm", 30);
  }

  TemporaryFolder folder_;
  Model model_ = tiny_model();
};

TEST_F(ImageSets, ReadInOrderAndKeepFailuresApart) {
  ImageSet set(folder_ / "", model_, {.labelled = true, .threads = 2});
  ASSERT_EQ(set.size(), 3U);
  EXPECT_THAT(set.classes(), ElementsAre("cats", "dogs"));
  EXPECT_EQ(set.label(0), 0);
  EXPECT_EQ(set.label(2), 1);
  EXPECT_THAT(set.path(1), HasSubstr("dogs/b.ppm"));
  const ImageBatch batch = set.read(0, 3);
  EXPECT_EQ(batch.pixels[0], 10);
  EXPECT_EQ(batch.pixels[kImage], 0);
  EXPECT_EQ(batch.pixels[2 * kImage], 30);
  ASSERT_EQ(batch.failures.size(), 1U);
  EXPECT_EQ(batch.failures[0].index, 1U);
  EXPECT_EQ(batch.failures[0].state, ALLCONV_IMAGE_NOT_DECODED);
  EXPECT_THAT(batch.failures[0].why, HasSubstr("end"));
  EXPECT_EQ(Session(model_).score(batch.images()).logits.size(), 12U);
  EXPECT_EQ(set.read(2, 1).pixels[0], 30);
}

TEST_F(ImageSets, AreOneOfSeveralPaths) {
  const std::vector<std::string> paths = {folder_ / "dogs/c.ppm", folder_ / "cats"};
  ImageSet set(paths, model_);
  ASSERT_EQ(set.size(), 2U);
  const ImageBatch batch = set.read(0, 2);
  EXPECT_EQ(batch.pixels.front(), 30);
  EXPECT_EQ(batch.pixels.back(), 10);
  EXPECT_EQ(set.label(0), -1);
}

TEST_F(ImageSets, TellWhatIsWrong) {
  const auto opened = [&](const std::string& path, const ImageSetOptions& options) {
    return failure_of([&] { ImageSet(path, model_, options); });
  };
  EXPECT_THAT(opened(folder_ / "none", {}), Pair(ALLCONV_IO, HasSubstr("none")));
  EXPECT_THAT(opened(folder_ / "cats", {.labelled = true}).first, ALLCONV_USAGE);
  EXPECT_THAT(opened(folder_ / "cats", {.threads = -1}), Pair(ALLCONV_USAGE, HasSubstr("threads")));
  EXPECT_THAT(opened(folder_ / "cats", {.pixel_limit = -1}),
              Pair(ALLCONV_USAGE, HasSubstr("pixel_limit")));
  ImageSet set(folder_ / "cats", model_, {.pixel_limit = 10});
  EXPECT_EQ(set.read(0, 1).failures.size(), 1U);
  EXPECT_THAT(failure_of([&] { set.read(1, 1); }), Pair(ALLCONV_USAGE, HasSubstr("1 images")));
  EXPECT_THROW(static_cast<void>(set.path(1)), std::out_of_range);
}

TEST_F(ImageSets, TellOfFilesThatAreNoImages) {
  std::ofstream(folder_ / "cats/notes.txt") << "no image";
  std::string told;
  const ImageSet set(folder_ / "cats", model_,
                     {.diagnostics = [&](Severity, std::string_view text) { told += text; }});
  EXPECT_EQ(set.size(), 1U);
  EXPECT_THAT(told, HasSubstr("1 "));
}

}  // namespace

}  // namespace allconv::test
