// allconv explain
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/explain/explanation_files.hpp"
#include "engine/explain/unit.hpp"
#include "engine/formats/tensor_stream.hpp"
#include "engine/support/error.hpp"
#include "engine/support/output_folder.hpp"
#include "engine/support/text.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/explain_options.hpp"
#include "tools/cli/inputs.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kExplainExamples =
    "Examples:\n"
    "  What made the network say so, by all three methods:\n"
    "    allconv explain model.safetensors photo.jpg -o explained/\n"
    "  What speaks for another class, by guided backpropagation alone:\n"
    "    allconv explain model.safetensors photo.jpg -o explained/ --class dog --method guided\n"
    "  A filter of conv6, where it is largest in each image of a folder, with the numbers:\n"
    "    allconv explain model.safetensors pictures/ -o explained/ --layer conv6 --unit 17 \\\n"
    "      --save-tensors maps.safetensors\n"
    "  Do the maps depend on what was learned?\n"
    "    allconv explain model.safetensors pictures/ -o sanity/ --sanity";

// The tensors of --save-tensors, image by image.
class TensorFile {
 public:
  TensorFile(const std::string& path, const std::vector<std::string>& methods, const Shape& shape)
      : shape_(shape),
        stream_(path, tensor_names(methods), {shape.channels, shape.height, shape.width}),
        items_(methods.size() + 1) {}

  void add(const Explanation& explanation, std::string path) {
    transpose(explanation.input, items_[0]);
    for (std::size_t i = 0; i < explanation.attributions.size(); ++i)
      transpose(explanation.attributions[i].map, items_[i + 1]);
    const std::vector<std::span<const float>> values(items_.begin(), items_.end());
    stream_.append(values);
    paths_.push_back(std::move(path));
  }

  void finish() {
    nlohmann::json paths = nlohmann::json::array();
    for (const std::string& path : paths_) paths.push_back(to_utf8(path));
    stream_.finish({{"allconv.images", paths.dump()}});
  }

 private:
  static std::vector<std::string> tensor_names(const std::vector<std::string>& methods) {
    std::vector<std::string> names = {"input"};
    for (const std::string& method : methods)
      names.push_back(methods.size() == 1 ? "attribution" : "attribution." + method);
    return names;
  }

  // (h,w,c) to (c,h,w)
  void transpose(std::span<const float> from, std::vector<float>& to) const {
    const auto channels = static_cast<std::size_t>(shape_.channels);
    const std::size_t pixels = from.size() / channels;
    to.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i)
      to[i % channels * pixels + i / channels] = from[i];
  }

  Shape shape_;
  TensorStream stream_;
  std::vector<std::vector<float>> items_;  // of one image, a tensor each
  std::vector<std::string> paths_;
};

// Maps of zeros are no error: a note says why, for the first few.
class ZeroMapNotes {
 public:
  explicit ZeroMapNotes(bool has_relu) : has_relu_(has_relu) {}

  void look_at(const Explanation& explanation, const std::string& path) {
    std::string methods;
    for (const Attribution& attribution : explanation.attributions) {
      const auto is_zero = [](float value) { return value == 0; };
      if (!std::all_of(attribution.map.begin(), attribution.map.end(), is_zero)) continue;
      methods.append(methods.empty() ? "" : ", ").append(attribution.name);
    }
    if (methods.empty()) return;
    constexpr std::size_t kMostNotes = 5;
    if (++images_ > kMostNotes) return;
    const char* const why = has_relu_ && explanation.unit.value <= 0
                                ? "the unit is not active, so that its ReLU lets no signal through"
                                : "every way from the unit to the image is closed by a ReLU";
    print_note(
        fmt::format("{}: the map of {} is zero everywhere: {}", to_utf8(path), methods, why));
  }

  void finish() const {
    if (images_ > 1) print_note(fmt::format("{} images have maps that are zero", images_));
  }

 private:
  bool has_relu_;  // of its own, behind the unit
  std::size_t images_ = 0;
};

// Whether the unit's own convolution, of a class the last one, has a ReLU.
bool unit_has_relu(const Model& model, const ExplainTarget& target) {
  const std::size_t convolution = target.layer.value_or(last_convolution(model.network));
  return activation_layer(model.network, convolution) != convolution;
}

