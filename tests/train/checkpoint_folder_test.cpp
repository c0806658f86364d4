// The folder of checkpoints: the newest two stay, a damaged one is passed over, one process at a
// time.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "engine/support/error.hpp"
#include "engine/train/checkpoint_folder.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/train/tiny_training.hpp"

namespace allconv {
namespace {

namespace fs = std::filesystem;

Checkpoint checkpoint_at(int epoch, std::size_t step) {
  Checkpoint checkpoint{.model = untrained_model(striped_images(2)),
                        .velocities = {},
                        .position = {.epoch = epoch, .step = step},
                        .run = {.identity = "{}", .device = "avx2", .tuning = ""}};
  checkpoint.velocities = checkpoint.model.parameters;
  return checkpoint;
}

class CheckpointFolders : public testing::Test {
 protected:
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  void spoil(const std::string& name) const {
    fs::resize_file(path_ + "/" + name, fs::file_size(path_ + "/" + name) - 1);
  }

  // The position of the newest whole checkpoint as "epoch-step", "" without one.
  std::string newest(CheckpointFolder& folder) {
    warnings_.clear();
    const auto checkpoint = folder.newest([this](Severity severity, std::string_view text) {
      EXPECT_EQ(severity, Severity::warning);
      warnings_.emplace_back(text);
    });
    if (!checkpoint) return "";
    return std::to_string(checkpoint->position.epoch) + "-" +
           std::to_string(checkpoint->position.step);
  }

