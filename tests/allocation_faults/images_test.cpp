// Decoding and scoring with failing allocations, on several threads: an image that finds no memory
// costs its own outcome, and the others keep theirs.
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/data/training_set.hpp"
#include "engine/score/scorer.hpp"
#include "tests/allocation_faults/walk.hpp"
#include "tests/data/tar_writer.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv::allocation_faults {
namespace {

// Stored pictures of every decoder, and one that is broken and one that is not there, in class
// folders.
class Images : public ::testing::TestWithParam<int> {
 protected:
  Images() : pool_(GetParam()) {
    const std::filesystem::path stored = std::string(ALLCONV_TEST_DATA) + "/../data/images";
    for (const char* name : {"one", "two"}) {
      const std::filesystem::path below = folder_ / name;
      std::filesystem::create_directory(below);
      for (const char* image : {"colour.jpg", "progressive.jpg", "palette.png", "sixteen_bit.png"})
        std::filesystem::copy(stored / image, below / image);
    }
    write_bytes(folder_ / "one/broken.png", "\x89PNG\r\n\x1a\nand no more");
    write_bytes(folder_ / "one/long name of a picture that cannot be read.jpg", "");
    std::filesystem::create_symlink("nowhere", folder_ / "two/broken.png");
  }

  TemporaryFolder folder_;
  ThreadPool pool_;
};

TEST_P(Images, OpenFolder) {
  walk([&] { EXPECT_EQ(open_data(folder_.path(), Split::all, OpenMode::train).size(), 11U); });
}

TEST_P(Images, TrainingSet) {
  const DataSet data = open_data(folder_.path(), Split::all, OpenMode::train);
  const TrainingSetOptions options = {.load = {.target = {.height = 6, .width = 4}},
                                      .cancelled = {}};
  walk([&] {
    const TrainingSet set = load_training_set(data, options, pool_);
    EXPECT_EQ(set.size() + set.failed, data.size());
  });
}

TEST_P(Images, Scorer) {
  const DataSet data = open_data(folder_.path(), Split::all, OpenMode::score);
  const Model model = sample_model();
  std::vector<float> expected(data.size());
  bool is_first = true;
  std::size_t next = 0;
  const auto take = [&](const ScoredImage& image) {
    EXPECT_EQ(image.index, next++);
    if (image.failure) return;
    float& first_logit = expected[image.index];
    if (is_first) first_logit = image.logits[0];
    EXPECT_EQ(image.logits[0], first_logit) << data.path(image.index);
  };
  const ScorerOptions options = {.batch_size = 4, .plan = {}};
  Scorer scorer(model, options, pool_);
  const auto score = [&] {
    next = 0;
    scorer.run(data, IndexRange::all(data.size()), {.image = take, .cancelled = {}});
    EXPECT_EQ(next, data.size());
  };
  score();
  is_first = false;
  walk(score);
}

// An image that finds no memory may be lost, but none has another one's bytes.
TEST_P(Images, SetsReadAhead) {
  std::vector<testing::Member> members;
  std::string list;
  for (int i = 0; i < 4; ++i) {
    members.push_back({"folder/" + std::to_string(i) + ".png", std::string(5000, 'a')});
    members.back().bytes += std::to_string(i);
    write_bytes(folder_ / std::to_string(i), members.back().bytes);
    list += std::to_string(i) + "\n";
  }
  write_bytes(folder_ / "list", list);
  testing::write_tar(folder_ / "set.tar.gz", members, {.filter = ARCHIVE_FILTER_GZIP});
  for (const char* name : {"list", "set.tar.gz"}) {
    walk([&] {
      const DataSet data = open_data(folder_ / name, Split::all, OpenMode::score);
      EXPECT_EQ(data.size(), members.size());
      for (std::size_t i = 0; i < data.size(); ++i) {
        MemoryBudget memory(1 << 20);
        const ReadResult read = data.read(i, memory);
        const auto* image = std::get_if<EncodedImage>(&read);
        EXPECT_TRUE(image == nullptr || image->bytes == members[i].bytes) << i;
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, Images, ::testing::Values(1, 3));

}  // namespace
}  // namespace allconv::allocation_faults
