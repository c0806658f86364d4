#include "engine/train/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>

#include "engine/formats/metadata.hpp"
#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"
#include "engine/support/json.hpp"

namespace allconv {

namespace {

using nlohmann::json;

constexpr const char* kCheckpointKey = "allconv.checkpoint";
constexpr const char* kTuningKey = "allconv.tuning";
constexpr const char* kSealKey = "allconv.seal";
constexpr const char* kVelocitySuffix = ".velocity";
constexpr const char* kFloat = "F32";

using TensorShape = std::vector<std::int64_t>;

// Calls visit(name, shape, numbers) for every tensor, in the order of the file.
template <class AnyParameters, class Visit>
void for_each_tensor(AnyParameters& parameters, std::string_view suffix, const Visit& visit) {
  for (auto& layer : parameters) {
    visit(fmt::format("{}.weight{}", layer.name, suffix),
          TensorShape(layer.extent.begin(), layer.extent.end()), std::span(layer.weights));
    visit(fmt::format("{}.bias{}", layer.name, suffix), TensorShape{layer.extent[0]},
          std::span(layer.bias));
  }
}

template <class Element>
std::uint64_t hash_of(std::span<const Element> elements) {
  return hash_bytes({reinterpret_cast<const char*>(elements.data()), elements.size_bytes()});
}

json tensor_hashes(const Checkpoint& checkpoint) {
  json hashes = json::object();
  const auto add = [&hashes](const std::string& name, const TensorShape&,
                             std::span<const float> numbers) {
    hashes[name] = hash_text(hash_of(numbers));
  };
  for_each_tensor(checkpoint.model.parameters, "", add);
  for_each_tensor(checkpoint.velocities, kVelocitySuffix, add);
  for (const OtherTensor& tensor : checkpoint.model.other_tensors)
    hashes[tensor.name] = hash_text(hash_of(std::span<const std::byte>(tensor.data)));
  return hashes;
}

// Epochs count from 1 in everything that is read.
json position_to_json(const TrainingPosition& position) {
  return {{"epoch", position.epoch + 1},     {"step", position.step},
          {"images", position.images},       {"loss_sum", position.loss_sum},
          {"start_sum", position.start_sum}, {"wrong", position.wrong},
          {"seconds", position.seconds},     {"order", hash_text(position.order)}};
}

TrainingPosition parse_position(const JsonValue& value) {
  const auto count = [&value](std::string_view key) {
    return static_cast<std::size_t>(value.at(key).integer(0, INT64_MAX));
  };
  const std::string& order = value.at("order").string();
  return {.epoch = static_cast<int>(value.at("epoch").integer(1, INT32_MAX)) - 1,
          .step = count("step"),
          .images = count("images"),
          .loss_sum = value.at("loss_sum").number(),
          .start_sum = value.at("start_sum").number(),
          .wrong = count("wrong"),
          .seconds = value.at("seconds").number(),
          .order = std::strtoull(order.c_str(), nullptr, 16)};
}

std::vector<double> parse_norms(const JsonValue& description) {
  std::vector<double> norms;
  const auto list = description.find("gradient_norms");
  if (!list) return norms;
  for (const JsonValue& norm : list->elements()) norms.push_back(norm.number());
  return norms;
}

// Of all texts whose change would change the training.
std::string seal_of(const Model& model, const std::string& checkpoint, const std::string& tuning) {
  return hash_text(hash_bytes(
      fmt::format("{}\n{}\n{}\n{}\n{}", checkpoint, tuning, network_to_json(model.network),
                  classes_to_json(model.classes), preparation_to_json(model.prepare))));
}

[[noreturn]] void refuse_damaged(const std::string& path, std::string_view what) {
  throw Error(ErrorKind::model, what, path, "give a whole checkpoint");
}

// Moves a metadata value out of the model.
std::string take_metadata(Model& model, const char* key, const std::string& path) {
  const auto found = model.other_metadata.find(key);
  if (found == model.other_metadata.end())
    refuse_damaged(path, fmt::format("the metadata have no key {}", key));
  std::string value = std::move(found->second);
  model.other_metadata.erase(found);
  return value;
}

// Moves the velocities out of the model, in which they are tensors of no meaning.
Parameters take_velocities(Model& model, const std::string& path) {
  const auto take = [&](const std::string& name, const TensorShape& shape,
                        std::span<float> numbers) {
    const auto found =
        std::find_if(model.other_tensors.begin(), model.other_tensors.end(),
                     [&name](const OtherTensor& tensor) { return tensor.name == name; });
    if (found == model.other_tensors.end() || found->dtype != kFloat || found->shape != shape)
      refuse_damaged(path, fmt::format("there is no tensor {} of the right size", name));
    std::memcpy(numbers.data(), found->data.data(), numbers.size_bytes());
    model.other_tensors.erase(found);
  };
  Parameters velocities = zero_parameters(model.network);
  for_each_tensor(velocities, kVelocitySuffix, take);
  return velocities;
}

// "/recipe/schedule/0" as an error says it: "recipe.schedule.0".
std::string field_name(std::string pointer) {
  std::replace(pointer.begin(), pointer.end(), '/', '.');
  return pointer.substr(1);
}

std::string value_at(const json& document, const std::string& pointer) {
  constexpr std::size_t kLongest = 200;  // bytes of a value in an error
  const json::json_pointer place(pointer);
  if (!document.contains(place)) return "nothing";
  return document.at(place)
      .dump(-1, ' ', false, json::error_handler_t::replace)
      .substr(0, kLongest);
}

// What has to be equal, as one value. The texts are this program's own.
json comparable(const Model& model, std::string_view identity) {
  json value = json::parse(identity);
  value["network"] = json::parse(network_to_json(model.network));
  value["classes"] = json::parse(classes_to_json(model.classes));
  value["prepare"] = json::parse(preparation_to_json(model.prepare));
  value["prepare"]["tensors"] = json::array();
  for (const OtherTensor& tensor : model.other_tensors)
    value["prepare"]["tensors"].push_back(tensor.name);
  return value;
}

// A cosine ends with the last epoch, so that their number changes its every step.
json schedule_identity(const TrainOptions& options) {
  if (options.schedule.shape == Schedule::Shape::step) return options.schedule.steps;
  return fmt::format("cosine to epoch {}", options.epochs);
}

}  // namespace

std::string training_identity(const TrainingSet& set, const TrainOptions& options,
                              std::string_view init) {
  const std::span<const std::uint8_t> pixels(set.pixels.data(), set.size() * set.target.bytes());
  json identity = {
      {"data",
       {{"images", set.size()},
        {"labels", hash_text(hash_of(std::span<const int>(set.labels)))},
        {"pixels", hash_text(hash_of(pixels))}}},
      {"recipe",
       {{"augment", {{"flip", options.augmentation.flip}, {"shift", options.augmentation.shift}}},
        {"batch_size", options.batch_size},
        {"init", init},
        {"learning_rate", options.learning_rate},
        {"momentum", options.momentum},
        {"schedule", schedule_identity(options)},
        {"warm_up", options.schedule.warm_up},
        {"seed", options.seed},
        {"weight_decay", options.weight_decay}}}};
  // Only where they say something, so that checkpoints from before they were stay valid.
  json& augment = identity["recipe"]["augment"];
  if (options.augmentation.crop > 0) augment["crop"] = options.augmentation.crop;
  if (options.augmentation.heavy) augment["heavy"] = true;
  return identity.dump();
}

void check_same_training(const Checkpoint& checkpoint, const Model& model,
                         std::string_view identity, const std::string& where) {
  const json stored = comparable(checkpoint.model, checkpoint.run.identity);
  const json own = comparable(model, identity);
  const json differences = json::diff(stored, own);
  if (differences.empty()) return;
  // What was chosen comes before what follows from it: a crop changes the pixels too.
  const auto chosen =
      std::find_if(differences.begin(), differences.end(), [](const json& difference) {
        return difference.at("path").get_ref<const std::string&>().starts_with("/recipe/augment");
      });
  std::string pointer = (chosen == differences.end() ? differences.front() : *chosen).at("path");
  // What one list has behind the end of the other: both are shown whole.
  if (pointer.ends_with("/-")) pointer.resize(pointer.size() - 2);
  throw Error(ErrorKind::usage,
              fmt::format("{} is {} in the checkpoint, but {} in this run", field_name(pointer),
                          value_at(stored, pointer), value_at(own, pointer)),
              where, "resume with what the run began with, or choose another folder");
}

void write_checkpoint(const Checkpoint& checkpoint, const std::string& path) {
  Model file = checkpoint.model;
  const auto add = [&file](const std::string& name, const TensorShape& shape,
                           std::span<const float> numbers) {
    const bool finite = std::all_of(numbers.begin(), numbers.end(),
                                    [](float number) { return std::isfinite(number); });
    if (!finite) {
      throw Error(ErrorKind::training, fmt::format("{} is not finite", name), "training diverged",
                  "lower --learning-rate");
    }
    const auto bytes = std::as_bytes(numbers);
    file.other_tensors.push_back({name, kFloat, shape, {bytes.begin(), bytes.end()}});
  };
  for_each_tensor(checkpoint.velocities, kVelocitySuffix, add);
  const json description = {
      {"position", position_to_json(checkpoint.position)}, {"device", checkpoint.run.device},
      {"device_changed", checkpoint.device_changed},       {"attempt", checkpoint.attempt},
      {"run", json::parse(checkpoint.run.identity)},       {"tensors", tensor_hashes(checkpoint)},
      {"gradient_norms", checkpoint.gradient_norms}};
  const std::string text = description.dump();
  file.other_metadata[kCheckpointKey] = text;
  file.other_metadata[kTuningKey] = checkpoint.run.tuning;
  file.other_metadata[kSealKey] = seal_of(file, text, checkpoint.run.tuning);
  write_model(file, path);
}

Checkpoint read_checkpoint(const std::string& path) {
  Checkpoint checkpoint{.model = read_model(path), .velocities = {}, .position = {}, .run = {}};
  Model& model = checkpoint.model;
  const std::string text = take_metadata(model, kCheckpointKey, path);
  checkpoint.run.tuning = take_metadata(model, kTuningKey, path);
  const std::string seal = take_metadata(model, kSealKey, path);
  if (seal != seal_of(model, text, checkpoint.run.tuning))
    refuse_damaged(path, "the metadata do not fit their hash");

  const JsonSource source = {ErrorKind::model, fmt::format("{}: {}", path, kCheckpointKey)};
  const json parsed = parse_json(text, source);
  const JsonValue description(parsed, source);
  checkpoint.position = parse_position(description.at("position"));
  checkpoint.run.device = description.at("device").string();
  checkpoint.device_changed = description.at("device_changed").boolean();
  checkpoint.attempt = static_cast<int>(description.at("attempt").integer(0, INT32_MAX));
  checkpoint.gradient_norms = parse_norms(description);
  checkpoint.velocities = take_velocities(model, path);
  if (parsed.value("tensors", json()) != tensor_hashes(checkpoint))
    refuse_damaged(path, "the tensors do not fit their hashes");
  const json run = parsed.value("run", json());
  if (!run.is_object()) description.at("run").refuse("not an object", "give a whole checkpoint");
  checkpoint.run.identity = run.dump();
  return checkpoint;
}

}  // namespace allconv