  TemporaryFolder parent_;
  std::string path_ = parent_ / "checkpoints";
  std::vector<std::string> warnings_;
};

TEST_F(CheckpointFolders, IsMadeAndEmptyAndKeepsTheNewestTwo) {
  {
    CheckpointFolder folder(path_ + "/");
    EXPECT_TRUE(folder.empty());
    EXPECT_EQ(newest(folder), "");
    for (const int step : {2, 9, 10}) folder.save(checkpoint_at(0, static_cast<std::size_t>(step)));
    folder.save(checkpoint_at(0, 10));  // interrupted again before the next step
    EXPECT_FALSE(folder.empty());
    EXPECT_EQ(newest(folder), "0-10");
  }
  EXPECT_EQ(files(), (std::vector<std::string>{"checkpoint-0001-000009.safetensors",
                                               "checkpoint-0001-000010.safetensors"}));
  CheckpointFolder folder(path_);
  EXPECT_EQ(newest(folder), "0-10");
  folder.save(checkpoint_at(10'000, 3));  // five digits: no longer the order of the text
  folder.save(checkpoint_at(10'001, 3));
  EXPECT_EQ(newest(folder), "10001-3");
  EXPECT_EQ(files().size(), 3U);  // with the lock
}

TEST_F(CheckpointFolders, ADamagedOneIsNamedAndTheOneBeforeUsed) {
  CheckpointFolder folder(path_);
  folder.save(checkpoint_at(0, 3));
  folder.save(checkpoint_at(1, 3));
  spoil("checkpoint-0002-000003.safetensors");
  EXPECT_EQ(newest(folder), "0-3");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("checkpoint-0002-000003.safetensors"), std::string::npos);
  // What was passed over is not counted among the two.
  folder.save(checkpoint_at(1, 1));
  EXPECT_EQ(newest(folder), "1-1");
  EXPECT_TRUE(warnings_.empty());
  EXPECT_TRUE(fs::exists(path_ + "/checkpoint-0001-000003.safetensors"));
  EXPECT_FALSE(fs::exists(path_ + "/checkpoint-0002-000003.safetensors"));
}

TEST_F(CheckpointFolders, WithoutAWholeOneTrainingBeginsAnewAndIsNotOutdoneByTheDamaged) {
  CheckpointFolder folder(path_);
  folder.save(checkpoint_at(4, 3));
  folder.save(checkpoint_at(5, 3));
  spoil("checkpoint-0005-000003.safetensors");
  spoil("checkpoint-0006-000003.safetensors");
  EXPECT_EQ(newest(folder), "");
  EXPECT_EQ(warnings_.size(), 2U);
  EXPECT_FALSE(folder.empty());
  folder.save(checkpoint_at(0, 3));
  EXPECT_EQ(newest(folder), "0-3");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(CheckpointFolders, WhatAKilledSaveLeftIsRemoved) {
  const std::string third = path_ + "/checkpoint-0001-000001.safetensors";
  CheckpointFolder folder(path_);
  for (std::size_t step = 2; step < 4; ++step) folder.save(checkpoint_at(0, step));
  fs::copy_file(path_ + "/checkpoint-0001-000003.safetensors", third);
  EXPECT_EQ(newest(folder), "0-3");
  EXPECT_EQ(files().size(), 3U);  // with the lock
  EXPECT_FALSE(fs::exists(third));
}

TEST_F(CheckpointFolders, OtherFilesStayAndLeftoversGo) {
  fs::create_directory(path_);
  const std::vector<std::string> others = {
      "checkpoint-1-3.safetensors", "checkpoint-0001-000003.safetensors.old",
      "checkpoint-0001-.safetensors", "checkpoint--000001.safetensors", "notes.txt"};
  for (const std::string& name : others) write_bytes(path_ + "/" + name, "text");
  write_bytes(path_ + "/.allconv-17-0.tmp", "half a checkpoint");
  {
    CheckpointFolder folder(path_);
    EXPECT_TRUE(folder.empty());
    for (int epoch = 0; epoch < 3; ++epoch) folder.save(checkpoint_at(epoch, 1));
  }
  EXPECT_EQ(files().size(), others.size() + 2);
  for (const std::string& name : others) EXPECT_TRUE(fs::exists(path_ + "/" + name)) << name;
}

TEST_F(CheckpointFolders, IsForOneAtATime) {
  const auto expect_refused = [this] {
    const std::string sentence =
        error_of(ErrorKind::io, [this] { const CheckpointFolder second(path_); });
    EXPECT_NE(sentence.find(path_), std::string::npos);
  };
  {
    const CheckpointFolder first(path_);
    expect_refused();
    expect_refused();  // the refused one did not take the lock away
  }
  const CheckpointFolder free(path_);
}

TEST_F(CheckpointFolders, IsReadBesideTheProcessThatHasIt) {
  EXPECT_THROW(read_newest_checkpoint(path_, {}), Error);
  CheckpointFolder folder(path_);
  EXPECT_FALSE(read_newest_checkpoint(path_, {}));
  folder.save(checkpoint_at(0, 3));
  folder.save(checkpoint_at(1, 2));
  write_bytes(path_ + "/.allconv-17-0.tmp", "half a checkpoint");
  const std::vector<std::string> before = files();
  auto newest = read_newest_checkpoint(path_ + "/", {});
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->name, "checkpoint-0002-000002.safetensors");
  EXPECT_EQ(newest->checkpoint.position.epoch, 1);
  spoil(newest->name);
  int warnings = 0;
  newest = read_newest_checkpoint(path_, [&](Severity, std::string_view text) {
    EXPECT_NE(text.find("checkpoint-0002-000002.safetensors"), std::string::npos);
    ++warnings;
  });
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->name, "checkpoint-0001-000003.safetensors");
  EXPECT_EQ(warnings, 1);
  EXPECT_EQ(files(), before);
}

TEST_F(CheckpointFolders, NeedsAParentAndNoFileInItsPlace) {
  EXPECT_THROW(CheckpointFolder(path_ + "/deeper"), Error);
  EXPECT_FALSE(fs::exists(path_));
  write_bytes(path_, "a file");
  EXPECT_THROW(CheckpointFolder{path_}, Error);
}

}  // namespace
}  // namespace allconv
