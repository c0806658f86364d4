#include "engine/graph/networks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::string_view kImageNet = "all-cnn-b-imagenet";
constexpr std::string_view kLarge = "large-all-cnn";
constexpr std::string_view kCifarNote = "CIFAR-10, no augmentation";
constexpr int kCifarClasses = 10;

[[noreturn]] void refuse_option(std::string_view where, std::string_view what,
                                std::string_view mend) {
  throw Error(ErrorKind::usage, what, where, mend);
}

constexpr Padding all_sides(int size) { return {size, size, size, size}; }
constexpr Padding same(int kernel) { return all_sides((kernel - 1) / 2); }

// Appends layers one after the other; convolutions are called conv1, conv2, ...
class NetworkBuilder {
 public:
  NetworkBuilder(std::string_view name, Shape input) {
    network_.name = name;
    network_.input = input;
  }

  struct Square {
    int filters;
    int kernel;
    int stride;
    Padding padding;
  };

  void conv2d(const Square& layer) {
    ++convolutions_;
    add(Conv2dLayer{.name = fmt::format("conv{}", convolutions_),
                    .filters = layer.filters,
                    .kernel = {layer.kernel, layer.kernel},
                    .stride = {layer.stride, layer.stride},
                    .padding = layer.padding});
  }
  template <class AnyLayer>
  void add(const AnyLayer& layer) {
    network_.layers.emplace_back(std::in_place_type<AnyLayer>, layer);
  }
  void conv2d_relu(const Square& layer) {
    conv2d(layer);
    add(ReluLayer{});
  }
  NetworkDescription take() { return std::move(network_); }

 private:
  NetworkDescription network_;
  int convolutions_ = 0;
};

// How a network of tables 1 and 2 ends its two stages.
enum class Reduction { pool, strided, conv_pool, strided_conv };

void add_stage(NetworkBuilder& builder, char family, Reduction reduction, int filters) {
  std::vector<int> kernels = {5};
  if (family == 'b') kernels = {5, 1};
  if (family == 'c') kernels = {3, 3};
  if (reduction == Reduction::conv_pool || reduction == Reduction::strided_conv)
    kernels.push_back(3);
  const bool pooled = reduction == Reduction::pool || reduction == Reduction::conv_pool;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const int stride = !pooled && i + 1 == kernels.size() ? 2 : 1;
    builder.conv2d_relu({filters, kernels[i], stride, same(kernels[i])});
  }
  // Caffe's ceil mode: 32 -> 16 -> 8 by a row and a column of padding at the end.
  if (pooled)
    builder.add(MaxPoolLayer{.kernel = {3, 3}, .stride = {2, 2}, .padding = {0, 0, 1, 1}});
  builder.add(DropoutLayer{0.5});
}

NetworkDescription cifar_network(std::string_view name, const NetworkOptions& options,
                                 int classes) {
  Reduction reduction = Reduction::pool;
  if (name.starts_with("strided")) reduction = Reduction::strided;
  if (name.starts_with("convpool")) reduction = Reduction::conv_pool;
  if (name.starts_with("all")) reduction = Reduction::strided_conv;

  NetworkBuilder builder(name, {3, 32, 32});
  builder.add(DropoutLayer{0.2});
  add_stage(builder, name.back(), reduction, 96);
  add_stage(builder, name.back(), reduction, 192);
  builder.conv2d_relu({192, 3, 1, options.head_same ? same(3) : Padding{}});
  builder.conv2d_relu({192, 1, 1, {}});
  builder.conv2d({classes, 1, 1, {}});
  if (options.last_relu) builder.add(ReluLayer{});
  builder.add(GlobalAveragePoolLayer{});
  builder.add(SoftmaxLayer{});
  return builder.take();
}

// Maps 55-27-27-13-6 or, by the other paddings, 54-27-23-12-6.
NetworkDescription imagenet_network(const NetworkOptions& options, int classes) {
  const bool wide = options.ladder == 27;
  const Padding strided = wide ? Padding{} : all_sides(1);
  NetworkBuilder builder(kImageNet, {3, 224, 224});
  builder.conv2d_relu({96, 11, 4, all_sides(wide ? 2 : 1)});
  builder.conv2d_relu({96, 1, 1, {}});
  builder.conv2d_relu({96, 3, 2, strided});
  builder.conv2d_relu({256, 5, 1, wide ? same(5) : Padding{}});
  builder.conv2d_relu({256, 1, 1, {}});
  builder.conv2d_relu({256, 3, 2, strided});
  builder.conv2d_relu({384, 3, 1, same(3)});
  builder.conv2d_relu({384, 1, 1, {}});
  builder.conv2d_relu({384, 3, 2, strided});
  builder.add(DropoutLayer{0.5});
  builder.conv2d_relu({1024, 3, 1, same(3)});
  builder.conv2d_relu({1024, 1, 1, {}});
  builder.conv2d({classes, 1, 1, {}});
  if (options.last_relu) builder.add(ReluLayer{});
  builder.add(GlobalAveragePoolLayer{});
  builder.add(SoftmaxLayer{});
  return builder.take();
}

