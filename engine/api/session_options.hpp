// What a program asks of a session, checked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "allconv/allconv.h"
#include "engine/formats/model_file.hpp"
#include "engine/graph/graph.hpp"
#include "engine/plan/tuned_device.hpp"
#include "engine/runtime/device_copy.hpp"
#include "engine/support/diagnostics.hpp"
#include "kernels/core/precision.hpp"

namespace allconv::api {

inline constexpr std::array<ReluRule, 3> kMethods = {ReluRule::gradient, ReluRule::deconvnet,
                                                     ReluRule::guided};  // by allconv_method

struct SessionSettings {
  bool scores = true;
  bool training = false;
  std::array<bool, kMethods.size()> methods = {};  // of explanations, by allconv_method
  bool prepared = false;                           // images come as the network's input
  int batch_size = 1;
  int threads = 1;
  std::string device;
  kernels::Precision precision = kernels::Precision::fp32;
  bool deterministic = false;
  std::optional<std::size_t> layer = {};  // of the network, at whose output explanations start
  std::size_t workspace_limit = SIZE_MAX;
  std::string tuning_file;           // empty: none
  StreamHandle stream = nullptr;     // the program's, of memory on the GPU
  allconv_allocator allocator = {};  // functions null: none
  std::uint64_t seed = 0;
  Diagnostics diagnostics;

  bool explains() const { return methods[0] || methods[1] || methods[2]; }
};

// `options` may be null. Throws Error{usage}.
SessionSettings read_settings(const allconv_session_options* options, const Model& model);

// Throws Error{device} where the device asked for cannot be had or has not the precision,
// Error{usage} and Error{io} for a tuning file that is none.
TunedDevice device_of(const SessionSettings& settings);

}  // namespace allconv::api
