// What files may cost: sizes and plausibility are judged before memory is taken. And JPEG that is
// scaled while it is decoded.
#include <cstdlib>
#include <future>

#include <gtest/gtest.h>
#include <zlib.h>

#include "engine/data/decode.hpp"
#include "engine/data/load.hpp"
#include "tests/data/support.hpp"

namespace allconv {
namespace {

using namespace allconv::testing;

void put_number(std::string& bytes, std::size_t at, std::uint32_t value, int size, bool big) {
  for (int i = 0; i < size; ++i) {
    const int shift = 8 * (big ? size - 1 - i : i);
    bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> shift);
  }
}

std::string png_of_size(const char* name, std::uint32_t height, std::uint32_t width) {
  std::string png = stored_bytes(name);
  put_number(png, 16, width, 4, true);
  put_number(png, 20, height, 4, true);
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(png.data() + 12), 17);
  put_number(png, 29, static_cast<std::uint32_t>(sum), 4, true);
  return png;
}

std::string jpeg_of_size(const char* name, std::uint32_t height, std::uint32_t width) {
  std::string jpeg = stored_bytes(name);
  const std::size_t frame = std::min(jpeg.find("\xFF\xC0"), jpeg.find("\xFF\xC2"));
  put_number(jpeg, frame + 5, height, 2, true);
  put_number(jpeg, frame + 7, width, 2, true);
  return jpeg;
}

std::string webp_of_size(std::uint32_t height, std::uint32_t width) {
  std::string webp = stored_bytes("lossy.webp");
  put_number(webp, 26, width, 2, false);  // behind 12 + 8 bytes of container, 6 of the frame's tag
  put_number(webp, 28, height, 2, false);
  return webp;
}

std::string bmp_of_size(const char* name, std::uint32_t height, std::uint32_t width) {
  std::string bmp = stored_bytes(name);
  put_number(bmp, 18, width, 4, false);
  put_number(bmp, 22, height, 4, false);
  return bmp;
}

// Small files that claim 195 megapixels.
std::vector<std::string> lying_files() {
  constexpr std::uint32_t kHeight = 13'000, kWidth = 15'000;
  const std::string size = "15000 13000\n255\n";
  return {png_of_size("rgb.png", kHeight, kWidth),
          png_of_size("interlaced_alpha.png", kHeight, kWidth),
          jpeg_of_size("colour.jpg", kHeight, kWidth),
          jpeg_of_size("progressive.jpg", kHeight, kWidth),
          webp_of_size(kHeight, kWidth),
          bmp_of_size("rgb.bmp", kHeight, kWidth),
          bmp_of_size("runs8.bmp", kHeight, kWidth),
          bmp_of_size("index8.bmp", kHeight, kWidth),
          "P6 " + size + "abc",
          "P3 " + size + "1 2 3",
          "P1 15000 13000\n1"};
}

std::string text_of(const ImageResult& result) {
  const auto* error = std::get_if<ImageError>(&result);
  return error == nullptr ? "" : error->message;
}

TEST(DecodeLimits, FilesTooSmallForTheirSizeTakeNoMemory) {
  for (const std::string& file : lying_files()) {
    MemoryBudget memory(1);
    auto all = std::make_unique<MemoryBudget::Reservation>(memory.take(1));
    // Whoever takes memory now waits, and for ever, if it were not given back below.
    auto result = std::async(std::launch::async, [&] { return decode(file, {.memory = &memory}); });
    const auto state = result.wait_for(std::chrono::seconds(20));
    EXPECT_EQ(static_cast<int>(state), static_cast<int>(std::future_status::ready))
        << "memory was taken for " << file.substr(0, 4);
    all.reset();
    EXPECT_EQ(text_of(result.get()), "the data end early") << file.substr(0, 4);
  }
}

