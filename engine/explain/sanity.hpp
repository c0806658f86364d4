// The sanity test of explanations: do the maps of a method depend on what the network has learned,
// and on the class that is asked for? Adebayo et al. 2018, arXiv 1810.03292; Nie et al. 2018, arXiv
// 1805.07039: guided backpropagation and the deconvnet partly recover the image whatever the
// weights.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/explain/randomised.hpp"
#include "engine/explain/similarity.hpp"
#include "engine/formats/model_file.hpp"

namespace allconv {

struct SanityImage {
  std::string path;           // bytes
  std::size_t predicted = 0;  // class of the largest logit, by the learned weights
  // The class of the second largest. An improbable one would often do no good: where a ReLU is the
  // last layer, its logit is zero, and so is its map. Equal to `predicted`: there is no other.
  std::size_t runner_up = 0;
  std::vector<float> picture;  // (h,w,3), for the edge detector, in any range
};

// Where the maps come from, for the record; any of it may be empty.
struct SanityOrigin {
  std::string model;  // its path, bytes
  std::string device, precision;
};

struct SanityRequest {
  std::vector<SanityImage> images;
  std::vector<std::string> methods;
  std::vector<std::uint64_t> seeds = {1, 2, 3};  // of fresh_parameters()
  SanityOrigin origin = {};
};

// Takes one map (h,w,3) of the network's input, which need not outlive the call.
using MapSink =
    std::function<void(std::size_t image, std::size_t method, std::span<const float> map)>;

// Explains class classes[i] of image i with these weights by every method, and hands each map to
// the sink once, in any order, by one thread at a time. A map that cannot be had is left out.
using ExplainImages =
    std::function<void(const Parameters&, std::span<const std::size_t> classes, const MapSink&)>;

// How often run_sanity_test() calls it at most.
std::size_t sanity_passes(const Model& model, const SanityRequest& request);

// One measure over images and seeds.
struct MeanSimilarity {
  std::optional<double> mean;    // nullopt: none of the pairs has it
  std::optional<double> spread;  // standard deviation of the seeds' means; of two seeds and more
  std::size_t compared = 0;      // pairs of maps that have it
};

struct SimilaritySummary {
  std::array<MeanSimilarity, kSimilarityMeasures> measures;  // indexed by SimilarityMeasure
  std::size_t pairs = 0;                                     // of maps, asked for

  const MeanSimilarity& of(SimilarityMeasure measure) const {
    return measures[static_cast<std::size_t>(measure)];
  }
};

// Each to the map that the learned weights give for the predicted class.
struct MethodSimilarities {
  // Indexed by RandomisedLayers, then by depth: layers from the top.
  std::array<std::vector<SimilaritySummary>, kRandomisedLayers> randomised;
  SimilaritySummary runner_up;  // learned weights, another class
  SimilaritySummary edges;      // of the edge detector's map, which no weights change
  // The control: of another image's map by the learned weights. As alike are maps that share no
  // more than what all have in common: where they are strong, and how dark they are. None of one
  // image.
  SimilaritySummary other_image;
};

// The first image by the first seed: magnitudes (h,w) in [0, 1], empty where there is none.
struct SanityExample {
  std::vector<double> learned;
  std::vector<std::vector<double>> cascading;  // by depth
};

struct SanityMethod {
  std::string name;
  MethodSimilarities similarities;
  SanityExample example;
};

struct SanityResult {
  struct Image {
    std::string path;                  // bytes
    std::string predicted, runner_up;  // classes by name; empty: there is no other
  };

  SanityOrigin origin;
  std::string network;
  MapSize size;
  std::vector<std::string> layers;  // from the top
  std::vector<std::uint64_t> seeds;
  std::vector<Image> images;
  std::vector<SanityMethod> methods;
};

// `explain` is called from this thread; what it throws passes through. Keeps one reduced map an
// image and method, 24 bytes a place: beside the request's pictures, of 12 bytes a place, a hundred
// images of 224x224 by three methods take 0.4 GB, and memory grows with their number. Throws
// Error{usage} without images, methods or seeds.
SanityResult run_sanity_test(const Model& model, const SanityRequest& request,
                             const ExplainImages& explain);

}  // namespace allconv
