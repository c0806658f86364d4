// Network JSON: what is accepted is written and read again as the same network, and can be planned.
#include "engine/formats/model_file.hpp"
#include "engine/graph/graph.hpp"
#include "engine/plan/plan.hpp"
#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

void check_round_trip(const NetworkDescription& network) {
  for (const bool pretty : {false, true}) {
    require(network_from_json(network_to_json(network, pretty)) == network,
            "a network that was written reads equal");
  }
  require(class_count(network) >= 1 && summarise(network).parameters >= 0,
          "a network has classes, and parameters that can be counted");
}

// Plans tell sizes only: no weight and no image is made. Long networks take their time.
void check_plan(const NetworkDescription& network) {
  constexpr std::size_t kShort = 12;
  if (network.layers.size() > kShort) return;
  for (const PassMode mode : {PassMode::inference, PassMode::training}) {
    accepted({ErrorKind::usage}, [&] {
      const int images = micro_batch_size(mode, 8, 1);
      const Plan plan = make_plan(make_graph(network, mode), images, {});
      require(plan.arena_bytes >= plan.bound_bytes, "the arena holds what lives at once");
      require(!to_text(plan, 1).empty(), "a plan can be printed");
    });
  }
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  NetworkDescription network;
  const auto read = [&] { network = network_from_json(fuzz::text_of({data, size})); };
  if (fuzz::accepted({ErrorKind::usage}, read)) {
    fuzz::check_round_trip(network);
    fuzz::check_plan(network);
  }
  return 0;
}
