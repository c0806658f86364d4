// For check_resources.py: reads lines "kernel architecture threads registers static-shared" and
// answers each with "dynamic-shared blocks"; dynamic-shared is - for a kernel that has none.
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "tests/cuda/occupancy/occupancy.hpp"

namespace allconv::kernels {
namespace {

void answer(std::istream& in, std::ostream& out) {
  std::string kernel;
  int architecture = 0, static_shared = 0;
  BlockResources block;
  while (in >> kernel >> architecture >> block.threads >> block.registers >> static_shared) {
    const auto launch = launch_with_dynamic_shared(kernel);
    if (launch && launch->threads != block.threads) {
      throw std::invalid_argument(kernel + " is launched with " + std::to_string(launch->threads) +
                                  " threads and bounded to " + std::to_string(block.threads));
    }
    block.shared_memory = static_shared + (launch ? launch->dynamic_shared : 0);
    out << (launch ? std::to_string(launch->dynamic_shared) : "-") << ' '
        << resident_blocks(architecture, block) << '\n';
  }
}

}  // namespace
}  // namespace allconv::kernels

int main() {
  try {
    allconv::kernels::answer(std::cin, std::cout);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
