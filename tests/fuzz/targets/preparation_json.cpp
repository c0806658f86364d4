// The metadata `allconv.prepare`: what is accepted is written and read again as the same
// preparation.
#include "engine/formats/metadata.hpp"
#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

const JsonSource kSource = {ErrorKind::model, "model: allconv.prepare"};

NetworkDescription small_network() {
  NetworkDescription network;
  network.input = {.channels = 3, .height = 8, .width = 9};
  return network;
}

void check_round_trip(const Preparation& prepare, const NetworkDescription& network) {
  require(prepare.height == network.input.height && prepare.width == network.input.width,
          "a preparation has the network's size");
  require(*std::min_element(prepare.std.begin(), prepare.std.end()) > 0, "deviations are above 0");
  require(parse_preparation(preparation_to_json(prepare), kSource, network) == prepare,
          "a preparation that was written reads equal");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static const NetworkDescription network = fuzz::small_network();
  Preparation prepare;
  const auto read = [&] {
    prepare = parse_preparation(fuzz::text_of({data, size}), fuzz::kSource, network);
  };
  if (fuzz::accepted({ErrorKind::model}, read)) fuzz::check_round_trip(prepare, network);
  return 0;
}
