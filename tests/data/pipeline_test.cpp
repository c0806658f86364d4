// From data sets to batches: the training set, its statistics, decoding ahead, preparation.
#include <cmath>
#include <cstring>
#include <latch>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "engine/data/decode_ahead.hpp"
#include "engine/data/file_source.hpp"
#include "engine/data/load.hpp"
#include "engine/data/standardize.hpp"
#include "engine/data/training_set.hpp"
#include "engine/prepare/pixel_scaling.hpp"
#include "tests/data/support.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;

constexpr ImageTarget kTarget{.height = 16, .width = 12};
const LoadOptions kLoad{.target = kTarget};

// Class folders a and b with good and broken images mixed.
class Pipeline : public ::testing::Test {
 protected:
  Pipeline() {
    const char* images[] = {"rgb.png", "colour.jpg", "grey.jpg", "alpha.png", "turned_6.jpg"};
    for (int i = 0; i < 60; ++i) {
      const std::string number = std::to_string(100 + i);
      folder_.write_image((i % 3 == 0 ? "b/" : "a/") + number + ".jpg", images[i % 5]);
    }
    folder_.write("a/130x.jpg", stored_bytes("colour.jpg").substr(0, 900));
    folder_.write("b/000.png", "no image");
    folder_.write("b/999.png", "");
    data_ = open_data(folder_.path(), Split::train, OpenMode::train);
  }

  TemporaryFolder folder_;
  DataSet data_;
};

TEST_F(Pipeline, TrainingSetLeavesOutBrokenImagesAndNamesThemOnce) {
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    std::vector<std::string> warnings;
    const auto warn = [&](Severity severity, std::string_view text) {
      EXPECT_EQ(static_cast<int>(severity), static_cast<int>(Severity::warning));
      warnings.emplace_back(text);
    };
    const TrainingSet set =
        load_training_set(data_, {.load = {.target = kTarget}, .cancelled = {}}, pool, warn);
    EXPECT_EQ(set.size(), 60U);
    EXPECT_EQ(set.failed, 3U);
    EXPECT_EQ(set.classes, (std::vector<std::string>{"a", "b"}));
    ASSERT_EQ(warnings.size(), 3U);
    EXPECT_NE(warnings[0].find("a/130x.jpg: left out: "), std::string::npos);
    EXPECT_NE(warnings[1].find("b/000.png"), std::string::npos);
    std::size_t kept = 0;
    std::vector<std::uint8_t> expected(kTarget.bytes());
    MemoryBudget memory(SIZE_MAX);
    for (std::size_t i = 0; i < data_.size(); ++i) {
      if (decode_resized(data_, i, data_.read(i, memory), kLoad, nullptr, expected)) continue;
      ASSERT_EQ(set.labels[kept], data_.label(i));
      ASSERT_EQ(std::memcmp(set.image(kept++), expected.data(), expected.size()), 0);
    }
  }
}

TEST_F(Pipeline, ImagesAreHeldLargerByAMargin) {
  constexpr int kMargin = 5;
  ThreadPool pool(2);
  const TrainingSet set = load_training_set(
      data_, {.load = {.target = kTarget}, .margin = kMargin, .cancelled = {}}, pool);
  const ImageTarget larger = {
      .height = kTarget.height + kMargin, .width = kTarget.width + kMargin, .fit = kTarget.fit};
  EXPECT_EQ(set.input_height(), kTarget.height);
  EXPECT_EQ(set.input_width(), kTarget.width);
  std::size_t kept = 0;
  std::vector<std::uint8_t> expected(larger.bytes());
  MemoryBudget memory(SIZE_MAX);
  const LoadOptions load = {.target = larger};
  for (std::size_t i = 0; i < data_.size(); ++i) {
    if (decode_resized(data_, i, data_.read(i, memory), load, nullptr, expected)) continue;
    ASSERT_EQ(std::memcmp(set.image(kept), expected.data(), expected.size()), 0);
    const std::size_t centre = 3 * (2 * static_cast<std::size_t>(larger.width) + 2);
    ASSERT_EQ(*set.centre(kept), expected[centre]);
    ASSERT_EQ(set.centre(kept) - set.image(kept), static_cast<std::ptrdiff_t>(centre));
    ++kept;
  }
  EXPECT_EQ(kept, set.size());
  const Preparation prepare = standardize(set, pool);
  EXPECT_EQ(prepare.height, kTarget.height);
  EXPECT_EQ(prepare.width, kTarget.width);
  expect_error(ErrorKind::device, "more than the machine's memory", [&] {
    load_training_set(data_, {.load = {.target = kTarget}, .margin = 1 << 23, .cancelled = {}},
                      pool);
  });
}

