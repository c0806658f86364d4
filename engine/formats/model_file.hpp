// Model files: safetensors with the network, class names and preparation as metadata.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/network.hpp"
#include "engine/graph/parameters.hpp"

namespace allconv {

// How an 8-bit image becomes the network's input: the `allconv.prepare` metadata.
struct Preparation {
  enum class Fit { stretch, cover };
  struct GlobalContrast {
    double scale = 55;
    double epsilon = 1e-8;
    friend bool operator==(const GlobalContrast&, const GlobalContrast&) = default;
  };

  int height = 0, width = 0;  // the network's input
  double scale = 1.0 / 255;
  std::array<double, 3> mean = {0, 0, 0};
  std::array<double, 3> std = {1, 1, 1};
  Fit fit = Fit::stretch;
  std::optional<GlobalContrast> gcn = {};
  bool zca = false;

  friend bool operator==(const Preparation&, const Preparation&) = default;
};

// A tensor of a model file that this program does not interpret.
struct OtherTensor {
  std::string name;
  std::string dtype;  // safetensors' name: "F32", "I64", ...
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;
};

// The tensors of a preparation: x, the (C*H*W) vector of an image, becomes (x - mean) @ whiten.
inline constexpr std::string_view kMeanTensor = "prepare.mean";      // (C*H*W)
inline constexpr std::string_view kWhitenTensor = "prepare.whiten";  // (C*H*W, C*H*W)

struct Model {
  NetworkDescription network;
  std::vector<std::string> classes;  // names, as many as the network has
  Preparation prepare;
  Parameters parameters;
  // Unknown tensors and metadata keys: kept, written back unchanged.
  std::vector<OtherTensor> other_tensors;
  std::map<std::string, std::string> other_metadata;

  // Null where no other tensor has that name.
  const OtherTensor* find_tensor(std::string_view name) const;
};

// Reads and checks everything before use. Throws Error{io} when the file cannot be opened or read,
// Error{model} when it is not a valid model (header, shapes, names, metadata, non-finite numbers).
Model read_model(const std::string& path);

// Writes beside, flushes, renames: `path` is the old file or the whole new one. Throws Error{io},
// and Error{training} when a weight is not finite: such a file could not be read back.
void write_model(const Model& model, const std::string& path);

// The two metadata texts and the network JSON of `--network FILE.json` / `allconv networks NAME`.
std::string network_to_json(const NetworkDescription& network, bool pretty = false);
NetworkDescription network_from_json(std::string_view json);    // Error{usage}, names the layer
NetworkDescription read_network_file(const std::string& path);  // Error{io}, Error{usage}
std::string preparation_to_json(const Preparation& prepare);

}  // namespace allconv
