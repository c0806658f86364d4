// The launches of kernels with dynamic shared memory, from the functions that launch them.
#include <cstddef>
#include <map>
#include <string>

#include "kernels/classifier_head/cuda.hpp"
#include "kernels/conv2d/gather_simt_tile.hpp"
#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/conv2d/weight_gradient_tile.hpp"
#include "tests/cuda/occupancy/occupancy.hpp"

namespace allconv::kernels {
namespace {

using Launches = std::map<std::string, KernelLaunch, std::less<>>;

// The elements of a kernel's name, and what each takes.
struct Element {
  std::string name;
  int bytes;
};

void add_gather_sm80(const Element& element, Launches& launches) {
  for (const GatherTile& tile : {kWideTile, kEvenTile, kShortTile, kSlimTile}) {
    const std::string name =
        "gather_sm80<" + element.name + "," + std::to_string(tile.m) + "x" + std::to_string(tile.n);
    for (const char* form : {">", ",flat>"}) {
      launches[name + form] = {.threads = tile.threads(),
                               .dynamic_shared = gather_shared_bytes(tile)};
    }
  }
}

template <int kElementBytes, int kFilters>
KernelLaunch gradient_launch() {
  using Tile = GradientTile<kElementBytes, kFilters>;
  return {.threads = Tile::kThreads, .dynamic_shared = static_cast<int>(Tile::kBytes)};
}

void add_weight_gradient_sm80(const Element& element, Launches& launches) {
  const std::string name = "weight_gradient_sm80<" + element.name + ",";
  const bool is_half = element.bytes == 2;
  launches[name + "96>"] = is_half ? gradient_launch<2, 96>() : gradient_launch<4, 96>();
  launches[name + "96,unaligned>"] = launches[name + "96>"];
  launches[name + "128>"] = is_half ? gradient_launch<2, 128>() : gradient_launch<4, 128>();
}

template <int kColumns>
void add_gather_simt(const Element& element, Launches& launches) {
  using Tile = SimtTile<kColumns>;
  const std::string name = "gather_simt<" + element.name + "," + std::to_string(kColumns);
  for (const char* form : {">", ",pixels>"}) {
    launches[name + form] = {.threads = Tile::kThreads,
                             .dynamic_shared = static_cast<int>(Tile::kBytes)};
  }
}

// For the classes of ImageNet.
void add_classifier_head(const Element& element, Launches& launches) {
  launches["classifier_head<" + element.name + ">"] = {
      .threads = 32 * kClassifierHeadWarps,
      .dynamic_shared = static_cast<int>(classifier_head_shared_bytes(1000))};
}

Launches all_launches() {
  Launches launches;
  for (const Element& element : {Element{"fp16", 2}, Element{"bf16", 2}, Element{"tf32", 4}}) {
    add_gather_sm80(element, launches);
    add_weight_gradient_sm80(element, launches);
  }
  for (const Element& element : {Element{"fp16", 2}, Element{"bf16", 2}, Element{"fp32", 4}}) {
    add_gather_simt<2>(element, launches);
    add_gather_simt<6>(element, launches);
    add_classifier_head(element, launches);
  }
  return launches;
}

}  // namespace

std::optional<KernelLaunch> launch_with_dynamic_shared(std::string_view kernel) {
  static const Launches launches = all_launches();
  const auto found = launches.find(kernel);
  return found == launches.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace allconv::kernels
