#include "engine/data/training_set.hpp"

#include <unistd.h>

#include <atomic>
#include <cstring>
#include <optional>

#include "engine/data/load.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

kernels::Buffer<std::uint8_t> allocate(std::size_t count, const ImageTarget& target) {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGE_SIZE);
  const double bytes = static_cast<double>(count) * static_cast<double>(target.bytes());
  const double available = static_cast<double>(pages) * static_cast<double>(page_bytes);
  if (pages > 0 && page_bytes > 0 && bytes > available) {
    throw Error(ErrorKind::device,
                "the training images take " + std::to_string(static_cast<long>(bytes / 1048576)) +
                    " MiB, more than the machine's memory",
                {}, "use fewer images or a smaller input");
  }
  return kernels::Buffer<std::uint8_t>(count * target.bytes());
}

using Failures = std::vector<std::optional<ImageError>>;  // one an image

void report(const DataSet& data, const Failures& failures, const Diagnostics& diagnostics) {
  for (std::size_t i = 0; diagnostics && i < failures.size(); ++i) {
    if (!failures[i]) continue;
    diagnostics(Severity::warning, data.path(i) + ": left out: " + failures[i]->message);
  }
}

// Closes the gaps that broken images leave, keeping the order.
void keep_whole(const DataSet& data, const Failures& failures, TrainingSet& set) {
  const std::size_t image_bytes = set.target.bytes();
  set.labels.reserve(failures.size());
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (failures[i]) {
      ++set.failed;
      continue;
    }
    std::uint8_t* place = set.pixels.data() + set.size() * image_bytes;
    std::memmove(place, set.pixels.data() + i * image_bytes, image_bytes);
    set.labels.push_back(data.label(i));
  }
}

}  // namespace

TrainingSet load_training_set(const DataSet& data, const TrainingSetOptions& options,
                              ThreadPool& pool, const Diagnostics& diagnostics) {
  TrainingSet set;
  set.target = options.target;
  set.classes = data.classes();
  set.pixels = allocate(data.size(), options.target);
  Failures failures(data.size());
  std::atomic<bool> stop{false};
  const std::size_t image_bytes = options.target.bytes();
  pool.parallel_for(static_cast<int>(data.size()), [&](int image, int) {
    if (stop.load(std::memory_order_relaxed)) return;
    if (options.cancelled && options.cancelled()) stop = true;
    const auto index = static_cast<std::size_t>(image);
    failures[index] = load_resized(data, index, options.target,
                                   {set.pixels.data() + index * image_bytes, image_bytes});
  });
  if (stop) throw Error(ErrorKind::interrupted, "interrupted while the images were read");
  report(data, failures, diagnostics);
  keep_whole(data, failures, set);
  if (set.size() == 0) {
    throw Error(ErrorKind::usage, "none of the training images can be decoded", {},
                "give whole JPEG or PNG files");
  }
  return set;
}

}  // namespace allconv