TEST_F(Pipeline, TrainingSetCanBeInterrupted) {
  ThreadPool pool(2);
  expect_error(ErrorKind::interrupted, "interrupted", [&] {
    load_training_set(data_, {.load = {.target = kTarget}, .cancelled = [] { return true; }}, pool);
  });
}

TEST_F(Pipeline, TrainingSetOfBrokenImagesIsRefused) {
  const TemporaryFolder broken;
  broken.write("a/1.jpg", "x");
  broken.write("b/1.jpg", "y");
  const auto data = open_data(broken.path(), Split::train, OpenMode::train);
  ThreadPool pool(1);
  expect_error(ErrorKind::usage, "none of the training images", [&] {
    load_training_set(data, {.load = {.target = kTarget}, .cancelled = {}}, pool);
  });
  expect_error(ErrorKind::device, "more than the machine's memory", [&] {
    load_training_set(
        data, {.load = {.target = {.height = 1 << 23, .width = 1 << 23}}, .cancelled = {}}, pool);
  });
}

TrainingSet set_of(const std::vector<std::uint8_t>& pixels, int height, int width) {
  TrainingSet set;
  set.target = {.height = height, .width = width};
  set.pixels = kernels::Buffer<std::uint8_t>(pixels.size());
  std::memcpy(set.pixels.data(), pixels.data(), pixels.size());
  set.labels.assign(pixels.size() / set.target.bytes(), 0);
  return set;
}

TEST(Standardize, IsMeanAndDeviationInUnitsOfOne) {
  // Two images of 1x2: red 0, 255, 255, 0; green always 51; blue 10, 20, 30, 40.
  const TrainingSet set = set_of({0, 51, 10, 255, 51, 20, 255, 51, 30, 0, 51, 40}, 1, 2);
  ThreadPool pool(2);
  const Preparation prepare = standardize(set, pool);
  EXPECT_EQ(prepare.height, 1);
  EXPECT_EQ(prepare.width, 2);
  EXPECT_NEAR(prepare.mean[0], 0.5, 1e-15);
  EXPECT_NEAR(prepare.std[0], 0.5, 1e-15);
  EXPECT_NEAR(prepare.mean[1], 0.2, 1e-15);
  EXPECT_EQ(prepare.std[1], 1.0);
  EXPECT_NEAR(prepare.mean[2], 25.0 / 255, 1e-15);
  EXPECT_NEAR(prepare.std[2], std::sqrt(125.0) / 255, 1e-15);
}

TEST(Standardize, DoesNotDependOnThreads) {
  std::mt19937 random(5);
  std::vector<std::uint8_t> pixels(300 * 8 * 8 * 3);
  for (auto& value : pixels) value = static_cast<std::uint8_t>(random());
  const TrainingSet set = set_of(pixels, 8, 8);
  ThreadPool one(1), three(3);
  EXPECT_EQ(standardize(set, one), standardize(set, three));
}

// All that comes out, as one text.
std::string drain(DecodeAhead& ahead) {
  std::string text;
  while (auto image = ahead.next()) {
    text += std::to_string(image->index) + ":";
    if (image->ok()) {
      EXPECT_EQ(image->pixels.size(), kTarget.bytes());
      text.append(reinterpret_cast<const char*>(image->pixels.data()), image->pixels.size());
    } else {
      text += std::string(to_string(image->error->stage)) + " " + image->error->message;
    }
    text += "\n";
  }
  EXPECT_FALSE(ahead.next().has_value());
  return text;
}

TEST_F(Pipeline, DecodeAheadIsTheSameForAnyThreadsAndLimits) {
  ThreadPool alone(1);
  DecodeAhead plain(data_, IndexRange::all(data_.size()), kLoad, alone);
  const std::string expected = drain(plain);
  EXPECT_NE(expected.find("decode the content is none of JPEG"), std::string::npos);
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    for (const DecodeAheadLimits limits :
         {DecodeAheadLimits{}, {.images = 1}, {.images = 4}, {.bytes = 1}, {.bytes = 2000}}) {
      DecodeAhead ahead(data_, IndexRange::all(data_.size()), kLoad, pool, limits);
      EXPECT_EQ(drain(ahead), expected) << threads << " " << limits.images << " " << limits.bytes;
    }
  }
}

