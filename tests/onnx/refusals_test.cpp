// What an ONNX file may hold beyond these networks is refused by one sentence that names it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/formats/sample_model.hpp"
#include "tests/onnx/sample_file.hpp"

namespace allconv {
namespace {

using namespace onnx_format;
using Integers = std::vector<std::int64_t>;

// The sentence behind the file's path.
std::string sentence_of(const std::string& bytes) {
  const std::string sentence = error_of(ErrorKind::model, [&bytes] { read_bytes_as_onnx(bytes); });
  const std::size_t path = sentence.find("m.onnx: ");
  return path == std::string::npos ? sentence : sentence.substr(path + 8);
}

std::string refusal(const std::function<void(File&)>& change) {
  File file = sample_file();
  change(file);
  return sentence_of(file_bytes(file));
}

std::string refusal_of_convolution(std::string_view attribute, AttributeValue value) {
  return refusal([&](File& file) {
    file.nodes[0].attributes = {{std::string(attribute), std::move(value)}};
  });
}

TEST(OnnxRefusals, OperationsAndAttributes) {
  EXPECT_EQ(
      refusal([](File& file) { file.nodes[1].operation = "BatchNormalization"; }),
      "node \"r\" (BatchNormalization): this program does not have its operation; Conv, Relu, "
      "LeakyRelu, MaxPool, GlobalAveragePool, Flatten, Softmax, Dropout and Identity are "
      "taken");
  EXPECT_TRUE(refusal([](File& file) {
                file.nodes[1].domain = "com.microsoft";
              }).starts_with("node \"r\" (Relu): this program does not have its operation"));
  EXPECT_EQ(refusal([](File& file) {
              file.nodes[2].name = "";
              file.nodes[2].attributes = {{"mode", std::int64_t{1}}};
            }),
            "node 3 (GlobalAveragePool): its attribute mode is not taken; none is taken");
  EXPECT_EQ(refusal_of_convolution("groups", std::int64_t{1}),
            "node \"c\" (Conv): its attribute groups is not taken; auto_pad, dilations, group, "
            "kernel_shape, pads, strides are taken");
  EXPECT_EQ(refusal_of_convolution("group", std::int64_t{3}),
            "node \"c\" (Conv): its group is 3; only 1 is taken");
  EXPECT_EQ(refusal_of_convolution("group", 1.0F),
            "node \"c\" (Conv): its attribute group is of another type; give a valid ONNX file");
  EXPECT_EQ(refusal_of_convolution("dilations", Integers{1, 2}),
            "node \"c\" (Conv): its dilations are [1, 2]; only 1 is taken");
  EXPECT_EQ(refusal_of_convolution("strides", Integers{0, 1}),
            "node \"c\" (Conv): its strides are [0, 1]; numbers from 1 to 65536 are taken");
  EXPECT_EQ(refusal_of_convolution("strides", Integers{1}),
            "node \"c\" (Conv): its strides has 1 numbers; give 2: only images are taken");
  EXPECT_EQ(refusal_of_convolution("pads", Integers{0, 0, -1, 0}),
            "node \"c\" (Conv): its pads are [0, 0, -1, 0]; numbers from 0 to 65536 are taken");
  EXPECT_EQ(refusal_of_convolution("kernel_shape", Integers{3, 3}),
            "node \"c\" (Conv): its kernel_shape is not that of its weights; give a valid ONNX "
            "file");
  EXPECT_EQ(refusal_of_convolution("auto_pad", std::string("SAME")),
            "node \"c\" (Conv): its auto_pad is SAME; NOTSET, VALID, SAME_UPPER and SAME_LOWER are "
            "taken");
  EXPECT_EQ(refusal([](File& file) {
              file.nodes[0].attributes = {{"auto_pad", std::string("VALID")},
                                          {"pads", Integers{1, 1, 1, 1}}};
            }),
            "node \"c\" (Conv): it has both auto_pad and pads; leave one of them out");
}

TEST(OnnxRefusals, Pools) {
  const auto refusal_of_pool = [](std::vector<Attribute> attributes) {
    return refusal([&](File& file) {
      file.nodes[1] = {"p", "MaxPool", "", {"1"}, {"2"}, std::move(attributes)};
    });
  };
  const Integers two = {2, 2};
  EXPECT_EQ(refusal_of_pool({}),
            "node \"p\" (MaxPool): it has no kernel_shape; give a valid ONNX "
            "file");
  EXPECT_EQ(refusal_of_pool({{"kernel_shape", two}, {"ceil_mode", std::int64_t{1}}}),
            "node \"p\" (MaxPool): its ceil_mode is 1; only 0 is taken");
  EXPECT_EQ(refusal_of_pool({{"kernel_shape", two}, {"storage_order", std::int64_t{1}}}),
            "node \"p\" (MaxPool): its storage_order is 1; only 0 is taken");
  EXPECT_EQ(refusal_of_pool({{"kernel_shape", Integers{5, 5}}}),
            "node \"p\" (MaxPool): its kernel is larger than its padded input; use a larger input");
  EXPECT_EQ(
      refusal_of_pool({{"kernel_shape", Integers{1, 1}}, {"pads", Integers{65536, 0, 0, 0}}}),
      "node \"p\" (MaxPool): its output has 65540 x 5 places; at most 65536 a side are taken");
  EXPECT_NE(refusal_of_pool({{"kernel_shape", two}, {"pads", Integers{2, 0, 0, 0}}})
                .find("a pooling window lies wholly in the padding"),
            std::string::npos);
}

TEST(OnnxRefusals, GraphsThatAreNoChain) {
  EXPECT_EQ(
      refusal([](File& file) { file.nodes[2].inputs = {"1"}; }),
      "node \"g\" (GlobalAveragePool): it takes 1, but the value before it is 2; only a chain "
      "is taken, each node behind the one before it");
  EXPECT_EQ(refusal([](File& file) {
              file.inputs.push_back({"z", kFloat, {1}});
            }),
            "its graph has 2 inputs; one is taken: the image");
  EXPECT_EQ(refusal([](File& file) { file.inputs.clear(); }),
            "its graph has 0 inputs; one is taken: the image");
  EXPECT_EQ(refusal([](File& file) {
              file.outputs.push_back({"2", kFloat, {}});
            }),
            "its graph has the output 2; only the last value, y, and the logits are taken");
  EXPECT_EQ(
      refusal([](File& file) {
        file.outputs = {{"4", kFloat, {}}};
      }),
      "the last value, y, is no output of its graph; remove the nodes that lead to no output");
  EXPECT_EQ(refusal([](File& file) { file.nodes[1].outputs.clear(); }),
            "node \"r\" (Relu): it takes or makes nothing; give a valid ONNX file");
  EXPECT_EQ(refusal([](File& file) {
              file.nodes.push_back({"t", "Relu", "", {"y"}, {"z"}, {}});
            }),
            "node \"t\" (Relu): it stands behind the softmax; only a softmax at the end is taken");
  EXPECT_EQ(
      refusal([](File& file) { std::swap(file.nodes[2], file.nodes[3]); }),
      "node \"f\" (Flatten): it takes 3, but the value before it is 2; only a chain is taken, "
      "each node behind the one before it");
  EXPECT_EQ(refusal([](File& file) { file.nodes[2].operation = "Flatten"; }),
            "node \"g\" (Flatten): it flattens a map of 4 x 5; only a map of 1 x 1 is taken, as "
            "GlobalAveragePool makes it");
  EXPECT_EQ(refusal([](File& file) {
              file.nodes[3].attributes = {{"axis", std::int64_t{2}}};
            }),
            "node \"f\" (Flatten): its axis is 2; only axis 1 is taken");
  EXPECT_EQ(
      refusal([](File& file) { file.nodes[4] = {"h", "GlobalAveragePool", "", {"4"}, {"y"}, {}}; }),
      "node \"h\" (GlobalAveragePool): it stands behind a Flatten; only a chain of maps is "
      "taken");
  EXPECT_EQ(refusal([](File& file) {
              file.nodes.erase(file.nodes.begin() + 3);
              file.nodes[3].inputs = {"3"};
            }),
            "node \"s\" (Softmax): it runs along axis -1 of 4; only axis 1, the classes, is taken");
  EXPECT_NE(refusal([](File& file) {
              file.nodes.erase(file.nodes.begin() + 2, file.nodes.end());
              file.outputs = {{"2", kFloat, {}}};
            }).find("softmax is entered by a map of 4 x 5"),
            std::string::npos);
}

TEST(OnnxRefusals, Inputs) {
  const auto refusal_of_input = [](Value value) {
    return refusal([&](File& file) { file.inputs = {std::move(value)}; });
  };
  const std::string no_images =
      "input x: it is not a batch of RGB images; float of shape (N, 3, height, width) is taken";
  EXPECT_EQ(refusal_of_input({"x", kFloat, {kAnyExtent, 1, 4, 5}}), no_images);
  EXPECT_EQ(refusal_of_input({"x", kFloat, {3, 4, 5}}), no_images);
  EXPECT_EQ(refusal_of_input({"x", kFloat16, {1, 3, 4, 5}}), no_images);
  EXPECT_EQ(refusal_of_input({"x", kFloat, {1, 3, kAnyExtent, 5}}),
            "input x: height or width are open; export a fixed size");
  EXPECT_EQ(refusal_of_input({"x", kFloat, {1, 3, 4, 1 << 17}}),
            "input x: its height or width is 131072; numbers from 1 to 65536 are taken");
  EXPECT_EQ(refusal([](File& file) { file.operation_set = 6; }),
            "its operations are of set 6; sets from 7 on are taken");
}

TEST(OnnxRefusals, Tensors) {
  EXPECT_EQ(refusal([](File& file) { file.tensors[0].data.pop_back(); }),
            "initializer w: its 23 bytes are not those of shape (2, 3, 1, 1); give a whole ONNX "
            "file");
  EXPECT_EQ(refusal([](File& file) { file.tensors[1].type = kInt64; }),
            "initializer b: its type is int64; store it as float, float16, bfloat16 or double");
  EXPECT_EQ(refusal([](File& file) {
              file.tensors[1].data =
                  float_bytes(std::vector<float>{1, std::numeric_limits<float>::infinity()});
            }),
            "initializer b: it holds numbers that are not finite in float; give weights that are");
  EXPECT_EQ(
      refusal([](File& file) {
        file.tensors[0].dims = {2, 1, 1, 3};
      }),
      "node \"c\" (Conv): its weights have the shape (2, 1, 1, 3), its input 3 channels; give "
      "a convolution of images");
  EXPECT_EQ(
      refusal([](File& file) {
        file.tensors[0].dims = {2, 3, 1, 1 << 20};
      }),
      "node \"c\" (Conv): its weights have the shape (2, 3, 1, 1048576), its input 3 channels; "
      "give a convolution of images");
  EXPECT_EQ(refusal([](File& file) { file.tensors[1].dims = {3}; }),
            "node \"c\" (Conv): its bias has the shape (3); give 2 numbers");
  EXPECT_EQ(refusal([](File& file) { file.nodes[0].inputs[2] = "a\nb"; }),
            "node \"c\" (Conv): its input a?b is not an initializer; export the network with "
            "constant weights, as initializers");
  EXPECT_EQ(refusal([](File& file) { file.tensors[1].name = "w"; }),
            "initializer w: another one has the same name; give a valid ONNX file");
  for (const char* name : {"", "__metadata__", "\xFF"}) {
    EXPECT_NE(refusal([name](File& file) {
                file.tensors[1].name = name;
              }).find("no tensor can have this name"),
              std::string::npos);
  }
}

TEST(OnnxRefusals, Dropouts) {
  const auto refusal_of_dropout = [](std::vector<std::string> inputs, const Tensor& tensor) {
    return refusal([&](File& file) {
      file.nodes[1] = {"d", "Dropout", "", std::move(inputs), {"2"}, {}};
      file.tensors.push_back(tensor);
    });
  };
  EXPECT_EQ(refusal_of_dropout({"1", "t"}, {"t", kFloat, {1}, float_bytes({1.0F})}),
            "node \"d\" (Dropout): its ratio is 1; at least 0 and below 1 is taken");
  EXPECT_EQ(refusal_of_dropout({"1", "t"}, {"t", kFloat, {2}, float_bytes({0.1F, 0.1F})}),
            "node \"d\" (Dropout): its ratio is not one number; give one");
  EXPECT_EQ(refusal_of_dropout({"1", "", "t"}, {"t", kBool, {}, "\x01"}),
            "node \"d\" (Dropout): its training_mode is not false; export the network for "
            "inference");
}

TEST(OnnxRefusals, PartsThatNoNetworkHereHas) {
  const std::string whole = file_bytes(sample_file());
  const auto with_graph = [&whole](const std::string& part) {
    return sentence_of(whole + field(7, part));
  };
  EXPECT_EQ(sentence_of(whole + field(20, "")),
            "it holds a training (training_info); export the network for inference");
  EXPECT_EQ(sentence_of(whole + field(25, "")),
            "it defines functions; export the network with ONNX's own operations");
  EXPECT_EQ(with_graph(field(15, "")),
            "it holds sparse initializers; export the weights as plain initializers");
  EXPECT_EQ(with_graph(field(14, "")), "its graph is quantised; export the network in float");
  EXPECT_EQ(sentence_of(whole + field(14, field(1, "k")) + field(14, field(1, "k"))),
            "two metadata have the key k; leave one of them out");
  // The tensor "v", whose numbers lie in the file "f", as the weights of a convolution.
  const std::string external = field(1, "\x02\x03\x01\x01") + "\x10\x01" + field(8, "v") +
                               field(13, field(1, "location") + field(2, "f"));
  File file = sample_file();
  file.nodes[0].inputs[1] = "v";
  EXPECT_EQ(sentence_of(file_bytes(file) + field(7, field(5, external))),
            "initializer v: its numbers lie in another file: no external data are taken; store it "
            "in the file, as raw_data");
  // An attribute that holds a graph.
  file = sample_file();
  file.nodes.pop_back();
  const std::string loop =
      field(1, "4") + field(2, "y") + field(4, "Relu") + field(5, field(1, "body") + field(6, ""));
  EXPECT_EQ(sentence_of(file_bytes(file) + field(7, field(1, loop))),
            "node 5 (Relu): its attribute body is not taken; none is taken");
}

TEST(OnnxRefusals, FilesThatAreNone) {
  const std::string whole = file_bytes(sample_file());
  EXPECT_EQ(sentence_of(""), "not an ONNX file: it has no version or no graph; give an ONNX file");
  EXPECT_EQ(sentence_of(std::string(1 << 20, '\0')), "not a whole ONNX file; give one that is");
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_NE(sentence_of(whole.substr(0, size)).find("; "), std::string::npos);
  const TemporaryFolder folder;
  error_of(ErrorKind::io, [&] { read_onnx(folder / "missing.onnx", {}); });
  error_of(ErrorKind::io, [&] { read_onnx(folder.path(), {}); });
}

// Two bytes a node or tensor in the file would be hundreds in memory.
TEST(OnnxRefusals, ManyEmptyParts) {
  std::string nodes;
  for (int i = 0; i < 5000; ++i) nodes += field(1, "");
  const std::string whole = file_bytes(sample_file());
  EXPECT_EQ(sentence_of(whole + field(7, nodes)), "there are 5005 nodes; use at most 4096");
  std::string tensors;
  for (int i = 0; i < (1 << 20); ++i) tensors += field(5, "");
  EXPECT_NE(sentence_of(whole + field(7, tensors)).find("bytes beside its weights, more than"),
            std::string::npos);
}

// As many as a network may have, all of the same weights.
TEST(OnnxRefusals, NodesThatShareTheirWeights) {
  File file = sample_file();
  file.tensors.push_back({"v", kFloat, {2, 2, 1, 1}, float_bytes({1, 2, 3, 4})});
  const auto chain = [&file](int count) {
    File longer = file;
    for (int i = 0; i < count; ++i) {
      const std::string made = fmt::format("c{}", i);
      longer.nodes.insert(
          longer.nodes.begin() + 1 + i,
          {made, "Conv", "", {i == 0 ? "1" : fmt::format("c{}", i - 1), "v"}, {made}, {}});
      longer.nodes[static_cast<std::size_t>(i) + 2].inputs = {made};
    }
    return longer;
  };
  EXPECT_EQ(read_file_as_onnx(chain(4)).model.parameters[4].weights,
            (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(sentence_of(file_bytes(chain(900))),
            "5408 parameters are made of 48 bytes of weights; give each node weights of its own");
}

TEST(OnnxRefusals, MetadataThatContradictTheGraph) {
  const auto refusal_of_metadata = [](std::string_view key, std::string text) {
    return refusal([&](File& file) { file.metadata[std::string(key)] = std::move(text); });
  };
  const std::string mend = "; remove the key, and the network is made from the graph";
  NetworkDescription network = {.name = "mine",
                                .input = {3, 4, 5},
                                .layers = {Conv2dLayer{"first", 2, {1, 1}, {1, 1}, {}}, ReluLayer{},
                                           GlobalAveragePoolLayer{}, SoftmaxLayer{}}};
  File file = sample_file();
  file.metadata["allconv.network"] = network_to_json(network);
  EXPECT_EQ(read_file_as_onnx(file).model.network, network);
  network.layers[1] = LeakyReluLayer{0.1};
  EXPECT_EQ(refusal_of_metadata("allconv.network", network_to_json(network)),
            "allconv.network: its layer 2 (leaky_relu) is not what the graph has there, layer 2 "
            "(relu)" +
                mend);
  network.layers.erase(network.layers.begin() + 1);
  EXPECT_EQ(refusal_of_metadata("allconv.network", network_to_json(network)),
            "allconv.network: its layer 2 (global_average_pool) is not what the graph has there, "
            "layer 2 (relu)" +
                mend);
  network.input.height = 7;
  EXPECT_EQ(refusal_of_metadata("allconv.network", network_to_json(network)),
            "allconv.network: its input has another size than the graph's" + mend);
  EXPECT_TRUE(refusal_of_metadata("allconv.network", "{").starts_with("allconv.network: "));
  EXPECT_EQ(refusal_of_metadata("allconv.classes", "[\"a\"]"),
            "allconv.classes: 1 names for 2 classes of the network; give a name a class");
  const std::string whitened = preparation_to_json({.height = 4, .width = 5, .zca = true});
  EXPECT_EQ(refusal_of_metadata("allconv.prepare", whitened),
            "initializer prepare.mean: allconv.prepare needs it; give a whole file");
  EXPECT_EQ(refusal([&](File& changed) {
              changed.metadata["allconv.prepare"] = whitened;
              changed.tensors.push_back({"prepare.mean", kFloat, {2}, std::string(8, '\0')});
            }),
            "initializer prepare.mean: it is not what allconv.prepare needs; store floats of shape "
            "(60)");
}

}  // namespace
}  // namespace allconv
