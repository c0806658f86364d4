// Which units of a network answer to anything: a filter whose ReLU passes nothing for any image
// gets no gradient, and can never learn again by itself.
#pragma once

#include <string>
#include <vector>

#include "engine/data/training_set.hpp"
#include "engine/formats/metrics.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/plan/plan.hpp"

namespace allconv {

// Of one ReLU layer.
struct LayerActivity {
  std::string layer;     // "conv1 + relu1"
  int convolution = -1;  // index of the parameters of the last one up to it; -1: there is none
  int units = 0;         // filters
  int dead = 0;          // without a positive output at any place of any image
};

// Runs an ImageSample of the set through `model`; layers in the order of the network. Allocates.
std::vector<LayerActivity> measure_activity(const Model& model, const TrainingSet& set,
                                            const PlanOptions& options, ThreadPool& pool);

// A row's layers in a training's history: norms of the weights, those given of the gradient (may be
// none), and the dead units of the ReLU behind each convolution.
std::vector<LayerRecord> layer_records(const Parameters& parameters,
                                       const std::vector<double>& gradient_norms,
                                       const std::vector<LayerActivity>& activity);

// "conv9 + relu9: 10 of 10 units pass nothing": the layers with at least half of their units dead,
// parted by semicolons; empty where there is none.
std::string dead_layers_text(const std::vector<LayerActivity>& layers);

}  // namespace allconv
