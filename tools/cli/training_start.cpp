#include "tools/cli/training_start.hpp"

#include <fmt/format.h>

#include "engine/data/data_set.hpp"
#include "engine/data/standardize.hpp"
#include "engine/data/whitening.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/graph/networks.hpp"
#include "engine/support/error.hpp"
#include "engine/train/lsuv.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

// The network that --network names, else the initial model's, else the default, with as many
// classes as the data have. A network from a file keeps its own number, which then has to be the
// same.
NetworkDescription network_for(const StartArguments& arguments, const std::optional<Model>& initial,
                               const DataSet& data) {
  const int classes = static_cast<int>(data.classes().size());
  const bool from_model = initial && !arguments.network.network;
  NetworkDescription network;
  if (from_model) {
    network = initial->network;
    set_class_count(network, arguments.network.classes.value_or(classes));
  } else if (arguments.described && !arguments.network.network) {
    network = *arguments.described;
    set_class_count(network, arguments.network.classes.value_or(classes));
  } else {
    network = choose_network(arguments.network, classes);
  }
  if (!arguments.dropout.empty()) replace_dropout_rates(network, arguments.dropout);
  const Shape output = infer_shapes(network).back();
  if (output.channels != classes) {
    throw Error(
        ErrorKind::usage,
        fmt::format("the network has {} classes, but the data have {}", output.channels, classes),
        arguments.data, "leave --classes out, or give data with as many class folders");
  }
  if (network.input.channels != 3) {
    throw Error(ErrorKind::usage,
                fmt::format("takes {} channels, but images have 3", network.input.channels),
                network.name, "use a network whose input has 3 channels");
  }
  return network;
}

// The initial model's classes where they are the data's, so that its last layer keeps its meaning.
void take_initial_weights(const Model& initial, const StartArguments& arguments,
                          TrainingStart& start) {
  FineTuned tuned = fine_tune(initial.parameters, start.model.network, arguments.seed);
  start.model.parameters = std::move(tuned.parameters);
  start.initial = initial.parameters;
  if (tuned.last_layer_is_new) {
    print_note(fmt::format("fine-tuning: the last layer begins anew, with {} classes",
                           start.model.classes.size()));
    return;
  }
  const auto indices = match_classes(start.images.classes, initial.classes, arguments.data);
  start.model.classes = initial.classes;
  start.images.classes = initial.classes;
  for (int& label : start.images.labels) label = indices[static_cast<std::size_t>(label)];
}

// The model of --init; nullopt where weights are drawn at random.
std::optional<Model> read_initial_model(const StartArguments& arguments) {
  if (!begins_with_model(arguments)) return std::nullopt;
  if (arguments.prepare || arguments.fit) {
    throw Error(ErrorKind::usage, "the preparation is that of the model of --init",
                arguments.prepare ? "--prepare" : "--fit", "leave one of the two out");
  }
  if (arguments.network.options && !arguments.network.network) {
    throw Error(ErrorKind::usage, "the network is that of the model of --init", "--network-options",
                "leave it out, or give --network too");
  }
  return read_model(arguments.init);
}

// The tensors of a model's preparation, for a network of the same input.
void copy_prepare_tensors(const Model& from, Model& model) {
  for (const std::string_view name : {kMeanTensor, kWhitenTensor}) {
    const OtherTensor* const tensor = from.find_tensor(name);
    if (tensor == nullptr) continue;
    if (tensor->shape.front() != model.network.input.size()) {
      throw Error(ErrorKind::usage,
                  fmt::format("the model's {} has {} values, but the input {}", name,
                              tensor->shape.front(), model.network.input.size()),
                  "--init", "give a network with the model's input, or another model");
    }
    model.other_tensors.push_back(*tensor);
  }
}

// Of the kind that is asked for, and fitted: on another machine its last bits would differ.
bool has_fitted(const Model* resumed, std::string_view kind) {
  return resumed != nullptr && resumed->find_tensor(kMeanTensor) != nullptr &&
         resumed->prepare.zca == (kind == "gcn-zca");
}

void fit_preparation(const StartArguments& arguments, const Model* resumed, TrainingStart& start,
                     ThreadPool& pool) {
  const std::string kind = arguments.prepare.value_or("standardize");
  if (kind == "none") return;
  if (kind == "standardize") {
    start.model.prepare = standardize(start.images, pool);
    return;
  }
  if (has_fitted(resumed, kind)) {
    start.model.prepare = resumed->prepare;
    copy_prepare_tensors(*resumed, start.model);
    return;
  }
  if (kind == "gcn-zca") print_note("fitting the whitening");
  FittedPreparation fitted =
      kind == "gcn-zca" ? fit_gcn_zca(start.images, pool) : fit_pixel_mean(start.images);
  start.model.prepare = fitted.prepare;
  start.model.other_tensors = std::move(fitted.tensors);
}

}  // namespace

bool begins_with_model(const StartArguments& arguments) {
  return arguments.init != "he" && arguments.init != "xavier" && arguments.init != "lsuv";
}

TrainingStart start_training(const StartArguments& arguments, const Model* resumed,
                             ComputeDevice& device) {
  const std::optional<Model> initial = read_initial_model(arguments);
  const Diagnostics diagnostics = console_diagnostics();
  const DataSet data =
      open_data(arguments.data, Split::train, OpenMode::train, diagnostics, interrupted);

  TrainingStart start;
  Model& model = start.model;
  model.network = network_for(arguments, initial, data);
  model.classes = data.classes();
  if (arguments.fit.value_or("stretch") == "cover") model.prepare.fit = Preparation::Fit::cover;
  if (initial) model.prepare = initial->prepare;
  // The images are read at the size of the network that is trained, whatever the model's was.
  model.prepare.height = model.network.input.height;
  model.prepare.width = model.network.input.width;
  if (initial) copy_prepare_tensors(*initial, model);
  print_note(fmt::format("reading {} images of {} classes", data.size(), data.classes().size()));
  start.images = load_training_set(data,
                                   {.load = {.target = image_target(model.prepare),
                                             .pixel_limit = arguments.decode.pixel_limit()},
                                    .margin = arguments.margin,
                                    .cancelled = interrupted},
                                   device.pool(), diagnostics);
  if (initial) {
    take_initial_weights(*initial, arguments, start);
    return start;
  }
  fit_preparation(arguments, resumed, start, device.pool());
  model.parameters = first_weights(start, arguments, arguments.seed, device);
  return start;
}

Parameters first_weights(const TrainingStart& start, const StartArguments& arguments,
                         std::uint64_t seed, ComputeDevice& device) {
  const NetworkDescription& network = start.model.network;
  if (start.initial) return fine_tune(*start.initial, network, seed).parameters;
  if (arguments.init == "lsuv") {
    return lsuv_parameters(start.model, start.images, seed, arguments.initial_bias,
                           device.plan_options(), device.pool());
  }
  const WeightRule rule = arguments.init == "he" ? WeightRule::he : WeightRule::xavier;
  return initial_parameters(network, rule, seed, arguments.initial_bias);
}

}  // namespace allconv::cli