TEST(DecodeLimits, TheLimitOfPixelsHoldsForEveryFormat) {
  for (const char* name : {"colour.jpg", "rgb.png", "lossy.webp", "lossless_alpha.webp",
                           "animated.webp", "rgb.bmp", "runs4.bmp", "bytes.ppm", "text.pgm"}) {
    const std::string file = stored_bytes(name);
    const ImageResult whole = decode(file);
    ASSERT_EQ(text_of(whole), "") << name;
    const Image& image = std::get<Image>(whole);
    const std::int64_t pixels = std::int64_t{image.height} * image.width;
    EXPECT_EQ(text_of(decode(file, {.pixel_limit = pixels})), "") << name;
    const std::string refusal = text_of(decode(file, {.pixel_limit = pixels - 1}));
    const std::string size =
        std::to_string(image.width) + "x" + std::to_string(image.height) + " pixels";
    EXPECT_NE(refusal.find(size), std::string::npos) << name << ": " << refusal;
    EXPECT_NE(refusal.find("--max-pixels"), std::string::npos) << name << ": " << refusal;
  }
  EXPECT_EQ(text_of(decode(stored_bytes("rgb.png"), {.pixel_limit = 2'500})),
            "the image has 61x47 pixels, more than the limit of 0.0025 million: raise it with "
            "--max-pixels");
}

// A second image of the same budget has to wait while the first one lives, and only so long.
TEST(DecodeLimits, AnImageHoldsItsMemory) {
  for (const char* name : {"progressive.jpg", "turned_6.jpg", "interlaced_alpha.png", "turned.webp",
                           "lossy_alpha.webp", "runs8.bmp", "bytes.pgm"}) {
    MemoryBudget memory(1);  // less than any image needs: one at a time
    auto first = std::make_unique<ImageResult>(decode(stored_bytes(name), {.memory = &memory}));
    ASSERT_EQ(text_of(*first), "") << name;
    auto second = std::async(std::launch::async, [&] { return memory.take(1); });
    EXPECT_NE(static_cast<int>(second.wait_for(std::chrono::milliseconds(20))),
              static_cast<int>(std::future_status::ready))
        << name;
    first.reset();
    second.get();
  }
}

// A scan that speaks of one component only; the others' values would be made up.
TEST(DecodeLimits, ComponentsWithoutAScanAreRefused) {
  std::string jpeg = stored_bytes("progressive.jpg");
  const std::size_t scan = jpeg.find("\xFF\xDA");
  const std::size_t second = jpeg.find("\xFF\xC4", scan);
  ASSERT_EQ(jpeg[scan + 4], 3);  // components of the first scan
  // The first scan becomes one of luma alone; what follows it is left out.
  jpeg.resize(second);
  jpeg.replace(scan, 2 + 12, std::string("\xFF\xDA\x00\x08\x01\x01\x00\x00\x00\x01", 10));
  EXPECT_EQ(text_of(decode(jpeg + "\xFF\xD9")), "the data end early");
}

std::pair<int, int> size_of(const char* name, int enough_rows, int enough_columns) {
  const ImageResult result =
      decode(stored_bytes(name), {.enough_rows = enough_rows, .enough_columns = enough_columns});
  EXPECT_EQ(text_of(result), "");
  const Image& image = std::get<Image>(result);
  return {image.height, image.width};
}

TEST(FastDecode, TakesTheSmallestSizeThatIsEnough) {
  using Size = std::pair<int, int>;
  EXPECT_EQ(size_of("colour.jpg", 0, 0), Size(47, 61));
  EXPECT_EQ(size_of("colour.jpg", 25, 10), Size(47, 61));
  EXPECT_EQ(size_of("colour.jpg", 24, 31), Size(24, 31));
  EXPECT_EQ(size_of("colour.jpg", 12, 17), Size(24, 31));
  EXPECT_EQ(size_of("colour.jpg", 12, 16), Size(12, 16));
  EXPECT_EQ(size_of("colour.jpg", 6, 8), Size(6, 8));
  EXPECT_EQ(size_of("colour.jpg", 1, 1), Size(6, 8));
  // 24 rows and 33 columns in the file, the other way round when upright.
  EXPECT_EQ(size_of("turned_6.jpg", 17, 12), Size(17, 12));
  EXPECT_EQ(size_of("turned_6.jpg", 12, 17), Size(33, 24));
  EXPECT_EQ(size_of("rgb.png", 1, 1), Size(47, 61));
}

std::vector<std::uint8_t> resized(const char* name, DecodeMode mode, Preparation::Fit fit) {
  const LoadOptions options{.target = {.height = 6, .width = 5, .fit = fit}, .mode = mode};
  const ImageResult result = decode(stored_bytes(name), decode_options(options));
  EXPECT_EQ(text_of(result), "");
  std::vector<std::uint8_t> pixels(options.target.bytes());
  resize_image(std::get<Image>(result), options.target, pixels);
  return pixels;
}

// The scaled transform averages other frequencies than the resize does, and colours are scaled
// without being smoothed first. On photographs the mean difference stays below 2 levels and single
// values within 30. These images are noise, the worst there is; what the bounds exclude is a shift:
// sizes that are no multiples of 8 end inside a pixel.
TEST(FastDecode, IsCloseToExact) {
  for (const char* name : {"colour.jpg", "full_chroma.jpg", "progressive.jpg", "turned_3.jpg",
                           "turned_5.jpg", "turned_8.jpg", "cmyk.jpg"}) {
    for (const auto fit : {Preparation::Fit::stretch, Preparation::Fit::cover}) {
      const auto exact = resized(name, DecodeMode::exact, fit);
      const auto fast = resized(name, DecodeMode::fast, fit);
      double sum = 0;
      int largest = 0;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        const int difference = std::abs(exact[i] - fast[i]);
        sum += difference;
        largest = std::max(largest, difference);
      }
      EXPECT_LE(sum / static_cast<double>(exact.size()), 3.0) << name;
      EXPECT_LE(largest, 14) << name;
    }
  }
}

}  // namespace
}  // namespace allconv
