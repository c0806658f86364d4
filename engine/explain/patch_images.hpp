// The images behind some patches, and what a network makes of them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/data/decode_ahead.hpp"
#include "engine/data/load.hpp"
#include "engine/explain/attribution_pass.hpp"
#include "engine/explain/strongest_patches.hpp"

namespace allconv {

// By index in the data set, at the network's size.
using LoadedImages = std::map<std::size_t, LoadedImage>;

// Reads in the set's order, which is what archives are fast at, and decodes on all threads.
LoadedImages load_images(const DataSet& data, std::span<const std::size_t> indices,
                         const LoadOptions& options, ThreadPool& pool);

// One patch of a filter, explained.
struct ExplainedPatch {
  Patch patch;
  int filter = 0;
  std::vector<float> map;  // (h,w,3), empty where the image is
};

// Fills in the maps, batch by batch.
void explain_patches(std::span<ExplainedPatch> patches, const LoadedImages& images,
                     AttributionPass& pass, int batch_size);

}  // namespace allconv
