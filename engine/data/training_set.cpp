#include "engine/data/training_set.hpp"

#include <cstring>
#include <optional>

#include "engine/data/decode_ahead.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

kernels::Buffer<std::uint8_t> allocate(std::size_t count, const ImageTarget& target) {
  const double bytes = static_cast<double>(count) * static_cast<double>(target.bytes());
  if (bytes > static_cast<double>(machine_memory())) {
    throw Error(ErrorKind::device,
                "the training images take " + std::to_string(static_cast<long>(bytes / 1048576)) +
                    " MiB, more than the machine's memory",
                {}, "use fewer images or a smaller input");
  }
  return kernels::Buffer<std::uint8_t>(count * target.bytes());
}

}  // namespace

TrainingSet load_training_set(const DataSet& data, const TrainingSetOptions& options,
                              ThreadPool& pool, const Diagnostics& diagnostics) {
  LoadOptions load = options.load;
  load.target.height += options.margin;
  load.target.width += options.margin;
  const ImageTarget& target = load.target;
  TrainingSet set;
  set.target = target;
  set.margin = options.margin;
  set.classes = data.classes();
  set.pixels = allocate(data.size(), target);
  set.labels.reserve(data.size());
  DecodeAhead images(data, IndexRange::all(data.size()), load, pool);
  while (const std::optional<LoadedImage> image = images.next()) {
    if (options.cancelled && options.cancelled())
      throw Error(ErrorKind::interrupted, "interrupted while the images were read");
    if (image->ok()) {
      std::memcpy(set.pixels.data() + set.size() * target.bytes(), image->pixels.data(),
                  target.bytes());
      set.labels.push_back(data.label(image->index));
      continue;
    }
    ++set.failed;
    if (!diagnostics) continue;
    diagnostics(Severity::warning,
                data.path(image->index) + ": left out: " + image->error->message);
  }
  if (set.size() == 0) {
    throw Error(ErrorKind::usage, "none of the training images can be decoded", {},
                "give whole image files");
  }
  return set;
}

}  // namespace allconv
