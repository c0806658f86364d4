// The metadata texts `allconv.prepare` and `allconv.classes`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/formats/metadata.hpp"
#include "engine/formats/model_file.hpp"

namespace allconv {

namespace {

using nlohmann::ordered_json;

// A class name may be long, but 65,536 of them have an end.
constexpr JsonLimits kClassLimits = {
    .bytes = 1 << 24, .depth = 1, .elements = std::size_t{kMaxExtent} + 1};

std::array<double, 3> parse_triple(const JsonValue& value) {
  const auto triple = value.elements_exactly(3);
  return {triple[0].number(), triple[1].number(), triple[2].number()};
}

Preparation::Fit parse_fit(const JsonValue& value) {
  if (value.string() == "stretch") return Preparation::Fit::stretch;
  if (value.string() != "cover") value.refuse("not a way to resize", "use stretch or cover");
  return Preparation::Fit::cover;
}

Preparation::GlobalContrast parse_gcn(const JsonValue& value) {
  const Preparation::GlobalContrast gcn = {.scale = value.at("scale").number(),
                                           .epsilon = value.at("epsilon").number()};
  if (!(gcn.scale > 0)) value.at("scale").refuse("not above 0", "give a positive number");
  if (!(gcn.epsilon >= 0)) value.at("epsilon").refuse("below 0", "give a number of at least 0");
  return gcn;
}

}  // namespace

Preparation parse_preparation(std::string_view json, const JsonSource& source,
                              const NetworkDescription& network) {
  const nlohmann::json parsed = parse_json(json, source);
  const JsonValue value(parsed, source);
  Preparation prepare;
  const auto size = value.at("resize").elements_exactly(2);
  prepare.height = static_cast<int>(size[0].integer(1, kMaxExtent));
  prepare.width = static_cast<int>(size[1].integer(1, kMaxExtent));
  if (prepare.height != network.input.height || prepare.width != network.input.width) {
    value.at("resize").refuse(
        "not the size of the network's input",
        fmt::format("give [{}, {}]", network.input.height, network.input.width));
  }
  prepare.scale = value.at("scale").number();
  prepare.mean = parse_triple(value.at("mean"));
  prepare.std = parse_triple(value.at("std"));
  for (const double deviation : prepare.std) {
    if (!(deviation > 0)) value.at("std").refuse("not above 0", "give positive numbers");
  }
  if (const auto fit = value.find("fit")) prepare.fit = parse_fit(*fit);
  if (const auto gcn = value.at("gcn"); !gcn.is_null()) prepare.gcn = parse_gcn(gcn);
  prepare.zca = value.at("zca").boolean();
  return prepare;
}

std::string preparation_to_json(const Preparation& prepare) {
  ordered_json value = {{"resize", {prepare.height, prepare.width}},
                        {"scale", prepare.scale},
                        {"mean", prepare.mean},
                        {"std", prepare.std},
                        {"gcn", nullptr},
                        {"zca", prepare.zca}};
  if (prepare.gcn)
    value["gcn"] = {{"scale", prepare.gcn->scale}, {"epsilon", prepare.gcn->epsilon}};
  if (prepare.fit == Preparation::Fit::cover) value["fit"] = "cover";
  return value.dump();
}

std::vector<std::string> parse_classes(std::string_view json, const JsonSource& source,
                                       const NetworkDescription& network) {
  const nlohmann::json parsed = parse_json(json, source, kClassLimits);
  const JsonValue value(parsed, source);
  std::vector<std::string> classes;
  for (const JsonValue& name : value.elements("class")) classes.push_back(name.string());
  const auto expected = static_cast<std::size_t>(class_count(network));
  if (classes.size() != expected) {
    value.refuse(fmt::format("{} names for {} classes of the network", classes.size(), expected),
                 "give a name a class");
  }
  return classes;
}

std::string classes_to_json(const std::vector<std::string>& classes) {
  return ordered_json(classes).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace allconv
