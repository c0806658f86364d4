// A model that becomes an ONNX file and a model again has the same bits.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "engine/graph/networks.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/onnx/sample_file.hpp"

namespace allconv {
namespace {

// Equal model files: every tensor, every text, in the same order.
void expect_same_file_again(const Model& model) {
  const TemporaryFolder folder;
  write_model(model, folder / "first");
  write_onnx(model, folder / "m.onnx");
  std::vector<std::string> notes;
  const Model again = read_onnx(
      folder / "m.onnx", [&notes](Severity, std::string_view note) { notes.emplace_back(note); });
  write_model(again, folder / "second");
  EXPECT_EQ(again.network, model.network);
  EXPECT_EQ(again.classes, model.classes);
  EXPECT_EQ(again.prepare, model.prepare);
  EXPECT_TRUE(read_bytes(folder / "first") == read_bytes(folder / "second"));
  EXPECT_EQ(notes, std::vector<std::string>{});
  EXPECT_EQ(folder.files(), 3);
}

TEST(OnnxRoundTrip, EveryLayerAndBit) {
  Model model = sample_model();  // with a leak that no float is, dropout, uneven paddings
  model.parameters[0].weights[0] = -0.0F;
  model.parameters[0].weights[1] = std::numeric_limits<float>::denorm_min();
  model.parameters[0].weights[2] = std::numeric_limits<float>::max();
  model.prepare.fit = Preparation::Fit::cover;
  expect_same_file_again(model);
}

TEST(OnnxRoundTrip, EveryNetwork) {
  for (const NamedNetwork& named : named_networks()) {
    if (named.name == "large-all-cnn") continue;  // 200 MB
    Model model;
    model.network = make_network(named.name, {}, 3);
    model.classes = {"a", "b", "c"};
    model.prepare.height = model.network.input.height;
    model.prepare.width = model.network.input.width;
    model.parameters = zero_parameters(model.network);
    model.parameters.back().bias = {1, 2, 3};
    expect_same_file_again(model);
  }
}

TEST(OnnxRoundTrip, WhiteningAndUnknownTensorsAndTexts) {
  Model model = sample_model();
  const auto size = static_cast<std::size_t>(model.network.input.size());
  const auto floats = [](std::string_view name, std::vector<std::int64_t> shape,
                         std::size_t count) {
    std::vector<float> numbers(count);
    for (std::size_t i = 0; i < count; ++i) numbers[i] = 1 / static_cast<float>(i + 3);
    OtherTensor tensor = {std::string(name), "F32", std::move(shape), {}};
    tensor.data.resize(count * sizeof(float));
    std::memcpy(tensor.data.data(), numbers.data(), tensor.data.size());
    return tensor;
  };
  const auto extent = static_cast<std::int64_t>(size);
  model.prepare.zca = true;
  model.prepare.gcn = Preparation::GlobalContrast{55, 1e-8};
  model.other_tensors = {floats(kMeanTensor, {extent}, size),
                         floats(kWhitenTensor, {extent, extent}, size * size),
                         {"half", "BF16", {3}, std::vector<std::byte>(6, std::byte{7})},
                         {"flags", "BOOL", {2, 1}, std::vector<std::byte>(2, std::byte{1})},
                         {"step", "I64", {}, std::vector<std::byte>(8, std::byte{9})},
                         {"empty", "U8", {0, 5}, {}}};
  model.other_metadata = {{"author", "d\xC3\xB6g"}, {"empty", ""}};
  expect_same_file_again(model);
}

TEST(OnnxRoundTrip, ANetworkWithoutANameOrAPool) {
  Model model;
  model.network = {.name = "",
                   .input = {3, 1, 1},
                   .layers = {Conv2dLayer{"input", 2, {1, 1}, {1, 1}, {}}, SoftmaxLayer{}}};
  model.classes = {"a", "b"};
  model.prepare = {.height = 1, .width = 1};
  model.parameters = zero_parameters(model.network);
  expect_same_file_again(model);
}

TEST(OnnxWriting, RefusesWhatCouldNotBeReadBack) {
  const TemporaryFolder folder;
  const std::string path = folder / "m.onnx";
  Model model = sample_model();
  model.parameters[1].bias[0] = NAN;
  EXPECT_NE(error_of(ErrorKind::training, [&] { write_onnx(model, path); }).find("conv2"),
            std::string::npos);
  model = sample_model();
  model.other_tensors = {{"six", "F6_E2M3", {4}, std::vector<std::byte>(3)}};
  EXPECT_EQ(error_of(ErrorKind::usage, [&] { write_onnx(model, path); }),
            path + ": tensor six: ONNX has no type F6_E2M3; remove it from the model file");
  model.other_tensors = {{"logits", "U8", {1}, std::vector<std::byte>(1)}};
  EXPECT_EQ(error_of(ErrorKind::usage, [&] { write_onnx(model, path); }),
            path +
                ": logits: the ONNX graph would have two values of this name; rename it in the "
                "model file");
  EXPECT_EQ(folder.files(), 0);
}

TEST(OnnxWriting, KeepsTheOldFileWhenItFails) {
  const TemporaryFolder folder;
  write_onnx(sample_model(), folder / "m.onnx");
  const std::string old = read_bytes(folder / "m.onnx");
  Model model = sample_model();
  model.parameters[0].weights[0] = INFINITY;
  error_of(ErrorKind::training, [&] { write_onnx(model, folder / "m.onnx"); });
  EXPECT_EQ(read_bytes(folder / "m.onnx"), old);
  error_of(ErrorKind::io, [&] { write_onnx(sample_model(), folder / "no/m.onnx"); });
}

}  // namespace
}  // namespace allconv
