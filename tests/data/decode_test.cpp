// Decoding and resizing against Pillow's stored results, and every kind of damage to a file.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <zlib.h>

#include "engine/data/decode.hpp"
#include "engine/data/exif.hpp"
#include "engine/data/image_file.hpp"
#include "engine/prepare/resize.hpp"
#include "tests/data/support.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;

struct Case {
  std::string file;
  int height = 0, width = 0;
  std::string fit, expected;
};

std::vector<Case> cases() {
  std::ifstream list(stored("cases.txt"));
  std::vector<Case> result;
  for (Case entry;
       list >> entry.file >> entry.height >> entry.width >> entry.fit >> entry.expected;) {
    result.push_back(entry);
  }
  return result;
}

std::string result_of(const Image& image, const Case& entry) {
  if (entry.fit == "none") {
    return {reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()};
  }
  const auto fit = entry.fit == "cover" ? Preparation::Fit::cover : Preparation::Fit::stretch;
  const ImageTarget target{.height = entry.height, .width = entry.width, .fit = fit};
  std::vector<std::uint8_t> pixels(target.bytes());
  resize_image(image, target, pixels);
  return {pixels.begin(), pixels.end()};
}

TEST(Decode, IsWithinOneLevelOfPillow) {
  const auto all = cases();
  ASSERT_GE(all.size(), 80U);
  for (const Case& entry : all) {
    SCOPED_TRACE(entry.file + " " + entry.fit + " " + entry.expected);
    const ImageResult decoded = decode(stored_bytes(entry.file));
    ASSERT_EQ(message(decoded), "");
    const std::string result = result_of(std::get<Image>(decoded), entry);
    const std::string expected = stored_bytes(entry.expected);
    ASSERT_EQ(result.size(), expected.size());
    int largest = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
      const int difference =
          static_cast<std::uint8_t>(result[i]) - static_cast<std::uint8_t>(expected[i]);
      largest = std::max(largest, std::abs(difference));
    }
    EXPECT_LE(largest, 1);
  }
}

TEST(Decode, NamesFormatsItDoesNotRead) {
  using namespace std::string_view_literals;
  EXPECT_NE(message(decode("GIF89a"sv)).find("GIF images are not supported"), std::string::npos);
  EXPECT_NE(message(decode("II*\0\x08\0\0\0"sv)).find("TIFF"), std::string::npos);
  EXPECT_NE(message(decode("\0\0\0\x1C"
                           "ftypavif"sv))
                .find("AVIF"),
            std::string::npos);
  EXPECT_EQ(message(decode("hello")), "the content is none of JPEG, PNG, WebP, BMP, PPM and PGM");
  EXPECT_EQ(message(decode("")), "the file is empty");
}

TEST(Decode, RefusesEveryTruncation) {
  for (const char* name : {"colour.jpg", "progressive.jpg", "grey.jpg", "turned_6.jpg", "cmyk.jpg",
                           "rgb.png", "palette.png", "alpha.png", "sixteen_bit.png"}) {
    const std::string whole = stored_bytes(name);
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 400);
    for (std::size_t size = 0; size < whole.size(); size += step) {
      EXPECT_NE(message(decode(whole.substr(0, size))), "") << name << " cut at " << size;
    }
    for (std::size_t lost = 1; lost < 40; ++lost) {
      EXPECT_NE(message(decode(whole.substr(0, whole.size() - lost))), "") << name << " -" << lost;
    }
  }
}

TEST(Decode, RefusesEveryFlippedByteOfPng) {
  for (const char* name : {"rgb.png", "palette.png", "grey_alpha.png", "bit.png"}) {
    std::string bytes = stored_bytes(name);
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 500);
    for (std::size_t i = 0; i < bytes.size(); i += step) {
      bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
      EXPECT_NE(message(decode(bytes)), "") << name << " byte " << i;
      bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    }
  }
}

// JPEG has no checksum, so a flipped byte may decode; it must never do worse than that.
TEST(Decode, SurvivesFlippedBytesOfJpeg) {
  std::size_t refused = 0;
  for (const char* name : {"colour.jpg", "progressive.jpg", "turned_5.jpg", "cmyk.jpg"}) {
    std::string bytes = stored_bytes(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const int mask : {0x01, 0x80, 0xFF}) {
        const char before = bytes[i];
        bytes[i] = static_cast<char>(before ^ mask);
        const ImageResult result = decode(bytes, {.pixel_limit = 1'000'000});
        if (const auto* image = std::get_if<Image>(&result)) {
          EXPECT_EQ(image->pixels.size(), std::size_t{3} * static_cast<std::size_t>(image->height) *
                                              static_cast<std::size_t>(image->width));
        } else {
          ++refused;
        }
        bytes[i] = before;
      }
    }
  }
  EXPECT_GT(refused, 100U);
}

void put_big_endian(std::string& bytes, std::size_t at, unsigned long value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

// Makes the checksum of the chunk at `at` right again.
void mend_checksum(std::string& png, std::size_t at) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<std::uint8_t>(png[at + i]);
  const auto* body = reinterpret_cast<const Bytef*>(png.data() + at + 4);
  put_big_endian(png, at + 8 + length, crc32_z(0, body, length + 4));
}

