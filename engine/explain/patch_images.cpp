#include "engine/explain/patch_images.hpp"

#include <algorithm>

namespace allconv {

LoadedImages load_images(const DataSet& data, std::span<const std::size_t> indices,
                         const LoadOptions& options, ThreadPool& pool) {
  constexpr std::size_t kFiles = 64, kFileBytes = std::size_t{64} << 20;  // in memory
  constexpr std::size_t kDecodedBytes = std::size_t{256} << 20;
  LoadedImages images;
  for (const std::size_t index : indices) images[index].index = index;
  // One thread holds the files of a round, so their budget must never make it wait.
  MemoryBudget files(SIZE_MAX), decoded(kDecodedBytes);
  for (auto at = images.begin(); at != images.end();) {
    std::vector<LoadedImages::iterator> some;
    std::vector<ReadResult> read;
    std::size_t bytes = 0;
    for (; at != images.end() && some.size() < kFiles && bytes < kFileBytes; ++at) {
      some.push_back(at);
      read.push_back(data.read(at->first, files));
      if (const auto* file = std::get_if<EncodedImage>(&read.back())) bytes += file->bytes.size();
    }
    pool.parallel_for(static_cast<int>(some.size()), [&](int task, int) {
      const auto i = static_cast<std::size_t>(task);
      LoadedImage& image = some[i]->second;
      kernels::Buffer<std::uint8_t> pixels(options.target.bytes());
      image.error =
          decode_resized(data, image.index, std::move(read[i]), options, &decoded, pixels.span());
      if (image.ok()) image.pixels = std::move(pixels);
    });
  }
  return images;
}

void explain_patches(std::span<ExplainedPatch> patches, const LoadedImages& images,
                     AttributionPass& pass, int batch_size) {
  std::vector<ExplainedPatch*> batch;
  std::vector<const std::uint8_t*> pixels;
  std::vector<UnitChoice> units;
  const auto run = [&] {
    if (batch.empty()) return;
    pass.run(pixels, units);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto map = pass.attribution(0, i);
      batch[i]->map.assign(map.begin(), map.end());
    }
    batch.clear(), pixels.clear(), units.clear();
  };
  for (ExplainedPatch& patch : patches) {
    const auto& image = images.at(patch.patch.image);
    if (!image.ok()) continue;
    batch.push_back(&patch);
    pixels.push_back(image.pixels.data());
    units.push_back(
        {.channel = patch.filter, .row = patch.patch.row, .column = patch.patch.column});
    if (batch.size() == static_cast<std::size_t>(batch_size)) run();
  }
  run();
}

}  // namespace allconv
