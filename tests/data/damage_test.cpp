// Damaged and lying image files of every format: an error or an image, never a crash, never pixels
// that the file does not have.
#include <algorithm>

#include <gtest/gtest.h>

#include "engine/data/decode.hpp"
#include "tests/data/support.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;
using namespace std::string_view_literals;

// All stored images whose names end like this.
std::vector<std::string> stored_images(std::string_view suffix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(stored(""))) {
    const std::string name = entry.path().filename();
    if (name.ends_with(suffix)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  EXPECT_FALSE(names.empty()) << suffix;
  return names;
}

// Samples as text may lose digits of the last one unnoticed; else a file must end where it ends.
TEST(Damage, EveryTruncationIsRefused) {
  for (const char* suffix : {".webp", ".bmp", "bytes.ppm", "deep.pgm", "bits.pbm", ".png"}) {
    for (const std::string& name : stored_images(suffix)) {
      const std::string whole = stored_bytes(name);
      for (std::size_t size = 0; size < whole.size(); ++size) {
        ASSERT_NE(message(decode(whole.substr(0, size))), "") << name << " cut at " << size;
      }
    }
  }
  for (const char* name : {"text.ppm", "text.pgm", "text.pbm"}) {
    const std::string whole = stored_bytes(name);
    for (std::size_t size = 0; size + 5 < whole.size(); ++size) {
      ASSERT_NE(message(decode(whole.substr(0, size))), "") << name << " cut at " << size;
    }
  }
}

// Decodes the image with each byte changed in three ways; returns how often it was refused.
int count_refusals(const std::string& name) {
  std::string bytes = stored_bytes(name);
  int refused = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int mask : {0x01, 0x80, 0xFF}) {
      const char before = bytes[i];
      bytes[i] = static_cast<char>(before ^ mask);
      if (!message(decode(bytes, {.pixel_limit = 1'000'000})).empty()) ++refused;
      bytes[i] = before;
    }
  }
  return refused;
}

// Formats without checksums may decode to something; PNG may not.
TEST(Damage, FlippedBytesDoNoHarm) {
  for (const char* suffix : {".webp", ".bmp", ".ppm", ".pgm", ".pbm"}) {
    int refused = 0;
    for (const std::string& name : stored_images(suffix)) refused += count_refusals(name);
    EXPECT_GT(refused, 20) << suffix;
  }
  for (const std::string& name : stored_images("ed.png")) {
    EXPECT_EQ(count_refusals(name), 3 * static_cast<int>(stored_bytes(name).size())) << name;
  }
}

void put_little_endian(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> 8 * i);
}

// The container is made right again around data that lack their end.
TEST(Damage, WebPDataThatEndInsideTheirChunkAreRefused) {
  for (const char* name : {"lossy.webp", "lossless.webp", "lossy_alpha.webp"}) {
    const std::string whole = stored_bytes(name);
    const std::size_t chunk = whole.rfind("VP8");
    const std::size_t first = chunk + 8 + 32;  // behind the headers
    for (std::size_t size = first; size + 2 < whole.size(); size += 2) {
      std::string cut = whole.substr(0, size);
      put_little_endian(cut, 4, static_cast<std::uint32_t>(size - 8));
      put_little_endian(cut, chunk + 4, static_cast<std::uint32_t>(size - chunk - 8));
      ASSERT_NE(message(decode(cut)), "") << name << " cut at " << size;
    }
  }
}

TEST(Damage, BytesAfterTheEndAreTolerated) {
  for (const char* name : {"lossy.webp", "runs8.bmp", "rgb.bmp", "bytes.ppm", "text.pgm"}) {
    EXPECT_EQ(message(decode(stored_bytes(name) + "\nnote")), "") << name;
  }
}

TEST(Damage, BmpSaysWhatIsWrong) {
  const auto changed = [](const char* name, std::size_t at, std::uint32_t value) {
    std::string bytes = stored_bytes(name);
    put_little_endian(bytes, at, value);
    return message(decode(bytes));
  };
  EXPECT_NE(changed("rgb.bmp", 14, 41).find("unknown size"), std::string::npos);
  EXPECT_NE(changed("rgb.bmp", 30, 4).find("24 bits a pixel and compression 4"), std::string::npos);
  EXPECT_NE(changed("rgb.bmp", 10, 20).find("inside the header"), std::string::npos);
  EXPECT_EQ(changed("rgb.bmp", 10, 1 << 20), "the data end early");
  EXPECT_EQ(changed("rgb.bmp", 18, 0), "the image has no pixels");
  EXPECT_EQ(changed("index4.bmp", 46, 3), "a pixel's colour is not in the palette");
  EXPECT_EQ(changed("runs8.bmp", 18, 10), "a run leaves the image");
  EXPECT_EQ(changed("runs8.bmp", 22, 14), "the data end early");  // one row more
}

TEST(Damage, NetpbmSaysWhatIsWrong) {
  EXPECT_EQ(message(decode("P5 2 1 255 ab"sv)), "");
  EXPECT_EQ(message(decode("P5 2 1 255 a"sv)), "the data end early");
  EXPECT_EQ(message(decode("P5 2 1"sv)), "the data end early");
  EXPECT_EQ(message(decode("P5 2 0 255 ab"sv)), "the image has no pixels");
  EXPECT_EQ(message(decode("P5 2 x 255 ab"sv)), "the header holds something else than sizes");
  EXPECT_EQ(message(decode("P5 99999999999999999999 1 255 ab"sv)),
            "the header holds something else than sizes");
  EXPECT_EQ(message(decode("P5 2 1 65536 abcd"sv)),
            "the header's largest sample is not in 1 to 65535");
  EXPECT_EQ(message(decode("P2 2 1 9 9 10"sv)), "a sample is no number from 0 to 9");
  EXPECT_EQ(message(decode("P2 2 1 9 9 a"sv)), "a sample is no number from 0 to 9");
  EXPECT_EQ(message(decode("P1 2 1 1#note\n0"sv)), "");
  EXPECT_EQ(message(decode("P1 2 1 12"sv)), "a sample is no number from 0 to 1");
  EXPECT_EQ(message(decode("P2 2 1 9 9 #no end"sv)), "the data end early");
}

}  // namespace
}  // namespace allconv
