#include "engine/api/session_options.hpp"

#include <algorithm>

#include "engine/api/call.hpp"
#include "engine/graph/unit.hpp"

namespace allconv::api {

namespace {

constexpr std::uint32_t kAllPurposes = ALLCONV_FOR_SCORES | ALLCONV_FOR_TRAINING |
                                       ALLCONV_FOR_GRADIENT | ALLCONV_FOR_DECONVNET |
                                       ALLCONV_FOR_GUIDED;
constexpr int kDefaultBatch = 64, kMostBatch = 1 << 16;

std::string text_or(const char* given, const char* otherwise) {
  return given == nullptr ? otherwise : given;
}

kernels::Precision precision_of(const allconv_session_options& options) {
  const std::string name = text_or(options.precision, "fp32");
  const auto precision = kernels::parse_precision(name);
  if (!precision) {
    throw Error(ErrorKind::usage, name + " is no precision", "precision",
                "give fp32, tf32, fp16 or bf16");
  }
  return *precision;
}

void take_purposes(std::uint32_t bits, SessionSettings& settings) {
  if ((bits & ~kAllPurposes) != 0) {
    throw Error(ErrorKind::usage, "has bits without a meaning", "purposes",
                "give a sum of ALLCONV_FOR_... values");
  }
  settings.scores = bits == 0 || (bits & ALLCONV_FOR_SCORES) != 0;
  settings.training = (bits & ALLCONV_FOR_TRAINING) != 0;
  for (std::size_t method = 0; method < kMethods.size(); ++method) {
    settings.methods[method] = (bits & (std::uint32_t{ALLCONV_FOR_GRADIENT} << method)) != 0;
  }
}

}  // namespace

SessionSettings read_settings(const allconv_session_options* options, const Model& model) {
  const allconv_session_options given = take_options(options);
  SessionSettings settings;
  take_purposes(given.purposes, settings);
  if (given.element != ALLCONV_U8 && given.element != ALLCONV_F32)
    throw Error(ErrorKind::usage, "is none", "element", "give ALLCONV_U8 or ALLCONV_F32");
  settings.prepared = given.element == ALLCONV_F32;
  settings.batch_size = number_or(given.batch_size, kDefaultBatch, kMostBatch, "batch_size");
  settings.threads = threads_of(given.threads);
  settings.device = text_or(given.device, "auto");
  settings.precision = precision_of(given);
  settings.deterministic = given.deterministic != 0;
  if (given.layer != nullptr) {
    settings.layer = activation_layer(model.network, find_convolution(model.network, given.layer));
  }
  if ((settings.methods[1] || settings.methods[2]) && !has_relu(model.network)) {
    throw Error(ErrorKind::usage, "the network has no ReLU, in which alone the methods differ",
                "purposes", "give ALLCONV_FOR_GRADIENT");
  }
  if (given.workspace_limit != 0) settings.workspace_limit = given.workspace_limit;
  settings.tuning_file = text_or(given.tuning_file, "");
  settings.stream = given.stream;
  settings.seed = given.seed;
  settings.allocator = given.allocator;
  if ((given.allocator.allocate == nullptr) != (given.allocator.release == nullptr))
    throw Error(ErrorKind::usage, "has one function of two", "allocator", "give both or none");
  settings.diagnostics = diagnostics_of(given.diagnostics, given.diagnostics_user);
  return settings;
}

TunedDevice device_of(const SessionSettings& settings) {
  TunedDevice device(choose_gpu(settings.device, "device"),
                     {.precision = settings.precision,
                      .deterministic = settings.deterministic,
                      .workspace_limit = settings.workspace_limit,
                      .threads = settings.threads},
                     "precision");
  device.tune({.path = settings.tuning_file, .diagnostics = settings.diagnostics});
  return device;
}

}  // namespace allconv::api
