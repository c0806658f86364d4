// CIFAR and IDX sets: records, labels, names, splits and damage.
#include <filesystem>

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/data/support.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;

// A record whose pixel value is a function of its tag, the plane and the position.
std::string cifar_record(const std::string& label_bytes, int tag) {
  std::string record = label_bytes;
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < 1024; ++i) record.push_back(static_cast<char>(tag + 50 * c + i % 7));
  }
  return record;
}

std::string big_endian(unsigned value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

std::string idx_images(unsigned count, unsigned height, unsigned width) {
  std::string bytes =
      big_endian(0x803) + big_endian(count) + big_endian(height) + big_endian(width);
  for (unsigned i = 0; i < count * height * width; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

std::string idx_labels(const std::string& labels) {
  return big_endian(0x801) + big_endian(static_cast<unsigned>(labels.size())) + labels;
}

std::string compressed(const std::string& bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

class Records : public ::testing::Test {
 protected:
  DataSet open(Split split, OpenMode mode = OpenMode::evaluate) {
    return open_data(folder_.path(), split, mode);
  }
  void write_cifar10() {
    folder_.write("data_batch_1.bin", cifar_record("\x03", 1) + cifar_record("\x09", 2));
    folder_.write("data_batch_3.bin", cifar_record("\x01", 3));
    folder_.write("test_batch.bin", cifar_record("\x04", 4) + cifar_record("\x05", 5));
  }
  TemporaryFolder folder_;
};

using Names = std::vector<std::string>;

TEST_F(Records, Cifar10) {
  write_cifar10();
  const DataSet train = open(Split::train, OpenMode::train);
  EXPECT_EQ(paths(train),
            (Names{"data_batch_1.bin#0", "data_batch_1.bin#1", "data_batch_3.bin#0"}));
  EXPECT_EQ(labels(train), (std::vector<int>{3, 9, 1}));
  EXPECT_EQ(train.classes().size(), 10U);
  EXPECT_EQ(train.classes()[9], "9");
  EXPECT_EQ(paths(open(Split::test)), (Names{"test_batch.bin#0", "test_batch.bin#1"}));
  EXPECT_EQ(open(Split::all).size(), 5U);

  const ImageResult loaded = train.load(1);
  const Image& image = std::get<Image>(loaded);
  ASSERT_EQ(image.pixels.size(), 3072U);
  for (int i = 0; i < 1024; ++i) {
    for (int c = 0; c < 3; ++c) {
      ASSERT_EQ(image.pixels[static_cast<std::size_t>(3 * i + c)], 2 + 50 * c + i % 7);
    }
  }
}

TEST_F(Records, Cifar10TakesNamesBesideTheFiles) {
  write_cifar10();
  folder_.write("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  EXPECT_EQ(open(Split::test).classes(), (Names{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}));
  folder_.write("batches.meta.txt", "a\nb\n");
  expect_error(ErrorKind::usage, "10 class names", [&] { open(Split::test); });
}

TEST_F(Records, Cifar100HasFineLabels) {
  folder_.write("train.bin", cifar_record(std::string("\x0B\x61", 2), 1));
  const DataSet train = open(Split::train);
  EXPECT_EQ(paths(train), (Names{"train.bin#0"}));
  EXPECT_EQ(labels(train), (std::vector<int>{97}));
  EXPECT_EQ(train.classes().size(), 100U);
  EXPECT_EQ(std::get<Image>(train.load(0)).pixels[0], 1);
  expect_error(ErrorKind::usage, "no test split", [&] { open(Split::test); });
  folder_.write("test.bin", cifar_record(std::string("\x01\x02", 2), 3) +
                                cifar_record(std::string("\x13\x63", 2), 7));
  std::string names;
  for (int i = 0; i < 100; ++i) names += "class" + std::to_string(i) + "\n";
  folder_.write("fine_label_names.txt", names);
  const DataSet test = open(Split::test);
  EXPECT_EQ(paths(test), (Names{"test.bin#0", "test.bin#1"}));
  EXPECT_EQ(labels(test), (std::vector<int>{2, 99}));
  EXPECT_EQ(test.classes()[99], "class99");
  EXPECT_EQ(std::get<Image>(test.load(1)).pixels[0], 7);
  EXPECT_EQ(std::get<Image>(test.load(1)).pixels[1], 57);
  folder_.write("test.bin", cifar_record(std::string("\x01\x64", 2), 3));
  expect_error(ErrorKind::io, "has the label 100", [&] { open(Split::test); });
}

TEST_F(Records, DamagedCifarIsRefused) {
  write_cifar10();
  folder_.write("test_batch.bin", cifar_record("\x04", 4).substr(1));
  expect_error(ErrorKind::io, "no whole records", [&] { open(Split::test); });
  folder_.write("test_batch.bin", cifar_record("\x0A", 4));
  expect_error(ErrorKind::io, "has the label 10", [&] { open(Split::test); });
}

TEST_F(Records, IdxPlainAndCompressed) {
  folder_.write("train-images-idx3-ubyte", idx_images(3, 4, 5));
  folder_.write("train-labels-idx1-ubyte.gz", compressed(idx_labels(std::string("\x07\0\x02", 3))));
  folder_.write("t10k-images-idx3-ubyte.gz", compressed(idx_images(2, 4, 5)));
  folder_.write("t10k-labels-idx1-ubyte", idx_labels(std::string("\x01\x01", 2)));
  const DataSet train = open(Split::train, OpenMode::train);
  EXPECT_EQ(labels(train), (std::vector<int>{7, 0, 2}));
  EXPECT_EQ(train.classes(), (Names{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  EXPECT_EQ(train.path(2), "train-images-idx3-ubyte#2");
  const DataSet test = open(Split::test);
  EXPECT_EQ(paths(test), (Names{"t10k-images-idx3-ubyte.gz#0", "t10k-images-idx3-ubyte.gz#1"}));
  EXPECT_EQ(open(Split::all).size(), 5U);
  for (const DataSet& data : {train, test}) {
    const ImageResult loaded = data.load(1);
    const Image& image = std::get<Image>(loaded);
    EXPECT_EQ(image.height, 4);
    EXPECT_EQ(image.width, 5);
    for (std::size_t i = 0; i < 60; ++i) ASSERT_EQ(image.pixels[i], 20 + i / 3);
  }
}

TEST_F(Records, IdxWithoutLabelsCanOnlyBeScored) {
  folder_.write("t10k-images-idx3-ubyte", idx_images(2, 3, 3));
  EXPECT_EQ(open(Split::all, OpenMode::score).size(), 2U);
  expect_error(ErrorKind::usage, "t10k-labels-idx1-ubyte", [&] { open(Split::test); });
  expect_error(ErrorKind::usage, "no train split", [&] { open(Split::train); });
}

TEST_F(Records, DamagedIdxIsRefused) {
  const auto expect_damaged = [&](const char* name, const std::string& bytes) {
    folder_.write(name, bytes);
    expect_error(ErrorKind::io, name, [&] { open(Split::test, OpenMode::evaluate); });
  };
  const std::string images = idx_images(2, 3, 3);
  folder_.write("t10k-labels-idx1-ubyte", idx_labels("ab"));
  for (const std::size_t size : {0UL, 3UL, 15UL, 16UL, images.size() - 1}) {
    expect_damaged("t10k-images-idx3-ubyte", images.substr(0, size));
  }
  expect_damaged("t10k-images-idx3-ubyte", images + "x");
  std::string huge = images;
  for (std::size_t i = 4; i < 16; ++i) huge[i] = '\xFF';
  expect_damaged("t10k-images-idx3-ubyte", huge);
  folder_.write("t10k-images-idx3-ubyte", images);
  expect_damaged("t10k-labels-idx1-ubyte", idx_labels("abc"));
  expect_damaged("t10k-labels-idx1-ubyte", images);
}

TEST_F(Records, DamagedGzipIsRefusedAtEveryCut) {
  const std::string whole = compressed(idx_images(20, 9, 9));
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    folder_.write("t10k-images-idx3-ubyte.gz", whole.substr(0, size));
    expect_error(ErrorKind::io, "t10k", [&] { open(Split::all, OpenMode::score); });
  }
  std::string flipped = whole;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // CRC-32
  folder_.write("t10k-images-idx3-ubyte.gz", flipped);
  expect_error(ErrorKind::io, "damaged", [&] { open(Split::all, OpenMode::score); });
}

TEST_F(Records, GzipIsInflatedNoFurtherThanTheHeaderSays) {
  // What comes behind the images is not looked at: its checksum is wrong.
  std::string bytes = idx_images(2, 3, 3) + std::string(std::size_t{1} << 20, 'x');
  std::string packed = compressed(bytes);
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);
  folder_.write("t10k-images-idx3-ubyte.gz", packed);
  expect_error(ErrorKind::io, "another number of bytes",
               [&] { open(Split::all, OpenMode::score); });
}

TEST(FashionMnist, OpensAsInstalled) {
  const std::string folder = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const DataSet test = open_data(folder, Split::test, OpenMode::evaluate);
  ASSERT_EQ(test.size(), 10'000U);
  EXPECT_EQ(test.classes().size(), 10U);
  EXPECT_EQ(test.label(0), 9);  // an ankle boot
  EXPECT_EQ(std::get<Image>(test.load(9'999)).height, 28);
}

}  // namespace
}  // namespace allconv
