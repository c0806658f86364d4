#include "engine/explain/strongest_patches.hpp"

#include <algorithm>

#include "engine/graph/unit.hpp"
#include "engine/graph/graph.hpp"

namespace allconv {

namespace {

// The outputs of one slot, (batch,filters) each.
struct Peaks {
  std::vector<float> values;
  std::vector<std::int32_t> positions;
};

// Images come in the set's order: what is only as strong as what is there stands behind it.
void insert(std::vector<Patch>& strongest, const Patch& patch, std::size_t most) {
  if (strongest.size() == most && patch.value <= strongest.back().value) return;
  const auto place = std::upper_bound(
      strongest.begin(), strongest.end(), patch,
      [](const Patch& one, const Patch& other) { return one.value > other.value; });
  strongest.insert(place, patch);
  if (strongest.size() > most) strongest.pop_back();
}

class PatchSearch {
 public:
  PatchSearch(const Model& model, const PatchSearchOptions& options,
              const PatchSearchCallbacks& callbacks, ThreadPool& pool)
      : options_(options),
        callbacks_(callbacks),
        map_(unit_shape(model.network, options.layer)),
        stream_(model,
                make_graph(model.network, PassMode::peaks, ReluRule::gradient,
                           activation_layer(model.network, options.layer)),
                options.batches, pool) {
    const std::size_t size = stream_.batch_size() * static_cast<std::size_t>(map_.channels);
    for (int slot = 0; slot < stream_.slots(); ++slot) {
      peaks_.push_back(
          {.values = std::vector<float>(size), .positions = std::vector<std::int32_t>(size)});
    }
    result_.filters.resize(static_cast<std::size_t>(map_.channels));
  }

  StrongestPatches run(const DataSet& data) {
    const auto start = [this](Batch& batch, int slot) {
      Peaks& peaks = peaks_[static_cast<std::size_t>(slot)];
      batch.peaks = peaks.values.data();
      batch.peak_positions = peaks.positions.data();
    };
    const auto finished = [this](std::span<const StreamedImage> images, int slot) {
      for (const StreamedImage& image : images) take(image, peaks_[static_cast<std::size_t>(slot)]);
    };
    result_.times =
        stream_.run(data, IndexRange::all(data.size()),
                    {.start = start, .finished = finished, .cancelled = callbacks_.cancelled});
    result_.notes = stream_.executor().notes();
    return std::move(result_);
  }

 private:
  static std::optional<ScoreFailure> failure_of(const StreamedImage& image,
                                                std::span<const float> values) {
    if (auto failure = loading_failure(image.loaded)) return failure;
    return network_failure(values, "the layer's outputs");
  }

  void take(const StreamedImage& image, const Peaks& peaks) {
    ++result_.images;
    if (callbacks_.progress) callbacks_.progress(result_.images);
    const std::size_t filters = result_.filters.size();
    const auto values = std::span(peaks.values).subspan(image.row * filters, filters);
    if (const auto failure = failure_of(image, values)) {
      ++result_.failed;
      if (callbacks_.failed) callbacks_.failed(image.loaded.index, *failure);
      return;
    }
    for (std::size_t filter = 0; filter < filters; ++filter) {
      const std::int32_t position = peaks.positions[image.row * filters + filter];
      insert(result_.filters[filter],
             {.value = values[filter],
              .image = image.loaded.index,
              .row = position / map_.width,
              .column = position % map_.width},
             options_.top_k);
    }
  }

  const PatchSearchOptions& options_;
  const PatchSearchCallbacks& callbacks_;
  Shape map_;
  BatchStream stream_;
  std::vector<Peaks> peaks_;  // one a slot
  StrongestPatches result_;
};

}  // namespace

StrongestPatches find_strongest_patches(const Model& model, const DataSet& data,
                                        const PatchSearchOptions& options,
                                        const PatchSearchCallbacks& callbacks, ThreadPool& pool) {
  return PatchSearch(model, options, callbacks, pool).run(data);
}

}  // namespace allconv