ExplanationSubject subject_of(const ExplainArguments& arguments, const Model& model,
                              const ComputeDevice& device, const Explainer& explainer) {
  return {.model = arguments.model,
          .network = model.network.name,
          .device = device.name(),
          .precision = arguments.common.precision,
          .layer = arguments.layer,
          .classes = model.classes,
          .methods = explainer.names(),
          .target = image_target(model.prepare)};
}

// All explanations into the folder, and into the tensors where they are wanted. Returns how many
// images failed.
std::size_t write_explanations(const ExplainArguments& arguments, const DataSet& data,
                               Explainer& explainer, ExplanationFiles& files, TensorFile* tensors,
                               ZeroMapNotes zero_maps) {
  ProgressBar bar("explain");
  std::size_t done = 0, failed = 0;
  const auto take = [&](std::span<const Explanation> explanations) {
    for (const Explanation& explanation : explanations) {
      const std::string path = data.path(explanation.index);
      files.add(explanation);
      bar.update(++done, data.size());
      if (explanation.failure) {
        ++failed;
        print_note(fmt::format("warning: {}: {}: {}", to_utf8(path),
                               to_string(explanation.failure->stage),
                               explanation.failure->message));
        continue;
      }
      zero_maps.look_at(explanation, path);
      if (tensors != nullptr) tensors->add(explanation, path);
    }
  };
  explainer.run(data, IndexRange::all(data.size()), {.explained = take, .cancelled = interrupted});
  files.finish();
  if (tensors != nullptr) tensors->finish();
  zero_maps.finish();
  for (const std::string& note : explainer.notes()) print_note(note);
  print_note(fmt::format("wrote {}/{}", arguments.output,
                         arguments.no_pictures ? "explanations.json" : "index.html"));
  return failed;
}

int explain_on(ComputeDevice& device, const ExplainArguments& arguments) {
  const Model model = read_model(arguments.model);
  ExplainerOptions options = explainer_options(arguments, model, device);
  const DataSet data = open_inputs(arguments.images, parse_split(arguments.split));
  prepare_output_folder(arguments.output);
  if (arguments.sanity) return run_sanity(arguments, model, data, options, device);
  options.batches.images = data.size();
  Explainer explainer(model, options, device.pool());
  // A set of its own: archives are read from front to back.
  const DataSet originals = open_inputs(arguments.images, parse_split(arguments.split));
  ExplanationFiles files(
      arguments.output, subject_of(arguments, model, device, explainer), originals, device.pool(),
      {.pictures = !arguments.no_pictures, .pixel_limit = arguments.scoring.decode.pixel_limit()});
  std::optional<TensorFile> tensors;
  if (!arguments.save_tensors.empty())
    tensors.emplace(arguments.save_tensors, explainer.names(), model.network.input);
  const std::size_t failed =
      write_explanations(arguments, data, explainer, files, tensors ? &*tensors : nullptr,
                         ZeroMapNotes(unit_has_relu(model, options.target)));
  return failed == 0 ? kDone : kSomeInputsFailed;
}

// The tensors must not replace what they are made from.
void check_tensor_file(const ExplainArguments& arguments) {
  check_output(arguments.save_tensors);
  std::vector<std::string> inputs = arguments.images;
  inputs.push_back(arguments.model);
  for (const std::string& input : inputs) {
    std::error_code missing;  // is told when it is opened
    if (!std::filesystem::equivalent(input, arguments.save_tensors, missing)) continue;
    throw Error(ErrorKind::usage, "is read and cannot be written as well", arguments.save_tensors,
                "give --save-tensors another file");
  }
}

int run_explain(const ExplainArguments& arguments) {
  if (!arguments.save_tensors.empty()) check_tensor_file(arguments);
  ComputeDevice device(arguments.common);
  return device.traced([&] { return explain_on(device, arguments); });
}

}  // namespace

void add_explain_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<ExplainArguments>();
  CLI::App& command = *app.add_subcommand("explain", "Show what the network looked at in images");
  add_explain_options(command, *arguments);
  command.footer(kExplainExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_explain(*arguments); }; });
}

}  // namespace allconv::cli
