// CIFAR-10 and CIFAR-100 as their binary files: records of one or two label bytes and 3x32x32
// planes (https://www.cs.toronto.edu/~kriz/cifar.html). CIFAR-100's second byte is the fine label.
#include <array>
#include <cstdint>
#include <sstream>

#include "engine/data/formats.hpp"
#include "engine/data/record_source.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

namespace {

constexpr int kSide = 32;
constexpr std::int64_t kLargestNamesFile = 1 << 16;
constexpr std::int64_t kPixelBytes = std::int64_t{3} * kSide * kSide;

struct CifarKind {
  std::array<const char*, 5> train_files;  // null: no more
  const char* test_file;
  const char* names_file;
  int label_bytes;
  int classes;
};
constexpr CifarKind kKinds[] = {
    {{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
      "data_batch_5.bin"},
     "test_batch.bin",
     "batches.meta.txt",
     1,
     10},
    {{"train.bin", nullptr, nullptr, nullptr, nullptr}, "test.bin", "fine_label_names.txt", 2, 100},
};

// Names of the kind's files that the folder has, sorted bytewise.
std::vector<std::string> files_of(const CifarKind& kind, const Listing& listing, Split split) {
  std::vector<std::string> names;
  for (const std::string& name : listing.files) {
    bool train = false;
    for (const char* file : kind.train_files) train = train || (file != nullptr && name == file);
    const bool test = name == kind.test_file;
    if ((train && split != Split::test) || (test && split != Split::train)) names.push_back(name);
  }
  return names;
}

// One name a line beside the files; without the file the classes are numbers.
std::vector<std::string> read_names(const CifarKind& kind, const Listing& listing) {
  std::vector<std::string> names;
  if (!contains(listing.files, kind.names_file)) {
    for (int i = 0; i < kind.classes; ++i) names.push_back(std::to_string(i));
    return names;
  }
  const std::string path = listing.folder + kind.names_file;
  std::istringstream lines(read_file(path, kLargestNamesFile));
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (names.size() != static_cast<std::size_t>(kind.classes)) {
    throw Error(ErrorKind::usage, "does not hold " + std::to_string(kind.classes) + " class names",
                path, "fetch the file anew, or remove it: classes are then numbers");
  }
  return names;
}

std::vector<int> read_labels(const CifarKind& kind, const RecordFile& file, std::int64_t count) {
  std::vector<int> labels;
  labels.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint8_t label = 0;
    file.read_at(i * (kind.label_bytes + kPixelBytes) + kind.label_bytes - 1, {&label, 1});
    if (label >= kind.classes) {
      throw Error(ErrorKind::io,
                  "record " + std::to_string(i) + " has the label " + std::to_string(label) +
                      ", not one of " + std::to_string(kind.classes) + " classes",
                  file.path(), "fetch the file anew");
    }
    labels.push_back(label);
  }
  return labels;
}

DataSet open_file(const CifarKind& kind, const std::string& path,
                  const std::vector<std::string>& classes) {
  RecordFile file(path);
  const std::int64_t record = kind.label_bytes + kPixelBytes;
  if (file.size() % record != 0) {
    throw Error(ErrorKind::io,
                "its " + std::to_string(file.size()) + " bytes are no whole records of " +
                    std::to_string(record),
                path, "fetch the file anew");
  }
  const RecordLayout layout{.count = file.size() / record,
                            .first_byte = kind.label_bytes,
                            .record_bytes = record,
                            .channels = 3,
                            .height = kSide,
                            .width = kSide};
  auto labels = read_labels(kind, file, layout.count);
  return {std::make_shared<RecordSource>(std::move(file), layout, std::move(labels)), classes};
}

const CifarKind* kind_of(const Listing& listing) {
  for (const CifarKind& kind : kKinds) {
    if (!files_of(kind, listing, Split::all).empty()) return &kind;
  }
  return nullptr;
}

}  // namespace

bool is_cifar(const Listing& listing) { return kind_of(listing) != nullptr; }

DataSet open_cifar(const Listing& listing, Split split) {
  const CifarKind& kind = *kind_of(listing);
  const auto files = files_of(kind, listing, split);
  if (files.empty()) throw_no_such_split(listing.folder, split);
  const auto classes = read_names(kind, listing);
  DataSet data;
  for (const std::string& name : files) {
    data.append(open_file(kind, listing.folder + name, classes));
  }
  return data;
}

}  // namespace allconv
