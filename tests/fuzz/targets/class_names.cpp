// The metadata `allconv.classes`: what is accepted has a name a class and reads equal again.
#include "engine/formats/metadata.hpp"
#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

constexpr int kClasses = 3;
const JsonSource kSource = {ErrorKind::model, "model: allconv.classes"};

NetworkDescription network_of_three_classes() {
  NetworkDescription network;
  network.input = {.channels = 3, .height = 4, .width = 4};
  network.layers = {Conv2dLayer{.name = "conv1", .filters = kClasses}, GlobalAveragePoolLayer{},
                    SoftmaxLayer{}};
  return network;
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static const NetworkDescription network = fuzz::network_of_three_classes();
  std::vector<std::string> classes;
  const auto read = [&] {
    classes = parse_classes(fuzz::text_of({data, size}), fuzz::kSource, network);
  };
  if (fuzz::accepted({ErrorKind::model}, read)) {
    fuzz::require(classes.size() == fuzz::kClasses, "a name a class");
    fuzz::require(parse_classes(classes_to_json(classes), fuzz::kSource, network) == classes,
                  "names that were written read equal");
  }
  return 0;
}
