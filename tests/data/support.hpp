// What the tests of the data room share: temporary folders, files, stored images, small sets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "engine/data/data_set.hpp"
#include "engine/data/decode.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"

namespace allconv::testing {

inline std::string stored(const std::string& name) {
  return std::string(ALLCONV_TEST_DATA) + "/images/" + name;
}

inline std::string stored_bytes(const std::string& name) {
  std::ifstream file(stored(name), std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline ImageResult decode(std::string_view bytes, const DecodeOptions& options = {}) {
  return decode_image(std::as_bytes(std::span(bytes)), options);
}

// The error's message, or "" for a decoded image, whose pixels must all be there.
inline std::string message(const ImageResult& result) {
  if (const auto* error = std::get_if<ImageError>(&result)) {
    EXPECT_EQ(error->stage, ImageError::Stage::decode);
    return error->message;
  }
  const Image& image = std::get<Image>(result);
  EXPECT_EQ(image.pixels.size(), std::size_t{3} * static_cast<std::size_t>(image.height) *
                                     static_cast<std::size_t>(image.width));
  return "";
}

// A folder of its own that is removed with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allconv-XXXXXX").native();
    if (mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category());
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  // Writes a file, with the folders above it.
  void write(const std::string& name, std::string_view bytes) const {
    const std::string path = *this / name;
    std::filesystem::create_directories(path.substr(0, path.rfind('/')));
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
  }

  void write_image(const std::string& name, const std::string& image = "pixel.png") const {
    write(name, stored_bytes(image));
  }

 private:
  std::string path_;
};

inline std::vector<std::string> paths(const DataSet& data) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < data.size(); ++i) result.push_back(data.path(i));
  return result;
}

inline std::vector<int> labels(const DataSet& data) {
  std::vector<int> result;
  for (std::size_t i = 0; i < data.size(); ++i) result.push_back(data.label(i));
  return result;
}

// Runs `action`, which must throw an Error of the kind whose sentence holds `part`.
template <class Action>
void expect_error(ErrorKind kind, std::string_view part, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(kind)) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
    return;
  }
  ADD_FAILURE() << "no error; expected one with: " << part;
}

}  // namespace allconv::testing