TEST_F(Pipeline, DecodeAheadFollowsTheRangeGiven) {
  ThreadPool pool(2);
  DecodeAhead ahead(data_, IndexRange::shard(12, 1, 3).after(1), kLoad, pool);
  for (const std::size_t index : {4, 7, 10}) EXPECT_EQ(ahead.next()->index, index);
  EXPECT_FALSE(ahead.next());
  DecodeAhead nothing(data_, {}, kLoad, pool);
  EXPECT_FALSE(nothing.next());
}

// A stream: reading anything but the next image is a fault.
class StreamSource final : public ImageSource {
 public:
  std::size_t size() const override { return 3000; }
  std::string path(std::size_t) const override { return "x"; }
  int label(std::size_t) const override { return kNoLabel; }
  bool sequential() const override { return true; }
  ReadResult read(std::size_t index, MemoryBudget&) const override {
    faults += reading.exchange(true) || index != next++;
    std::this_thread::yield();
    reading = false;
    return ImageError{ImageError::Stage::open, std::to_string(index)};
  }
  mutable std::atomic<bool> reading{false};
  mutable std::atomic<std::size_t> next{0};
  mutable std::atomic<int> faults{0};
};

TEST(DecodeAheadOfStreams, ReadsOneAfterTheOtherInOrder) {
  const auto source = std::make_shared<StreamSource>();
  const DataSet data(source, {});
  ThreadPool pool(4);
  DecodeAhead ahead(data, IndexRange::all(data.size()), kLoad, pool);
  for (std::size_t i = 0; i < data.size(); ++i)
    ASSERT_EQ(ahead.next()->error->message, std::to_string(i));
  EXPECT_EQ(source->faults.load(), 0);
}

TEST(MemoryBudget, MakesThreadsWaitAndAdmitsTheLargestAlone) {
  MemoryBudget budget(100);
  std::atomic<int> used{0};
  std::atomic<int> faults{0};
  const auto work = [&](int bytes) {
    for (int i = 0; i < 200; ++i) {
      const auto held = budget.take(static_cast<std::size_t>(bytes));
      const int now = used += bytes;
      faults += now > 100 && now != bytes;
      std::this_thread::yield();
      used -= bytes;
    }
  };
  std::thread small(work, 30), medium(work, 60), large(work, 500);
  for (std::thread* thread : {&small, &medium, &large}) thread->join();
  EXPECT_EQ(faults.load(), 0);
}

TEST(IndexRange, ShardsAreEveryNth) {
  EXPECT_EQ(IndexRange::shard(10, 0, 3).count, 4U);
  EXPECT_EQ(IndexRange::shard(10, 1, 3).count, 3U);
  EXPECT_EQ(IndexRange::shard(10, 2, 3)[2], 8U);
  EXPECT_EQ(IndexRange::shard(2, 2, 3).count, 0U);
  EXPECT_EQ(IndexRange::all(5).after(5).count, 0U);
}

TEST(PathList, PacksPathsAndKeepsThemInOrder) {
  PathList list;
  std::vector<std::string> wanted;
  for (int i = 0; i < 20'000; ++i) {
    wanted.push_back(std::string(static_cast<std::size_t>(i * 7 % 90), 'p') + std::to_string(i));
    list.add(wanted.back(), i);
  }
  wanted.emplace_back(3 << 20, 'l');  // longer than a block
  list.add(wanted.back());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ(list[i], wanted[i]);
    bytes += wanted[i].size();
  }
  EXPECT_LE(list.bytes(), bytes + 16 * wanted.size());
  list.sort();
  std::sort(wanted.begin(), wanted.end());
  for (std::size_t i = 0; i < wanted.size(); ++i) ASSERT_EQ(list[i], wanted[i]);
  list.select([](std::string_view path) -> std::optional<int> {
    if (path.size() > 2) return std::nullopt;
    return static_cast<int>(path.size());
  });
  ASSERT_EQ(list.size(), 2U);  // the others have letters before their number
  EXPECT_EQ(list[0], "0");
  EXPECT_EQ(list.label(0), 1);
  EXPECT_EQ(list[1], "90");
  EXPECT_EQ(list.label(1), 2);
}

