// ONNX files of other programs: what becomes of their graphs, weights and names.
#include <gtest/gtest.h>

#include "tests/onnx/sample_file.hpp"

namespace allconv {
namespace {

using namespace onnx_format;

// The first layer of the sample with these attributes of its convolution.
Conv2dLayer convolution_of(std::vector<std::int64_t> weights,
                           const std::vector<Attribute>& attributes) {
  File file = sample_file();
  file.nodes[0].attributes = attributes;
  file.tensors[0].dims = weights;
  file.tensors[0].data.assign(static_cast<std::size_t>(24 * weights[2] * weights[3]), '\0');
  return std::get<Conv2dLayer>(read_file_as_onnx(file).model.network.layers[0]);
}

TEST(OnnxImport, MakesTheNetworkFromTheGraph) {
  const auto [model, notes] = read_file_as_onnx(sample_file());
  EXPECT_EQ(model.network,
            (NetworkDescription{.name = "other",
                                .input = {3, 4, 5},
                                .layers = {Conv2dLayer{"c", 2, {1, 1}, {1, 1}, {}}, ReluLayer{},
                                           GlobalAveragePoolLayer{}, SoftmaxLayer{}}}));
  EXPECT_EQ(model.parameters[0].weights, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(model.parameters[0].bias, (std::vector<float>{0.5F, -1}));
  EXPECT_EQ(model.classes, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(model.prepare, (Preparation{.height = 4, .width = 5}));
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_NE(notes[0].find("--classes"), std::string::npos) << notes[0];
  EXPECT_NE(notes[1].find("--mean"), std::string::npos) << notes[1];
}

TEST(OnnxImport, TakesWhatTheFileDoesNotTell) {
  const OnnxExtras extras = {
      .classes = {{"cat", "dog"}}, .scale = 1, .mean = {{1, 2, 3}}, .std = {{4, 5, 6}}};
  const auto [model, notes] = read_file_as_onnx(sample_file(), extras);
  EXPECT_EQ(model.classes, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(
      model.prepare,
      (Preparation{.height = 4, .width = 5, .scale = 1, .mean = {1, 2, 3}, .std = {4, 5, 6}}));
  EXPECT_TRUE(notes.empty());
  const std::string sentence = error_of(ErrorKind::usage, [] {
    read_file_as_onnx(sample_file(), {.classes = {{"cat", "dog", "cow"}}});
  });
  EXPECT_EQ(sentence, "3 class names for a network of 2 classes; give a name a class");
}

TEST(OnnxImport, ConvolutionsWithAndWithoutAttributes) {
  EXPECT_EQ(convolution_of({2, 3, 3, 2}, {}), (Conv2dLayer{"c", 2, {3, 2}, {1, 1}, {}}));
  EXPECT_EQ(convolution_of({2, 3, 3, 2}, {{"pads", std::vector<std::int64_t>{1, 2, 3, 0}},
                                          {"strides", std::vector<std::int64_t>{2, 1}},
                                          {"dilations", std::vector<std::int64_t>{1, 1}},
                                          {"kernel_shape", std::vector<std::int64_t>{3, 2}},
                                          {"group", std::int64_t{1}},
                                          {"auto_pad", std::string("NOTSET")}}),
            (Conv2dLayer{"c", 2, {3, 2}, {2, 1}, {1, 2, 3, 0}}));
}

TEST(OnnxImport, AutomaticPaddingFollowsTheInput) {
  const std::vector<std::int64_t> two = {2, 2};
  // Four rows and five columns: 2 x 3 places of stride 2.
  EXPECT_EQ(convolution_of({2, 3, 3, 2}, {{"auto_pad", std::string("SAME_UPPER")}}).padding,
            (Padding{1, 0, 1, 1}));
  EXPECT_EQ(convolution_of({2, 3, 3, 2}, {{"auto_pad", std::string("SAME_LOWER")}}).padding,
            (Padding{1, 1, 1, 0}));
  EXPECT_EQ(
      convolution_of({2, 3, 3, 2}, {{"auto_pad", std::string("SAME_UPPER")}, {"strides", two}})
          .padding,
      (Padding{0, 0, 1, 1}));
  EXPECT_EQ(
      convolution_of({2, 3, 1, 1}, {{"auto_pad", std::string("SAME_LOWER")}, {"strides", two}})
          .padding,
      Padding{});
  EXPECT_EQ(convolution_of({2, 3, 3, 2}, {{"auto_pad", std::string("VALID")}}).padding, Padding{});
}

TEST(OnnxImport, NamesOfConvolutions) {
  File file = sample_file();
  file.tensors[0].name = file.nodes[0].inputs[1] = "features.0.weight";
  EXPECT_EQ(read_file_as_onnx(file).model.parameters[0].name, "features.0");
  file.tensors[0].name = file.nodes[0].inputs[1] = "w";
  file.nodes[0].name = "";
  EXPECT_EQ(read_file_as_onnx(file).model.parameters[0].name, "conv1");
  file.nodes[0].name = "/features/Conv";
  EXPECT_EQ(read_file_as_onnx(file).model.parameters[0].name, "conv1");
  // Two of one name.
  file = sample_file();
  file.nodes.insert(file.nodes.begin() + 1, {"c", "Conv", "", {"1", "v"}, {"1b"}, {}});
  file.nodes[2].inputs = {"1b"};
  file.tensors.push_back({"v", kFloat, {2, 2, 1, 1}, float_bytes({1, 2, 3, 4})});
  const Model model = read_file_as_onnx(file).model;
  EXPECT_EQ(model.parameters[0].name, "conv1");
  EXPECT_EQ(model.parameters[1].name, "conv2");
  EXPECT_EQ(model.parameters[1].bias, (std::vector<float>{0, 0}));  // it has none
}

TEST(OnnxImport, WeightsOfOtherFloatingTypes) {
  File file = sample_file();
  const auto read_with = [&file](int type, std::vector<unsigned char> bytes) {
    file.tensors[1].type = type;
    file.tensors[1].data.assign(bytes.begin(), bytes.end());
    return read_file_as_onnx(file).model.parameters[0].bias;
  };
  // 1.5 and the smallest subnormal number; -2 and the largest.
  EXPECT_EQ(read_with(kFloat16, {0x00, 0x3E, 0x01, 0x00}), (std::vector<float>{1.5F, 0x1p-24F}));
  EXPECT_EQ(read_with(kFloat16, {0x00, 0xC0, 0xFF, 0x7B}), (std::vector<float>{-2, 65504}));
  EXPECT_EQ(read_with(kBfloat16, {0xC0, 0x3F, 0x00, 0xC0}), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(read_with(kDouble, {0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0}),
            (std::vector<float>{1.5F, -2}));
}

TEST(OnnxImport, LeaksAndRatesAreWhatWasMeant) {
  File file = sample_file();
  file.nodes[1] = {"l", "LeakyRelu", "", {"1"}, {"2"}, {{"alpha", 0.333F}}};
  EXPECT_EQ(read_file_as_onnx(file).model.network.layers[1], Layer{LeakyReluLayer{0.333}});
  file.nodes[1].attributes.clear();
  EXPECT_EQ(read_file_as_onnx(file).model.network.layers[1], Layer{LeakyReluLayer{0.01}});
  file.nodes[1] = {"d", "Dropout", "", {"1"}, {"2", "mask"}, {{"ratio", 0.2F}}};
  EXPECT_EQ(read_file_as_onnx(file).model.network.layers[1], Layer{DropoutLayer{0.2}});
  file.nodes[1] = {"d", "Dropout", "", {"1", "rate", "mode"}, {"2"}, {}};
  file.tensors.push_back({"rate", kFloat, {}, float_bytes({0.1F})});
  file.tensors.push_back({"mode", kBool, {}, std::string(1, '\0')});
  EXPECT_EQ(read_file_as_onnx(file).model.network.layers[1], Layer{DropoutLayer{0.1}});
  file.nodes[1].inputs = {"1"};
  EXPECT_EQ(read_file_as_onnx(file).model.network.layers[1], Layer{DropoutLayer{0.5}});
}

TEST(OnnxImport, SoftmaxOverTheClassesByTheRulesOfItsSet) {
  File file = sample_file();
  file.operation_set = 11;  // its default is axis 1, from where on all is one
  EXPECT_EQ(read_file_as_onnx(file).notes.size(), 2U);
  file.nodes.erase(file.nodes.begin() + 3);  // without Flatten
  file.nodes[3].inputs = {"3"};
  EXPECT_EQ(read_file_as_onnx(file).notes.size(), 2U);
  file.operation_set = 13;
  file.nodes[3].attributes = {{"axis", std::int64_t{-3}}};
  EXPECT_EQ(read_file_as_onnx(file).notes.size(), 2U);
}

TEST(OnnxImport, LogitsGetASoftmax) {
  File file = sample_file();
  file.nodes.pop_back();
  file.nodes.push_back({"i", "Identity", "ai.onnx", {"4"}, {"y"}, {}});
  const auto [model, notes] = read_file_as_onnx(file);
  EXPECT_EQ(model.network.layers.back(), Layer{SoftmaxLayer{}});
  ASSERT_EQ(notes.size(), 3U);
  EXPECT_NE(notes[0].find("logits"), std::string::npos);
}

TEST(OnnxImport, InitializersMayBeInputsAndUnused) {
  File file = sample_file();
  file.inputs.push_back({"w", kFloat, {2, 3, 1, 1}});
  file.tensors.push_back({"unused", kInt64, {1}, std::string(8, 'x')});
  file.tensors.push_back({"torn", kInt64, {2}, std::string(8, 'x')});
  file.tensors.push_back({"c.bias", kFloat, {1}, std::string(4, 'x')});
  file.metadata["author"] = "somebody";
  const auto [model, notes] = read_file_as_onnx(file);
  ASSERT_EQ(model.other_tensors.size(), 1U);
  EXPECT_EQ(model.other_tensors[0].name, "unused");
  EXPECT_EQ(model.other_metadata.at("author"), "somebody");
  EXPECT_EQ(notes.size(), 4U);  // two of them are left out
}

}  // namespace
}  // namespace allconv
