#include "engine/graph/initialise.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/support/error.hpp"
#include "engine/support/random_stream.hpp"

namespace allconv {

namespace {

// Two independent normal numbers of mean 0 and deviation 1 (Box and Muller 1958).
class NormalStream {
 public:
  explicit NormalStream(RandomStream stream) : stream_(stream) {}

  double next() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    constexpr double kUnit = 1.0 / 4294967296.0;  // 2^-32
    const double radius = std::sqrt(-2 * std::log((stream_.word() + 0.5) * kUnit));
    const double angle = 2 * std::numbers::pi * (stream_.word() * kUnit);
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  RandomStream stream_;
  double spare_ = 0;
  bool has_spare_ = false;
};

void fill(LayerParameters& layer, WeightRule rule, std::uint64_t seed, std::uint64_t index) {
  const auto [k, c, r, s] = layer.extent;
  const double window = static_cast<double>(r) * s;
  const double inputs = c * window, outputs = k * window;
  const double variance = rule == WeightRule::he ? 2 / inputs : 2 / (inputs + outputs);
  const std::vector<double> weights =
      draw_normal(layer.weights.size(), std::sqrt(variance), seed, index);
  std::copy(weights.begin(), weights.end(), layer.weights.begin());
}

}  // namespace

std::vector<double> draw_normal(std::size_t count, double deviation, std::uint64_t seed,
                                std::uint64_t index) {
  NormalStream normal(RandomStream(seed, RandomPurpose::initialise, {.epoch = 0, .item = index}));
  std::vector<double> values(count);
  for (double& value : values) value = deviation * normal.next();
  return values;
}

Parameters initial_parameters(const NetworkDescription& network, WeightRule rule,
                              std::uint64_t seed, float bias) {
  Parameters parameters = zero_parameters(network);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    fill(parameters[i], rule, seed, i);
    std::fill(parameters[i].bias.begin(), parameters[i].bias.end(), bias);
  }
  return parameters;
}

FineTuned fine_tune(Parameters parameters, const NetworkDescription& network, std::uint64_t seed) {
  Parameters wanted = zero_parameters(network);
  if (wanted.size() != parameters.size()) {
    throw Error(ErrorKind::usage,
                "has " + std::to_string(parameters.size()) + " convolutions, but the network has " +
                    std::to_string(wanted.size()),
                "--init", "give a model of the same network");
  }
  FineTuned result{.parameters = std::move(parameters)};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    LayerParameters& have = result.parameters[i];
    if (have.extent == wanted[i].extent) continue;
    const bool is_last = i + 1 == wanted.size();
    const bool same_window = have.extent[1] == wanted[i].extent[1] &&
                             have.extent[2] == wanted[i].extent[2] &&
                             have.extent[3] == wanted[i].extent[3];
    if (!is_last || !same_window) {
      throw Error(ErrorKind::usage,
                  "layer " + wanted[i].name + " has another size than the model's", "--init",
                  "give a model of the same network, or leave --network out");
    }
    have = wanted[i];
    fill(have, WeightRule::he, seed, i);
    result.last_layer_is_new = true;
  }
  return result;
}

}  // namespace allconv
