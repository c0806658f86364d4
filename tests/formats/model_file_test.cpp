// Model files keep every bit, are plain safetensors, and are refused when anything is wrong.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "engine/graph/networks.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

using nlohmann::json;

std::string file_of(const Model& model) {
  const TemporaryFolder folder;
  write_model(model, folder / "model");
  return read_bytes(folder / "model");
}

Model model_of(std::string_view bytes) {
  const TemporaryFolder folder;
  write_bytes(folder / "model", bytes);
  return read_model(folder / "model");
}

void expect_equal(const Model& found, const Model& wanted) {
  EXPECT_EQ(found.network, wanted.network);
  EXPECT_EQ(found.classes, wanted.classes);
  EXPECT_EQ(found.prepare, wanted.prepare);
  EXPECT_EQ(found.parameters, wanted.parameters);
}

TEST(ModelFile, KeepsEveryBit) {
  Model model = sample_model();
  model.parameters[0].weights[0] = -0.0F;
  model.parameters[0].weights[1] = std::numeric_limits<float>::denorm_min();
  model.parameters[0].weights[2] = std::numeric_limits<float>::max();
  model.prepare.scale = 1.0 / 255;
  model.prepare.fit = Preparation::Fit::cover;
  model.prepare.gcn = Preparation::GlobalContrast{55, 1e-8};
  const Model read = model_of(file_of(model));
  expect_equal(read, model);
  EXPECT_TRUE(std::signbit(read.parameters[0].weights[0]));
  EXPECT_EQ(file_of(read), file_of(model));
}

TEST(ModelFile, KeepsEveryNetwork) {
  for (const NamedNetwork& named : named_networks()) {
    if (named.name == "large-all-cnn") continue;  // 200 MB
    Model model;
    model.network = make_network(named.name, {}, 3);
    model.classes = {"a", "b", "c"};
    model.prepare.height = model.network.input.height;
    model.prepare.width = model.network.input.width;
    model.parameters = zero_parameters(model.network);
    model.parameters.back().bias = {1, 2, 3};
    expect_equal(model_of(file_of(model)), model);
  }
}

TEST(ModelFile, HasTheMetadataAndTensorsOfTheContract) {
  const TakenApart parts = take_apart(file_of(sample_model()));
  const json& metadata = parts.header.at("__metadata__");
  EXPECT_EQ(metadata.size(), 3U);
  EXPECT_EQ(metadata.at("allconv.classes"), "[\"cat \\\"tom\\\"\",\"d\xC3\xB6g\"]");
  EXPECT_EQ(json::parse(metadata.at("allconv.prepare").get<std::string>()),
            json::parse(R"({"resize": [6, 4], "scale": 0.00392156862745098,
                "mean": [0.1, 0.3333333333333333, 0.5], "std": [0.2, 0.25, 0.001],
                "gcn": null, "zca": false})"));
  EXPECT_EQ(network_from_json(metadata.at("allconv.network").get<std::string>()), sample_network());
  EXPECT_EQ(parts.header.at("conv1.weight").at("shape"), json({4, 3, 3, 2}));
  EXPECT_EQ(parts.header.at("conv1.weight").at("data_offsets"), json({0, 288}));
  EXPECT_EQ(parts.header.at("conv1.bias").at("data_offsets"), json({288, 304}));
  EXPECT_EQ(parts.header.at("conv2.weight").at("data_offsets"), json({304, 336}));
  EXPECT_EQ(parts.header.at("conv2.bias").at("data_offsets"), json({336, 344}));
  EXPECT_EQ(parts.header.at("conv2.bias").at("dtype"), "F32");
}

