// A small ONNX file as another program would write it, to be changed by tests, and what was said
// while one was read.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/onnx/onnx_file.hpp"
#include "engine/onnx/wire.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {

inline std::string float_bytes(const std::vector<float>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

// 3 x 4 x 5 pixels in, two classes out, by Conv, Relu, GlobalAveragePool, Flatten, Softmax.
inline onnx_format::File sample_file() {
  using namespace onnx_format;
  File file;
  file.version = 8;
  file.operation_set = 17;
  file.graph_name = "other";
  file.inputs = {{"x", kFloat, {kAnyExtent, 3, 4, 5}}};
  file.outputs = {{"y", kFloat, {kAnyExtent, 2}}};
  file.nodes = {{"c", "Conv", "", {"x", "w", "b"}, {"1"}, {}},
                {"r", "Relu", "", {"1"}, {"2"}, {}},
                {"g", "GlobalAveragePool", "", {"2"}, {"3"}, {}},
                {"f", "Flatten", "", {"3"}, {"4"}, {}},
                {"s", "Softmax", "", {"4"}, {"y"}, {}}};
  file.tensors = {{"w", kFloat, {2, 3, 1, 1}, float_bytes({1, 2, 3, 4, 5, 6})},
                  {"b", kFloat, {2}, float_bytes({0.5F, -1})}};
  return file;
}

struct ReadOnnx {
  Model model;
  std::vector<std::string> notes;
};

inline ReadOnnx read_bytes_as_onnx(std::string_view bytes, const OnnxExtras& extras = {}) {
  const TemporaryFolder folder;
  write_bytes(folder / "m.onnx", bytes);
  ReadOnnx read;
  read.model = read_onnx(
      folder / "m.onnx",
      [&read](Severity, std::string_view note) { read.notes.emplace_back(note); }, extras);
  return read;
}

inline std::string file_bytes(const onnx_format::File& file) {
  const TemporaryFolder folder;
  onnx_format::write_file(file, folder / "m.onnx");
  return read_bytes(folder / "m.onnx");
}

inline ReadOnnx read_file_as_onnx(const onnx_format::File& file, const OnnxExtras& extras = {}) {
  return read_bytes_as_onnx(file_bytes(file), extras);
}

// A field of a protobuf message: what is appended to a file joins its parts.
inline std::string field(unsigned number, std::string_view content) {
  const auto varint = [](std::uint64_t value) {
    std::string bytes;
    for (; value >= 128; value >>= 7) bytes.push_back(static_cast<char>(value % 128 + 128));
    return bytes + static_cast<char>(value);
  };
  return varint(number << 3U | 2U) + varint(content.size()) + std::string(content);
}

}  // namespace allconv
