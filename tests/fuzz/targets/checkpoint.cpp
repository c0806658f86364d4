// Checkpoints. The input is the description in the metadata, which gets the hash that it should
// have, so that a change reaches what lies behind it; the tensors are always the same.
#include "engine/train/checkpoint.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/formats/metadata.hpp"
#include "engine/support/hash.hpp"
#include "engine/support/text.hpp"
#include "tests/fuzz/harness/checks.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

constexpr std::string_view kIdentity = R"({"data": {"images": 2}, "recipe": {"seed": 0}})";

Model small_model() {
  Model model;
  model.network = {.name = "small", .input = {3, 1, 1}, .layers = {}};
  model.network.layers = {Conv2dLayer{.name = "c", .filters = 2}, GlobalAveragePoolLayer{},
                          SoftmaxLayer{}};
  model.classes = {"a", "b"};
  model.prepare = {.height = 1, .width = 1};
  model.parameters = zero_parameters(model.network);
  return model;
}

// A sound checkpoint but for its description, made once.
class SealedFile {
 public:
  explicit SealedFile(const Model& model) {
    texts_ = "\n\n" + network_to_json(model.network) + "\n" + classes_to_json(model.classes) +
             "\n" + preparation_to_json(model.prepare);
    Model file = model;
    file.other_metadata = {
        {"allconv.checkpoint", "DESCRIPTION"}, {"allconv.seal", "SEAL"}, {"allconv.tuning", ""}};
    const LayerParameters& layer = model.parameters.front();
    const auto zeros = [](std::size_t count) { return std::vector<std::byte>(4 * count); };
    file.other_tensors = {{"c.weight.velocity", "F32", {2, 3, 1, 1}, zeros(layer.weights.size())},
                          {"c.bias.velocity", "F32", {2}, zeros(layer.bias.size())}};
    const ScratchFolder folder;
    write_model(file, folder / "template");
    const std::string bytes = read_all(folder / "template");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    header_ = bytes.substr(sizeof length, length);
    tensors_ = bytes.substr(sizeof length + length);
  }

  // The seal is the hash of all texts, a line each; without a tuning file its line is empty.
  std::string with(const std::string& description) const {
    std::string header = header_;
    const auto put = [&header](const std::string& word, const std::string& text) {
      header.replace(header.find(word), word.size(), text);
    };
    put("SEAL", hash_text(hash_bytes(description + texts_)));
    put("\"DESCRIPTION\"", nlohmann::json(description).dump());
    const std::uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + tensors_;
  }

 private:
  std::string header_, tensors_;
  std::string texts_;  // what the seal covers behind the description
};

void check_round_trip(const Checkpoint& checkpoint, const std::string& path) {
  write_checkpoint(checkpoint, path);
  const Checkpoint again = read_checkpoint(path);
  require(again.position == checkpoint.position && again.run == checkpoint.run &&
              again.device_changed == checkpoint.device_changed &&
              again.velocities == checkpoint.velocities,
          "a checkpoint that was written reads equal");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static const Model model = fuzz::small_model();
  static const fuzz::SealedFile sealed(model);
  static const fuzz::ScratchFolder folder;
  static fuzz::MemoryFile file;
  const std::string description(fuzz::text_of({data, size}));
  if (!is_utf8(description)) return 0;  // JSON holds nothing else
  file.write(sealed.with(description));
  fuzz::accepted({ErrorKind::model}, [&] {
    const Checkpoint checkpoint = read_checkpoint(file.path());
    fuzz::check_round_trip(checkpoint, folder / "checkpoint");
    fuzz::accepted({ErrorKind::usage},
                   [&] { check_same_training(checkpoint, model, fuzz::kIdentity, "checkpoint"); });
  });
  return 0;
}
