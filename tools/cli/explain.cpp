// allconv explain
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/explain/explanation_files.hpp"
#include "engine/graph/unit.hpp"
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
  // Throws Error{usage} where the paths of `data` are too many for the file's header.
  TensorFile(const std::string& path, const std::vector<std::string>& methods, const Shape& shape,
             const DataSet& data)
      : shape_(shape),
        stream_(path, tensor_names(methods), {shape.channels, shape.height, shape.width}),
        items_(methods.size() + 1) {
    for (std::size_t i = 0; i < data.size(); ++i) paths_.push_back(data.path(i));
    stream_.check_header(metadata(), static_cast<std::int64_t>(paths_.size()));
    paths_.clear();
  }

  void add(const Explanation& explanation, std::string path) {
    transpose(explanation.input, items_[0]);
    for (std::size_t i = 0; i < explanation.attributions.size(); ++i)
      transpose(explanation.attributions[i].map, items_[i + 1]);
    const std::vector<std::span<const float>> values(items_.begin(), items_.end());
    stream_.append(values);
    paths_.push_back(std::move(path));
  }

  void finish() { stream_.finish(metadata()); }

 private:
  std::vector<std::pair<std::string, std::string>> metadata() const {
    nlohmann::json paths = nlohmann::json::array();
    for (const std::string& path : paths_) paths.push_back(to_utf8(path));
    return {{"allconv.images", paths.dump()}};
  }

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
  // `stops_inactive`: whether an inactive unit's own ReLU lets nothing through.
  explicit ZeroMapNotes(bool stops_inactive) : stops_inactive_(stops_inactive) {}

  void look_at(const Explanation& explanation, const std::string& path) {
    std::string inactive, closed;  // methods
    for (const Attribution& attribution : explanation.attributions) {
      const auto is_zero = [](float value) { return value == 0; };
      if (!std::all_of(attribution.map.begin(), attribution.map.end(), is_zero)) continue;
      const bool stopped = stops_inactive_ && explanation.unit.value <= 0 &&
                           (attribution.name == rule_name(ReluRule::gradient) ||
                            attribution.name == rule_name(ReluRule::guided));
      std::string& methods = stopped ? inactive : closed;
      methods.append(methods.empty() ? "" : ", ").append(attribution.name);
    }
    if (inactive.empty() && closed.empty()) return;
    ++images_;
    print(path, inactive, "the unit is not active, so that its ReLU lets no signal through");
    print(path, closed, "none of the signal reaches the image");
  }

  void finish() const {
    if (images_ > 1) print_note(fmt::format("{} images have maps that are zero", images_));
  }

 private:
  void print(const std::string& path, const std::string& methods, std::string_view why) const {
    constexpr std::size_t kMostImages = 5;
    if (methods.empty() || images_ > kMostImages) return;
    print_note(
        fmt::format("{}: the map of {} is zero everywhere: {}", to_utf8(path), methods, why));
  }

  bool stops_inactive_;
  std::size_t images_ = 0;
};

// Of the unit's own convolution, of a class the last one: whether its ReLU has no leak.
bool stops_inactive(const Model& model, const ExplainTarget& target) {
  const std::size_t convolution = target.layer.value_or(last_convolution(model.network));
  const std::size_t activation = activation_layer(model.network, convolution);
  return activation != convolution && relu_slope(model.network.layers[activation]) == 0;
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
      const std::string& path = explanation.path;
      files.add(explanation);
      bar.update(++done, data.size());
      if (explanation.failure) {
        ++failed;
        print_failed_image(path, *explanation.failure);
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
  if (const std::size_t count = files.counts().without_pictures;
      count > 0 && !arguments.no_pictures)
    print_note(fmt::format("{} of the images lack pictures; explanations.json says why", count));
  for (const std::string& note : explainer.notes()) print_note(note);
  print_note(fmt::format("wrote {}/{}", arguments.output,
                         arguments.no_pictures ? "explanations.json" : "index.html"));
  return failed;
}

// The tensors must replace nothing that is read or written beside them.
void check_tensor_file(const ExplainArguments& arguments, const DataSet& data) {
  std::error_code code;
  if (!std::filesystem::exists(arguments.save_tensors, code)) return;
  const auto check = [&](const std::string& path) {
    std::error_code missing;  // is told when it is opened
    if (!std::filesystem::equivalent(path, arguments.save_tensors, missing)) return;
    throw Error(ErrorKind::usage, "is read or written by the same run", arguments.save_tensors,
                "give --save-tensors another file");
  };
  check(arguments.model);
  for (const std::string& path : arguments.images) check(path);
  for (const char* name : {"/index.html", "/explanations.json"}) check(arguments.output + name);
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::string path = data.path(i);
    check(path);
    check(path.substr(0, path.rfind('#')));  // the file of a record
  }
}

int explain_on(ComputeDevice& device, const ExplainArguments& arguments) {
  const Model model = read_model(arguments.model);
  ExplainerOptions options = explainer_options(arguments, model, device);
  const DataSet data =
      open_inputs(arguments.images, parse_split(arguments.split), console_diagnostics());
  if (!arguments.save_tensors.empty()) check_tensor_file(arguments, data);
  prepare_output_folder(arguments.output);
  if (arguments.sanity) return run_sanity(arguments, model, data, options, device);
  options.batches.images = data.size();
  Explainer explainer(model, options, device.pool());
  // A set of its own, of which everything has been said: archives are read from front to back.
  std::optional<DataSet> originals;
  if (!arguments.no_pictures)
    originals = open_inputs(arguments.images, parse_split(arguments.split), {});
  ExplanationFiles files(
      arguments.output, subject_of(arguments, model, device, explainer),
      originals ? &*originals : nullptr, device.pool(),
      {.pictures = !arguments.no_pictures, .pixel_limit = arguments.scoring.decode.pixel_limit()});
  std::optional<TensorFile> tensors;
  if (!arguments.save_tensors.empty())
    tensors.emplace(arguments.save_tensors, explainer.names(), model.network.input, data);
  const std::size_t failed =
      write_explanations(arguments, data, explainer, files, tensors ? &*tensors : nullptr,
                         ZeroMapNotes(stops_inactive(model, options.target)));
  return failed == 0 ? kDone : kSomeInputsFailed;
}

int run_explain(const ExplainArguments& arguments) {
  if (!arguments.save_tensors.empty()) check_output(arguments.save_tensors);
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
