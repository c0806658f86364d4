// augmentation_sheet: what a network sees of pictures in training, by the code that trains.
//
//     augmentation_sheet pictures/ sheet.ppm
//
// A row a picture, as PPM: resized; three times mirrored and shifted at random; four times heavily
// augmented. What preparation makes 0, the set's mean in a training, is grey here.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "engine/data/augment.hpp"
#include "engine/data/training_set.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr int kSide = 96;   // pixels of a picture
constexpr int kGap = 4;     // between pictures
constexpr int kMoved = 3;   // pictures a row with flip and shift
constexpr int kWarped = 4;  // and with heavy
constexpr int kStep = kSide + kGap;
constexpr Augmentation kFlipAndShift = {.flip = true, .shift = kSide * 5 / 32};  // 5 of 32 pixels
// Takes 0.5 away, so that grey becomes 0.
constexpr kernels::PixelScaling kScaling = {
    .scale = 1.0F / 255, .mean = {0.5F, 0.5F, 0.5F}, .std = {1, 1, 1}};

// RGB, pictures beside and below each other on white.
class Sheet {
 public:
  explicit Sheet(int rows)
      : height_(rows * kStep - kGap),
        bytes_(static_cast<std::size_t>(kWidth) * 3 * height(), '\xff') {}

  // `values`: (kSide,kSide,3), as prepared.
  void paint(int row, int column, const std::vector<float>& values) {
    for (int y = 0; y < kSide; ++y) {
      for (int i = 0; i < 3 * kSide; ++i) {
        const float value =
            values[static_cast<std::size_t>(y) * 3 * kSide + static_cast<std::size_t>(i)];
        const float level = std::round((value + 0.5F) * 255);
        const int place = ((row * kStep + y) * kWidth + column * kStep) * 3 + i;
        bytes_[static_cast<std::size_t>(place)] =
            static_cast<char>(static_cast<unsigned char>(std::clamp(level, 0.0F, 255.0F)));
      }
    }
  }

  void write(const std::string& path) const {
    std::ofstream file(path, std::ios::binary);
    file << "P6\n" << kWidth << " " << height_ << "\n255\n";
    file.write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    file.close();
    if (!file) throw Error(ErrorKind::io, "cannot be written", path, "choose another file");
  }

 private:
  static constexpr int kWidth = (1 + kMoved + kWarped) * kStep - kGap;
  std::size_t height() const { return static_cast<std::size_t>(height_); }

  int height_;
  std::vector<char> bytes_;
};

// (kSide,kSide,3) of one image.
std::vector<float> moved(const std::uint8_t* image, const kernels::ImageMove& move) {
  std::vector<float> values(std::size_t{kSide} * kSide * 3);
  kernels::ImagePrepare::Arguments arguments{
      .images = &image, .moves = &move, .dst = values.data(), .scale = kScaling.scale};
  std::copy_n(kScaling.mean, 3, arguments.mean);
  kernels::prepare_first_runnable<kernels::ImagePrepare>({.h = kSide, .w = kSide})
      ->run_all({}, arguments);
  return values;
}

std::vector<float> warped(const std::uint8_t* image, const kernels::ImageWarp& warp) {
  std::vector<float> values(std::size_t{kSide} * kSide * 3);
  kernels::prepare_first_runnable<kernels::ImageWarping>({.h = kSide, .w = kSide})
      ->run_all({}, {.images = &image, .warps = &warp, .scaling = kScaling, .dst = values.data()});
  return values;
}

void draw_row(Sheet& sheet, const TrainingSet& set, std::size_t image) {
  const int row = static_cast<int>(image);
  const std::uint8_t* pixels = set.image(image);
  sheet.paint(row, 0, moved(pixels, {}));
  for (int i = 0; i < kMoved + kWarped; ++i) {
    const AugmentPlace place = {.epoch = static_cast<std::uint64_t>(i), .image = image};
    const bool heavy = i >= kMoved;
    sheet.paint(row, 1 + i,
                heavy ? warped(pixels, draw_warp(place, kSide, kSide))
                      : moved(pixels, draw_move(kFlipAndShift, place)));
  }
}

void run(const std::string& pictures, const std::string& out) {
  ThreadPool pool(1);
  const DataSet data = open_data(pictures, Split::all, OpenMode::score);
  LoadOptions load;
  load.target = {.height = kSide, .width = kSide, .fit = Preparation::Fit::cover};
  const TrainingSet set = load_training_set(data, {.load = load, .cancelled = {}}, pool);
  Sheet sheet(static_cast<int>(set.size()));
  for (std::size_t image = 0; image < set.size(); ++image) draw_row(sheet, set, image);
  sheet.write(out);
}

}  // namespace

}  // namespace allconv

int main(int count, char** arguments) {
  constexpr int kUsage = 2;
  if (count != 3) {
    std::fputs("usage: augmentation_sheet PICTURES OUT.ppm\n", stderr);
    return kUsage;
  }
  try {
    allconv::run(arguments[1], arguments[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "augmentation_sheet: %s\n", error.what());
    return 1;
  }
  return 0;
}
