// What is kept of an explanation when its maps are gone, and what all explanations of one run
// share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/explain/explanation.hpp"
#include "engine/prepare/resize.hpp"

namespace allconv {

// Text is shown as it is given; it may hold any bytes.
struct ExplanationSubject {
  std::string model;  // its path
  std::string network, device, precision;
  std::string layer;                 // whose unit is explained; empty: a class's logit
  std::vector<std::string> classes;  // of the model
  std::vector<std::string> methods;  // in the order of the attributions
  ImageTarget target;                // the network's input
};

// A class's name, its number where it has none.
std::string class_text(const ExplanationSubject& subject, std::size_t index);

struct MapRecord {
  std::string method;             // as the attribution is named
  double least = 0, largest = 0;  // finite values of the map
  double range = 0;               // the reconstruction's scale is from -range to range
  double signed_range = 0;        // and that of the sum over channels
  bool all_zero = false;
  std::string overlay;  // name of its file; empty: none
};

struct ExplanationRecord {
  std::size_t index = 0;  // in the data set
  std::string path;       // bytes
  std::optional<ScoreFailure> failure;
  ExplainedUnit unit;
  std::size_t predicted = 0;
  double probability = 0;
  std::vector<MapRecord> maps;
  std::string strip;          // name of its file; empty: none
  std::string picture_error;  // why pictures are missing, where they were wanted
};

// `map`: (h,w,3)
MapRecord map_record(std::string_view method, std::span<const float> map);

// The text of explanations.json: head, then records with ",\n" between them, then tail. Numbers
// that are not finite are null.
std::string explanations_head(const ExplanationSubject& subject);
std::string record_json(const ExplanationSubject& subject, const ExplanationRecord& record);
inline constexpr std::string_view kExplanationsTail = "\n]}\n";

}  // namespace allconv