TEST(Decode, RefusesAWrongZlibChecksumUnderARightChunkChecksum) {
  std::string png = stored_bytes("rgb.png");
  const std::size_t data = png.find("IDAT") - 4;
  const std::size_t end = png.rfind("IEND") - 4;
  const std::size_t adler = end - 8;  // before the last data chunk's checksum
  png[adler] = static_cast<char>(png[adler] ^ 1);
  mend_checksum(png, data);
  EXPECT_NE(message(decode(png)), "");
}

// The checksum in a data chunk of its own, which no pixel needs; `checksum` replaces it.
std::string with_checksum_apart(const std::string& checksum) {
  std::string png = stored_bytes("rgb.png");
  const std::size_t data = png.find("IDAT") - 4;
  const std::size_t end = png.rfind("IEND") - 4;
  const std::string header("\0\0\0\0IDAT", 8);
  std::string tail = header + checksum + "sum_";
  put_big_endian(tail, 0, checksum.size());
  mend_checksum(tail, 0);
  png.replace(end - 8, 8, "sum_" + tail);
  put_big_endian(png, data, end - 8 - (data + 8));
  mend_checksum(png, data);
  return png;
}

TEST(Decode, ReadsPngToTheChecksumOfItsStream) {
  const std::string png = stored_bytes("rgb.png");
  std::string checksum = png.substr(png.rfind("IEND") - 4 - 8, 4);
  EXPECT_EQ(message(decode(with_checksum_apart(checksum))), "");
  EXPECT_NE(message(decode(with_checksum_apart(""))), "");
  checksum[3] = static_cast<char>(checksum[3] ^ 1);
  EXPECT_NE(message(decode(with_checksum_apart(checksum))), "");

  const std::size_t data = png.find("IDAT") - 4;
  const std::size_t end = png.rfind("IEND") - 4;
  for (std::size_t lost = 1; lost <= 4; ++lost) {  // the stream's end, with a right chunk checksum
    std::string cut = png;
    cut.erase(end - 4 - lost, lost);
    put_big_endian(cut, data, end - 4 - lost - (data + 8));
    mend_checksum(cut, data);
    EXPECT_NE(message(decode(cut)), "") << lost;
  }
}

TEST(Decode, ChecksSizesBeforeTakingMemory) {
  std::string png = stored_bytes("rgb.png");
  put_big_endian(png, 16, 0x7FFFFFFF);
  put_big_endian(png, 20, 0x7FFFFFFF);
  mend_checksum(png, 8);
  EXPECT_NE(message(decode(png)), "");

  std::string jpeg = stored_bytes("colour.jpg");
  const std::size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  for (std::size_t i = 5; i < 9; ++i) jpeg[frame + i] = '\xFE';
  EXPECT_NE(message(decode(jpeg)).find("limit of 200 million"), std::string::npos);

  EXPECT_EQ(message(decode(stored_bytes("rgb.png"), {.pixel_limit = 61 * 47})), "");
  EXPECT_NE(message(decode(stored_bytes("rgb.png"), {.pixel_limit = 61 * 47 - 1})), "");
}

TEST(Decode, ToleratesBytesAfterTheEnd) {
  std::string png = stored_bytes("rgb.png");  // also behind the compressed stream
  const std::size_t data = png.find("IDAT") - 4;
  const std::size_t end = png.rfind("IEND") - 4;
  png.insert(end - 4, "note");
  put_big_endian(png, data, end - (data + 8));
  mend_checksum(png, data);
  EXPECT_EQ(message(decode(png)), "");
  EXPECT_EQ(message(decode(stored_bytes("rgb.png") + "note")), "");
  EXPECT_EQ(message(decode(stored_bytes("colour.jpg") + "note")), "");
}

TEST(Exif, IgnoresDamage) {
  const std::string block("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22);
  const auto orientation = [](std::string_view bytes) {
    return exif_orientation(std::as_bytes(std::span(bytes)));
  };
  EXPECT_EQ(orientation(block), 6);
  for (std::size_t size = 0; size < block.size(); ++size) {
    EXPECT_EQ(orientation(std::string_view(block).substr(0, size)), 1);
  }
  std::string wrong = block;
  wrong[18] = 9;
  EXPECT_EQ(orientation(wrong), 1);
  wrong = block;
  wrong[7] = '\x7F';  // the directory lies far outside
  EXPECT_EQ(orientation(wrong), 1);
}

TEST(ImageFile, TellsWhyItCannotBeOpened) {
  const TemporaryFolder folder;
  const auto stage_and_message = [](const std::string& path) {
    MemoryBudget memory(SIZE_MAX);
    const auto result = read_image_file(path, memory);
    const auto* error = std::get_if<ImageError>(&result);
    if (error == nullptr) return std::string("read");
    return std::string(to_string(error->stage)) + ": " + error->message;
  };
  EXPECT_NE(stage_and_message(folder / "none.jpg").find("No such file"), std::string::npos);
  EXPECT_NE(stage_and_message(folder.path()).find("Is a directory"), std::string::npos);
  EXPECT_NE(stage_and_message("/dev/zero").find("not a regular file"), std::string::npos);
  EXPECT_TRUE(stage_and_message("/dev/zero").starts_with("open: "));
  folder.write("some.jpg", "abc");
  EXPECT_EQ(stage_and_message(folder / "some.jpg"), "read");
}

}  // namespace
}  // namespace allconv