TEST(ModelFile, KeepsUnknownTensorsAndMetadata) {
  Model model = sample_model();
  model.other_metadata = {{"format", "pt"}, {"author", "x \" y"}};
  const auto bytes = [](std::size_t count) { return std::vector<std::byte>(count, std::byte{7}); };
  model.other_tensors = {{"odd", "U8", {3}, bytes(3)},
                         {"wide", "F64", {2}, bytes(16)},
                         {"empty", "F32", {0, 5}, {}},
                         {"scalar", "I64", {}, bytes(8)}};
  const std::string file = file_of(model);
  const Model read = model_of(file);
  expect_equal(read, model);
  EXPECT_EQ(read.other_metadata, model.other_metadata);
  ASSERT_EQ(read.other_tensors.size(), 4U);
  const TakenApart parts = take_apart(file);
  for (const OtherTensor& tensor : read.other_tensors) {
    const json& info = parts.header.at(tensor.name);
    const std::size_t begin = info.at("data_offsets")[0];
    EXPECT_EQ(begin % (tensor.name == "wide" || tensor.name == "scalar" ? 8 : 1), 0U);
    EXPECT_EQ(tensor.data, bytes(tensor.data.size()));
  }
  EXPECT_EQ(file_of(read), file);
}

// A copy of prepare.mean and prepare.whiten for the sample's 72 input values.
Model whitening_model() {
  Model model = sample_model();
  model.prepare.zca = true;
  model.prepare.gcn = Preparation::GlobalContrast{};
  model.other_tensors = {{"prepare.mean", "F32", {72}, std::vector<std::byte>(72 * 4)},
                         {"prepare.whiten", "F32", {72, 72}, std::vector<std::byte>(72 * 72 * 4)}};
  return model;
}

TEST(ModelFile, KeepsTheTensorsOfThePreparation) {
  const Model model = whitening_model();
  const Model read = model_of(file_of(model));
  expect_equal(read, model);
  EXPECT_EQ(read.other_tensors.size(), 2U);
}

struct Mutation {
  const char* sentence;  // part of the error
  std::function<void(TakenApart&)> make;
};

// Changes the JSON inside the text of a metadata key.
Mutation in_metadata(const char* sentence, const char* key, std::function<void(json&)> change) {
  return {sentence, [key, change = std::move(change)](TakenApart& parts) {
            json& text = parts.header["__metadata__"][key];
            json value = json::parse(text.get<std::string>());
            change(value);
            text = value.dump();
          }};
}

void expect_refusals(const Model& model, const std::vector<Mutation>& mutations) {
  const std::string file = file_of(model);
  for (const Mutation& mutation : mutations) {
    SCOPED_TRACE(mutation.sentence);
    TakenApart parts = take_apart(file);
    mutation.make(parts);
    const std::string sentence = error_of(ErrorKind::model, [&] { model_of(put_together(parts)); });
    EXPECT_NE(sentence.find(mutation.sentence), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("; "), std::string::npos) << "no mend: " << sentence;
  }
}

