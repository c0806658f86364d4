// ONNX files: a model of this program as one, and one of a chain of this program's operations as a
// model. What is taken stands in docs/onnx.md.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/formats/model_file.hpp"
#include "engine/support/diagnostics.hpp"

namespace allconv {

// What an ONNX file of another program does not tell; replaces what the file does tell.
struct OnnxExtras {
  std::optional<std::vector<std::string>> classes = {};  // names, as many as the network has
  std::optional<double> scale = {};
  std::optional<std::array<double, 3>> mean = {};
  std::optional<std::array<double, 3>> std = {};  // above 0
};

// Reads and checks everything before use; a note says what had to be assumed. Throws Error{io} when
// the file cannot be opened or read, Error{model} when it is no valid ONNX file or one whose graph
// is beyond these networks, Error{usage} when the extras do not fit the network.
Model read_onnx(const std::string& path, const Diagnostics& diagnostics,
                const OnnxExtras& extras = {});

// Writes beside, flushes, renames: `path` is the old file or the whole new one. read_onnx() gives
// the same model again, bit by bit. Throws Error{io}, Error{training} when a weight is not finite,
// and Error{usage} for a tensor that ONNX has no type for.
void write_onnx(const Model& model, const std::string& path);

}  // namespace allconv
