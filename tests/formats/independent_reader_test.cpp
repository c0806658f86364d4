// A reader that shares no code with our writer agrees about what a model file holds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "tests/formats/sample_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string output;
  for (int byte = std::fgetc(pipe); byte != EOF; byte = std::fgetc(pipe))
    output.push_back(static_cast<char>(byte));
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

double sum(const std::vector<float>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0);
}

TEST(IndependentReader, FindsTheSameTensorsAndMetadata) {
  if (std::system("python3 -c pass > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no python3";
  const TemporaryFolder folder;
  const Model model = sample_model();
  write_model(model, folder / "model.safetensors");

  std::string expected;
  for (const LayerParameters& layer : model.parameters) {
    expected += fmt::format("{}.weight [{}] {:.6f}\n{}.bias [{}] {:.6f}\n", layer.name,
                            fmt::join(layer.extent, ", "), sum(layer.weights), layer.name,
                            layer.extent[0], sum(layer.bias));
  }
  expected += "allconv.network\nallconv.classes\nallconv.prepare\n";
  EXPECT_EQ(output_of(fmt::format("python3 '{}/read_safetensors.py' '{}'", ALLCONV_TEST_DATA,
                                  folder / "model.safetensors")),
            expected);
}

}  // namespace
}  // namespace allconv
