#include "engine/data/decode_ahead.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <utility>

#include "engine/data/load.hpp"

namespace allconv {

// A ring of slots over positions of the order: [taken_, claimed_) are being decoded or are done,
// [claimed_, end of the window) wait for a thread. Slots are allocated once.
class DecodeAhead::Queue {
 public:
  Queue(const DataSet& data, std::vector<std::size_t> order, const ImageTarget& target,
        std::size_t window)
      : data_(data), order_(std::move(order)), target_(target), slots_(window) {}

  // Positions that have come into the window since the last call: so many jobs are to be added.
  std::size_t take_new_work() {
    const std::scoped_lock lock(mutex_);
    const std::size_t end = window_end();
    return end - std::exchange(offered_, end);
  }

  // Decodes one waiting image; false when there is none.
  bool work() noexcept {
    std::unique_lock lock(mutex_);
    return work(lock);
  }

  std::optional<LoadedImage> take() {
    std::unique_lock lock(mutex_);
    if (taken_ == order_.size()) return std::nullopt;
    Slot& slot = slots_[taken_ % slots_.size()];
    while (!slot.done) {
      if (!work(lock)) changed_.wait(lock);
    }
    slot.done = false;
    ++taken_;
    return std::move(slot.image);
  }

  // No image is begun after this, and none is in work when it returns.
  void cancel() {
    std::unique_lock lock(mutex_);
    claimed_ = order_.size();
    changed_.wait(lock, [this] { return working_ == 0; });
  }

 private:
  struct Slot {
    LoadedImage image;
    bool done = false;
  };

  std::size_t window_end() const { return std::min(taken_ + slots_.size(), order_.size()); }

  bool work(std::unique_lock<std::mutex>& lock) noexcept {
    if (claimed_ >= window_end()) return false;
    const std::size_t position = claimed_++;
    ++working_;
    lock.unlock();
    LoadedImage image = load(order_[position]);
    lock.lock();
    Slot& slot = slots_[position % slots_.size()];
    slot.image = std::move(image);
    slot.done = true;
    --working_;
    changed_.notify_all();
    return true;
  }

  LoadedImage load(std::size_t index) const noexcept {
    LoadedImage image;
    image.index = index;
    try {
      image.pixels = kernels::Buffer<std::uint8_t>(target_.bytes());
      image.error = load_resized(data_, index, target_, image.pixels.span());
    } catch (const std::bad_alloc&) {
      image.error = ImageError{ImageError::Stage::decode, "no memory"};
    }
    if (image.error) image.pixels = {};
    return image;
  }

  const DataSet& data_;  // not touched after cancel()
  const std::vector<std::size_t> order_;
  const ImageTarget target_;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::size_t taken_ = 0;    // positions handed out
  std::size_t claimed_ = 0;  // positions begun
  std::size_t offered_ = 0;  // positions for which a job was added
  std::size_t working_ = 0;  // images being decoded
};

namespace {

std::size_t window_of(std::size_t count, const ImageTarget& target,
                      const DecodeAheadLimits& limits) {
  const std::size_t by_bytes = limits.bytes / std::max<std::size_t>(1, target.bytes());
  return std::max<std::size_t>(1, std::min({count, limits.images, by_bytes}));
}

}  // namespace

DecodeAhead::DecodeAhead(const DataSet& data, std::vector<std::size_t> order,
                         const ImageTarget& target, ThreadPool& pool,
                         const DecodeAheadLimits& limits)
    : pool_(pool) {
  const std::size_t window = window_of(order.size(), target, limits);
  queue_ = std::make_shared<Queue>(data, std::move(order), target, window);
  try {
    enqueue_jobs();
  } catch (...) {
    queue_->cancel();
    throw;
  }
}

DecodeAhead::~DecodeAhead() { queue_->cancel(); }

void DecodeAhead::enqueue_jobs() {
  if (pool_.threads() == 1) return;  // nobody but the consumer would run them
  for (std::size_t left = queue_->take_new_work(); left > 0; --left) {
    pool_.enqueue([queue = queue_] { queue->work(); });
  }
}

std::optional<LoadedImage> DecodeAhead::next() {
  std::optional<LoadedImage> image = queue_->take();
  if (image) enqueue_jobs();
  return image;
}

std::vector<std::size_t> all_in_order(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

}  // namespace allconv