TEST(HashPaths, TellsListsApart) {
  const auto set_of_paths = [](const std::vector<std::string>& paths) {
    PathList files;
    for (const std::string& path : paths) files.add(path);
    return DataSet(std::make_shared<FileSource>(std::move(files)), {});
  };
  const std::uint64_t hash = hash_paths(set_of_paths({"a", "bc"}));
  EXPECT_EQ(hash, hash_paths(set_of_paths({"a", "bc"})));
  for (const auto& other : {set_of_paths({"bc", "a"}), set_of_paths({"ab", "c"}),
                            set_of_paths({"a"}), set_of_paths({"a", "bc", ""})}) {
    EXPECT_NE(hash_paths(other), hash);
  }
}

TEST_F(Pipeline, DecodeAheadMayBeDroppedAtAnyMoment) {
  ThreadPool pool(3);
  for (int taken = 0; taken < 40; ++taken) {
    auto data = std::make_unique<DataSet>(data_);
    auto ahead = std::make_unique<DecodeAhead>(*data, IndexRange::all(data->size()), kLoad, pool);
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(ahead->next());
    ahead.reset();
    data.reset();  // jobs left in the pool must not touch it
  }
}

// A source that counts how far decoding has run ahead.
class CountingSource final : public ImageSource {
 public:
  std::size_t size() const override { return 200; }
  std::string path(std::size_t) const override { return "x"; }
  int label(std::size_t) const override { return kNoLabel; }
  ReadResult read(std::size_t, MemoryBudget&) const override {
    ++loaded;
    return ImageError{ImageError::Stage::decode, "none"};
  }
  mutable std::atomic<std::size_t> loaded{0};
};

TEST(DecodeAheadLimit, IsKept) {
  const auto source = std::make_shared<CountingSource>();
  const DataSet data(source, {});
  ThreadPool pool(3);
  DecodeAhead ahead(data, IndexRange::all(data.size()), kLoad, pool, {.images = 7});
  for (std::size_t taken = 0; taken < data.size(); ++taken) {
    EXPECT_LE(source->loaded.load(), taken + 7);
    ASSERT_TRUE(ahead.next());
  }
  EXPECT_EQ(source->loaded.load(), data.size());
}

TEST(DecodeAheadLimit, JobsDoNotPileUpBehindBusyThreads) {
  const DataSet data(std::make_shared<CountingSource>(), {});
  ThreadPool pool(2);
  std::latch busy(1), done(1);
  pool.enqueue([&] {
    busy.count_down();
    done.wait();
  });
  busy.wait();
  DecodeAhead ahead(data, IndexRange::all(data.size()), kLoad, pool);
  for (std::size_t taken = 0; taken < data.size(); ++taken) ASSERT_TRUE(ahead.next());
  int jobs = 0;
  while (pool.run_one_job()) ++jobs;
  done.count_down();
  EXPECT_LE(jobs, 1);
}

TEST(LoadResized, LackOfMemoryIsTheImagesError) {
  class Hungry final : public ImageSource {
   public:
    std::size_t size() const override { return 1; }
    std::string path(std::size_t) const override { return "x"; }
    int label(std::size_t) const override { return kNoLabel; }
    ReadResult read(std::size_t, MemoryBudget&) const override { return EncodedImage{}; }
    ImageResult decode(const EncodedImage&, const DecodeOptions&) const override {
      throw std::bad_alloc();
    }
  };
  const DataSet data(std::make_shared<Hungry>(), {});
  std::vector<std::uint8_t> pixels(kTarget.bytes());
  const auto error = decode_resized(data, 0, EncodedImage{}, kLoad, nullptr, pixels);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "no memory");
}

TEST(Prepare, HandsTheKernelItsConstants) {
  Preparation prepare;
  prepare.mean = {0.25, 0.5, 0.75};
  prepare.std = {1, 2, 4};
  const auto arguments = image_prepare_arguments(prepare);
  EXPECT_EQ(arguments.scale, 1.0F / 255);
  EXPECT_EQ(arguments.mean[2], 0.75F);
  EXPECT_EQ(arguments.std[1], 2.0F);
  EXPECT_EQ(arguments.moves, nullptr);
}

}  // namespace
}  // namespace allconv
