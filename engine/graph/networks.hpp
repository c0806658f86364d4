// The fourteen networks of the paper (arXiv 1412.6806, tables 1, 2, 4 and 6), by name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/network.hpp"

namespace allconv {

// What the paper leaves open; defaults as in the contract. Not every option applies to every
// network.
struct NetworkOptions {
  bool head_same = false;  // head=valid|same: padding of the head's 3x3 convolution
  bool last_relu = true;   // last-relu=on|off: ReLU after the last convolution
  int ladder = 27;         // ladder=27|23: paddings of all-cnn-b-imagenet
};

struct NamedNetwork {
  std::string_view name;
  int default_classes;
  std::optional<double> paper_error;  // percent, without augmentation unless noted
  std::string_view paper_note;        // "CIFAR-10, no augmentation"
};

// All fourteen in the order of the contract.
std::span<const NamedNetwork> named_networks();

// "head=same,last-relu=off" -> options. Throws Error{usage} naming the key or value and the
// choices.
NetworkOptions parse_network_options(std::string_view text);

// Throws Error{usage} for an unknown name (lists the names), or classes below 2 or above
// kMaxExtent.
NetworkDescription make_network(std::string_view name, const NetworkOptions& options, int classes);

// Replaces dropout rates in order; another count of rates than of dropout layers is Error{usage}.
void replace_dropout_rates(NetworkDescription& network, const std::vector<double>& rates);

// The last convolution gets as many filters as there are classes.
void set_class_count(NetworkDescription& network, int classes);

}  // namespace allconv
