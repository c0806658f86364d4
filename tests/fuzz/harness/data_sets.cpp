#include "tests/fuzz/harness/data_sets.hpp"

namespace allconv::fuzz {

namespace {

void check_image(const DataSet& data, std::size_t index) {
  const int label = data.label(index);
  require(label == kNoLabel || (label >= 0 && static_cast<std::size_t>(label) <
                                                  std::max<std::size_t>(data.classes().size(), 1)),
          "a label is one of the classes");
  const ImageResult result = data.load(index);
  if (const auto* error = std::get_if<ImageError>(&result)) {
    require(is_one_line(error->message), "an error is one clause");
  }
}

}  // namespace

void check_data(const std::function<DataSet()>& open) {
  constexpr std::size_t kLooked = 8;
  accepted({ErrorKind::io, ErrorKind::usage}, [&] {
    const DataSet data = open();
    if (data.size() == 0) return;
    for (std::size_t i = 0; i < std::min(data.size(), kLooked); ++i) check_image(data, i);
    check_image(data, data.size() - 1);
  });
}

void check_data(const std::string& path, Split split, OpenMode mode) {
  check_data([&] {
    DataSet data = open_data(path, split, mode);
    require(data.size() > 0, "a set that is opened has images");
    return data;
  });
}

}  // namespace allconv::fuzz
