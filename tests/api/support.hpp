// What the tests of the public headers share: a model of a few hundred weights, and images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "allconv/allconv.hpp"

namespace allconv::test {

inline constexpr int kHeight = 8, kWidth = 6;
inline constexpr std::size_t kImage = std::size_t{kHeight} * kWidth * 3;  // numbers

// A leaky and a plain ReLU, a stride, and dropout, which training alone sees.
inline std::string tiny_network(const std::string& dropout_rate = "0.2") {
  return R"({"name": "tiny", "input": [3, 8, 6], "layers": [
    {"op": "dropout", "rate": )" +
         dropout_rate + R"(},
    {"op": "conv2d", "name": "first", "filters": 8, "kernel": [3, 3], "stride": [1, 1],
     "padding": [1, 1, 1, 1]}, {"op": "relu"},
    {"op": "conv2d", "name": "second", "filters": 6, "kernel": [3, 3], "stride": [2, 2],
     "padding": [1, 1, 1, 1]}, {"op": "leaky_relu", "slope": 0.1},
    {"op": "conv2d", "name": "last", "filters": 4, "kernel": [1, 1], "stride": [1, 1],
     "padding": [0, 0, 0, 0]},
    {"op": "global_average_pool"}, {"op": "softmax"}]})";
}

inline constexpr const char* kPreparation =
    R"({"resize": [8, 6], "scale": 0.00392156862745098, "mean": [0.4, 0.5, 0.6],
        "std": [0.2, 0.25, 0.3], "gcn": null, "zca": false})";

inline Model tiny_model(const std::string& dropout_rate = "0.2") {
  return Model::create(
      {.network = tiny_network(dropout_rate), .preparation = kPreparation, .seed = 1});
}

// The status and the sentence of what a call throws.
template <class Call>
std::pair<Status, std::string> failure_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return {error.status(), error.what()};
  }
  return {ALLCONV_OK, "nothing was thrown"};
}

// Levels without a pattern that a kernel could miss.
inline std::vector<std::uint8_t> tiny_pixels(int count, int height = kHeight, int width = kWidth) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count * height * width * 3));
  std::uint32_t state = 12345;
  for (std::uint8_t& level : pixels) {
    state = state * 1664525U + 1013904223U;
    level = static_cast<std::uint8_t>(state >> 24U);
  }
  return pixels;
}

inline Images tiny_images(const std::vector<std::uint8_t>& pixels) {
  return nhwc(pixels.data(), static_cast<std::int64_t>(pixels.size()) / (kHeight * kWidth * 3),
              kHeight, kWidth);
}

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "allconv-api-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace allconv::test