TEST(ModelFile, RefusesTensorsThatDoNotFit) {
  const auto conv1 = [](TakenApart& parts) -> json& { return parts.header["conv1.weight"]; };
  expect_refusals(
      sample_model(),
      {
          {"no tensor conv2.weight",
           [](auto& parts) {
             parts.header["other"] = parts.header["conv2.weight"];
             parts.header.erase("conv2.weight");
           }},
          {"344 follow", [](auto& parts) { parts.header.erase("conv2.bias"); }},
          {"follows a hole", [](auto& parts) { parts.header.erase("conv1.bias"); }},
          {"overlaps",
           [](auto& parts) {
             parts.header["conv1.bias"]["data_offsets"] = {280, 296};
           }},
          {"overlaps", [](auto& parts) { parts.header["twin"] = parts.header["conv1.bias"]; }},
          {"345 follow", [](auto& parts) { parts.data += '\0'; }},
          {"343 follow", [](auto& parts) { parts.data.pop_back(); }},
          {"element 2: not a whole number",
           [=](auto& parts) {
             conv1(parts)["data_offsets"] = {288, 0};
           }},
          {"element 1: not a whole number",
           [=](auto& parts) {
             conv1(parts)["data_offsets"] = {-1, 287};
           }},
          {"does not fit",
           [=](auto& parts) {
             conv1(parts)["shape"] = {4, 3, 3, 3};
           }},
          {"shape is (4, 3, 2, 3)",
           [=](auto& parts) {
             conv1(parts)["shape"] = {4, 3, 2, 3};
           }},
          {"shape is (72)", [=](auto& parts) { conv1(parts)["shape"] = {72}; }},
          // 2^33 * 2^33 elements wrap around to 4 bytes times 4 in 64 bits.
          {"does not fit",
           [=](auto& parts) {
             conv1(parts)["shape"] = {1LL << 33, 1LL << 33, 288};
           }},
          {"not a whole number",
           [=](auto& parts) {
             conv1(parts)["shape"] = {4, -3, 3, -2};
           }},
          {"not a whole number", [=](auto& parts) { conv1(parts)["shape"] = {72.0}; }},
          {"not a whole number", [=](auto& parts) { conv1(parts)["shape"] = {~0ULL}; }},
          {"its type is I32", [=](auto& parts) { conv1(parts)["dtype"] = "I32"; }},
          {"not a type", [=](auto& parts) { conv1(parts)["dtype"] = "F31"; }},
          {"not a text", [=](auto& parts) { conv1(parts)["dtype"] = 32; }},
          {"\"dtype\" is missing", [=](auto& parts) { conv1(parts).erase("dtype"); }},
          {"\"shape\" is missing", [=](auto& parts) { conv1(parts).erase("shape"); }},
          {"\"data_offsets\" is missing", [=](auto& parts) { conv1(parts).erase("data_offsets"); }},
          {"a list of 3",
           [=](auto& parts) {
             conv1(parts)["data_offsets"] = {0, 288, 288};
           }},
          {"not an object", [](auto& parts) { parts.header["conv1.weight"] = 1; }},
          {"conv1.weight: it holds numbers that are not finite",
           [](auto& parts) { parts.data.replace(0, 4, "\x00\x00\xC0\x7F", 4); }},
          {"conv2.bias: it holds numbers that are not finite",
           [](auto& parts) { parts.data.replace(340, 4, "\x00\x00\x80\xFF", 4); }},
      });
}

