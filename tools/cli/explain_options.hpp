// What `allconv explain` was asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/explain/explainer.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/scoring.hpp"

namespace allconv::cli {

// As given on the command line.
struct ExplainArguments {
  CommonOptions common;
  std::string model;
  std::vector<std::string> images;
  std::string output;
  std::string methods = "gradient,deconvnet,guided";
  std::string layer;         // empty: a class's logit
  std::string unit;          // "K" or "K,Y,X"; empty: the layer's largest
  std::string target_class;  // empty: the class predicted
  std::string save_tensors;  // empty: none
  std::string split = "all";
  bool unstride = false;
  bool no_pictures = false;
  bool sanity = false;
  int sanity_images = 32;
  ScoringChoice scoring{.decode = {}, .batch_size = 32};
};

void add_explain_options(CLI::App& command, ExplainArguments& arguments);

// Methods and unit, checked against the model. Throws Error{usage}.
ExplainerOptions explainer_options(const ExplainArguments& arguments, const Model& model,
                                   const ComputeDevice& device);

// The sanity test on the first images: writes `sanity.html` and `sanity.json`, but nothing where no
// image can be tested. Returns the exit code.
int run_sanity(const ExplainArguments& arguments, const Model& model, const DataSet& data,
               const ExplainerOptions& options, ComputeDevice& device);

}  // namespace allconv::cli