// All 2x2 without padding, so that the last map is 1x1 and needs no averaging.
NetworkDescription large_network(const NetworkOptions& options, int classes) {
  constexpr double kSlope = 0.333;
  constexpr std::array<double, 5> kStageDropout = {0, 0.1, 0.2, 0.3, 0.4};
  NetworkBuilder builder(kLarge, {3, 126, 126});
  const auto conv2d_leaky = [&](int filters, int kernel, int stride) {
    builder.conv2d({filters, kernel, stride, {}});
    builder.add(LeakyReluLayer{kSlope});
  };
  for (std::size_t stage = 0; stage < kStageDropout.size(); ++stage) {
    const int filters = 320 * (static_cast<int>(stage) + 1);
    conv2d_leaky(filters, 2, 1);
    conv2d_leaky(filters, 2, 1);
    conv2d_leaky(filters, 2, 2);
    builder.add(DropoutLayer{kStageDropout[stage]});
  }
  for (const int kernel : {2, 1}) {
    conv2d_leaky(1920, kernel, 1);
    builder.add(DropoutLayer{0.5});
  }
  builder.conv2d({classes, 1, 1, {}});
  if (options.last_relu) builder.add(LeakyReluLayer{kSlope});
  builder.add(SoftmaxLayer{});
  return builder.take();
}

// An option that a network does not have is refused rather than ignored.
void check_options(std::string_view name, const NetworkOptions& options) {
  if (options.ladder != 27 && options.ladder != 23)
    refuse_option("ladder", fmt::format("{} is not a choice", options.ladder), "choose 27 or 23");
  if (options.ladder != 27 && name != kImageNet)
    refuse_option(name, "the network has no option ladder",
                  fmt::format("use it with {}", kImageNet));
  if (options.head_same && (name == kImageNet || name == kLarge))
    refuse_option(name, "the network has no option head",
                  "use it with a network for 32 x 32 images");
}

template <class Value>
Value choice(std::string_view key, std::string_view text, std::string_view first,
             std::string_view second, std::array<Value, 2> values) {
  if (text == first) return values[0];
  if (text == second) return values[1];
  refuse_option(fmt::format("network option {}", key), fmt::format("\"{}\" is not a choice", text),
                fmt::format("choose {} or {}", first, second));
}

void apply_option(NetworkOptions& options, std::string_view option) {
  const std::size_t equals = option.find('=');
  const std::string_view key = option.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view{} : option.substr(equals + 1);
  if (key == "head") {
    options.head_same = choice<bool>(key, value, "valid", "same", {false, true});
  } else if (key == "last-relu") {
    options.last_relu = choice<bool>(key, value, "on", "off", {true, false});
  } else if (key == "ladder") {
    options.ladder = choice<int>(key, value, "27", "23", {27, 23});
  } else {
    refuse_option("network options", fmt::format("there is no option \"{}\"", key),
                  "use head=valid|same, last-relu=on|off or ladder=27|23");
  }
}

}  // namespace

std::span<const NamedNetwork> named_networks() {
  static constexpr NamedNetwork kNetworks[] = {
      {"model-a", kCifarClasses, 12.47, kCifarNote},
      {"strided-cnn-a", kCifarClasses, 13.46, kCifarNote},
      {"convpool-cnn-a", kCifarClasses, 10.21, kCifarNote},
      {"all-cnn-a", kCifarClasses, 10.30, kCifarNote},
      {"model-b", kCifarClasses, 10.20, kCifarNote},
      {"strided-cnn-b", kCifarClasses, 10.98, kCifarNote},
      {"convpool-cnn-b", kCifarClasses, 9.33, kCifarNote},
      {"all-cnn-b", kCifarClasses, 9.10, kCifarNote},
      {"model-c", kCifarClasses, 9.74, kCifarNote},
      {"strided-cnn-c", kCifarClasses, 10.19, kCifarNote},
      {"convpool-cnn-c", kCifarClasses, 9.31, kCifarNote},
      {"all-cnn-c", kCifarClasses, 9.08, kCifarNote},
      {kImageNet, 1000, 41.2, "ImageNet, top-1"},
      {kLarge, kCifarClasses, 4.41, "CIFAR-10, very heavy augmentation"},
  };
  return kNetworks;
}

NetworkOptions parse_network_options(std::string_view text) {
  NetworkOptions options;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    apply_option(options, text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) refuse_option("network options", "the list ends with a comma", "remove it");
  }
  return options;
}

NetworkDescription make_network(std::string_view name, const NetworkOptions& options, int classes) {
  const auto networks = named_networks();
  const bool known = std::any_of(networks.begin(), networks.end(),
                                 [&](const NamedNetwork& network) { return network.name == name; });
  if (!known) {
    std::string names;
    for (const NamedNetwork& network : networks) names.append(" ").append(network.name);
    refuse_option(name, "there is no network of this name", "choose one of" + names);
  }
  if (classes < 2 || classes > kMaxExtent) {
    refuse_option(name, fmt::format("{} classes cannot be told apart", classes),
                  fmt::format("use from 2 to {} classes", kMaxExtent));
  }
  check_options(name, options);
  if (name == kImageNet) return imagenet_network(options, classes);
  if (name == kLarge) return large_network(options, classes);
  return cifar_network(name, options, classes);
}

void replace_dropout_rates(NetworkDescription& network, const std::vector<double>& rates) {
  std::vector<DropoutLayer*> layers;
  for (Layer& layer : network.layers) {
    if (auto* dropout = std::get_if<DropoutLayer>(&layer)) layers.push_back(dropout);
  }
  if (layers.size() != rates.size()) {
    refuse_option(
        network.name,
        fmt::format("{} dropout rates for {} dropout layers", rates.size(), layers.size()),
        fmt::format("give {}", layers.size()));
  }
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (!(rates[i] >= 0 && rates[i] < 1)) {
      refuse_option(network.name, fmt::format("a dropout rate is {}", rates[i]),
                    "give numbers of at least 0 and below 1");
    }
    layers[i]->rate = rates[i];
  }
}

void set_class_count(NetworkDescription& network, int classes) {
  for (auto layer = network.layers.rbegin(); layer != network.layers.rend(); ++layer) {
    if (auto* convolution = std::get_if<Conv2dLayer>(&*layer)) {
      convolution->filters = classes;
      return;
    }
  }
}

}  // namespace allconv