TEST(ModelFile, RefusesWrongMetadata) {
  std::vector<Mutation> mutations = {
      {"no key allconv.network", [](auto& parts) { parts.header.erase("__metadata__"); }},
      {"not a text", [](auto& parts) { parts.header["__metadata__"]["other"] = 3; }},
      {"not an object", [](auto& parts) { parts.header["__metadata__"] = "text"; }},
      in_metadata("2 names for 3 classes", "allconv.network",
                  [](json& network) { network["layers"][4]["filters"] = 3; }),
      in_metadata("parameters", "allconv.network",
                  [](json& network) { network["layers"][1]["filters"] = 65'536; }),
      in_metadata("the input has 1 channels", "allconv.network",
                  [](json& network) {
                    network["input"] = {1, 6, 4};
                  }),
      in_metadata("layer 1 (dropout)", "allconv.network",
                  [](json& network) { network["layers"][0]["rate"] = 1.5; }),
      in_metadata("3 names for 2 classes", "allconv.classes",
                  [](json& classes) { classes.push_back("c"); }),
      in_metadata("class 2: not a text", "allconv.classes", [](json& classes) { classes[1] = 1; }),
      in_metadata("not a list", "allconv.classes", [](json& classes) { classes = json::object(); }),
      in_metadata("give [6, 4]", "allconv.prepare",
                  [](json& prepare) {
                    prepare["resize"] = {4, 6};
                  }),
      in_metadata("std: not above 0", "allconv.prepare",
                  [](json& prepare) { prepare["std"][1] = 0; }),
      in_metadata("a list of 2", "allconv.prepare",
                  [](json& prepare) {
                    prepare["mean"] = {0, 0};
                  }),
      in_metadata("fit: not a way", "allconv.prepare",
                  [](json& prepare) { prepare["fit"] = "crop"; }),
      in_metadata("epsilon", "allconv.prepare",
                  [](json& prepare) {
                    prepare["gcn"] = {{"scale", 55}};
                  }),
      in_metadata("scale: not above 0", "allconv.prepare",
                  [](json& prepare) {
                    prepare["gcn"] = {{"scale", 0}, {"epsilon", 1e-8}};
                  }),
      in_metadata("zca: neither", "allconv.prepare", [](json& prepare) { prepare["zca"] = 1; }),
      in_metadata("no tensor prepare.mean", "allconv.prepare",
                  [](json& prepare) { prepare["zca"] = true; }),
  };
  for (const char* key : {"allconv.network", "allconv.classes", "allconv.prepare"}) {
    mutations.push_back({key, [key](auto& parts) { parts.header["__metadata__"].erase(key); }});
    mutations.push_back({key, [key](auto& parts) { parts.header["__metadata__"][key] = "{"; }});
  }
  for (const char* key : {"resize", "scale", "mean", "std", "gcn", "zca"}) {
    mutations.push_back(
        in_metadata(key, "allconv.prepare", [key](json& prepare) { prepare.erase(key); }));
  }
  expect_refusals(sample_model(), mutations);
}

TEST(ModelFile, RefusesWrongWhitening) {
  expect_refusals(whitening_model(),
                  {
                      {"prepare.whiten: its shape is (5184)",
                       [](auto& parts) { parts.header["prepare.whiten"]["shape"] = {72 * 72}; }},
                      {"prepare.mean: its type is I32",
                       [](auto& parts) { parts.header["prepare.mean"]["dtype"] = "I32"; }},
                      {"prepare.whiten: it holds numbers that are not finite",
                       [](auto& parts) {
                         parts.data.replace(parts.data.size() - 4, 4, "\x00\x00\x80\x7F", 4);
                       }},
                  });
}

TEST(ModelFile, RefusesHeadersThatAreNone) {
  const std::string file = file_of(sample_model());
  const auto refused = [](const std::string& bytes) {
    return error_of(ErrorKind::model, [&] { model_of(bytes); });
  };
  refused("");
  refused("1234567");
  refused(with_length("", ""));
  refused(with_length("[]", ""));
  refused(with_length("{}", ""));
  refused(with_length(" {}", ""));
  refused(with_length(R"({"a": 1, "a": 1})", ""));
  refused(with_length("{\"a\": " + std::string(100'000, '['), ""));
  refused(std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8) + "{}");
  refused(std::string("\x01\xE1\xF5\x05\x00\x00\x00\x00", 8) + "{}");  // 100,000,001 bytes
  for (std::size_t size = 0; size < file.size(); size += 13) refused(file.substr(0, size));
}

// Whatever bytes change, the answer is a model or an error of one kind.
TEST(ModelFile, SurvivesRandomBytes) {
  const std::string file = file_of(whitening_model());
  std::mt19937 random(1);
  int refused = 0;
  constexpr int kAttempts = 500;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string changed = file;
    for (int i = 0; i < 1 + attempt % 3; ++i)
      changed[random() % 2000] = static_cast<char>(random() % 256);
    try {
      model_of(changed);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, kAttempts / 2);
}

TEST(ModelFile, TellsUnreadableFilesFromWrongOnes) {
  const TemporaryFolder folder;
  error_of(ErrorKind::io, [&] { read_model(folder / "missing"); });
  error_of(ErrorKind::io, [&] { read_model(folder / "."); });
  error_of(ErrorKind::io, [&] { write_model(sample_model(), folder / "missing/model"); });
  write_bytes(folder / "text", "This is not a model file at all.");
  error_of(ErrorKind::model, [&] { read_model(folder / "text"); });
}

TEST(ModelFile, DivergedWeightsAreNotWritten) {
  const TemporaryFolder folder;
  Model model = sample_model();
  model.parameters[1].bias[0] = std::numeric_limits<float>::quiet_NaN();
  error_of(ErrorKind::training, [&] { write_model(model, folder / "model"); });
  model = sample_model();
  model.parameters.pop_back();
  error_of(ErrorKind::internal, [&] { write_model(model, folder / "model"); });
  EXPECT_EQ(folder.files(), 0);
}

}  // namespace
}  // namespace allconv
