#include "engine/data/decode_ahead.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace allconv {

// A ring of slots over positions of the range: [taken_, claimed_) are being decoded or are done,
// [claimed_, end of the window) wait for a thread. Slots are allocated once.
class DecodeAhead::Queue {
 public:
  Queue(const DataSet& data, const IndexRange& range, const LoadOptions& options,
        const DecodeAheadLimits& limits)
      : data_(data),
        range_(range),
        options_(options),
        encoded_memory_(limits.encoded_bytes),
        decoded_memory_(limits.decoded_bytes),
        slots_(window_of(range.count, options.target, limits)) {}

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
    if (taken_ == range_.count) return std::nullopt;
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
    claimed_ = range_.count;
    changed_.wait(lock, [this] { return working_ == 0; });
  }

 private:
  struct Slot {
    LoadedImage image;
    bool done = false;
  };

  static std::size_t window_of(std::size_t count, const ImageTarget& target,
                               const DecodeAheadLimits& limits) {
    const std::size_t by_bytes = limits.bytes / std::max<std::size_t>(1, target.bytes());
    return std::max<std::size_t>(1, std::min({count, limits.images, by_bytes}));
  }

  std::size_t window_end() const { return std::min(taken_ + slots_.size(), range_.count); }

  bool work(std::unique_lock<std::mutex>& lock) noexcept {
    if (claimed_ >= window_end()) return false;
    const std::size_t position = claimed_++;
    ++working_;
    LoadedImage image = load(range_[position], lock);
    Slot& slot = slots_[position % slots_.size()];
    slot.image = std::move(image);
    slot.done = true;
    --working_;
    changed_.notify_all();
    return true;
  }

  // Gives the lock up while it reads and decodes.
  LoadedImage load(std::size_t index, std::unique_lock<std::mutex>& lock) noexcept {
    LoadedImage image;
    image.index = index;
    try {
      ReadResult encoded = read(index, lock);
      image.pixels = kernels::Buffer<std::uint8_t>(options_.target.bytes());
      image.error = decode_resized(data_, index, std::move(encoded), options_, &decoded_memory_,
                                   image.pixels.span());
    } catch (const std::bad_alloc&) {
      image.error = ImageError{ImageError::Stage::decode, "no memory"};
    }
    if (image.error) image.pixels = {};
    if (!lock.owns_lock()) lock.lock();
    return image;
  }

  // Returns with the lock given up. Images of streams are read one after the other, in the order in
  // which they were claimed; whoever claimed an earlier one is at work on it, so the wait ends.
  ReadResult read(std::size_t index, std::unique_lock<std::mutex>& lock) {
    if (!data_.sequential(index)) {
      lock.unlock();
      return data_.read(index, encoded_memory_);
    }
    const Turn turn(*this, lock);
    return data_.read(index, encoded_memory_);
  }

  // A place in the queue of those who read from streams.
  class Turn {
   public:
    Turn(Queue& queue, std::unique_lock<std::mutex>& lock) : queue_(queue), lock_(lock) {
      const std::size_t ticket = queue.tickets_++;
      queue.changed_.wait(lock, [&] { return queue.turn_ == ticket; });
      lock.unlock();
    }
    ~Turn() {
      lock_.lock();
      ++queue_.turn_;
      lock_.unlock();
      queue_.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Queue& queue_;
    std::unique_lock<std::mutex>& lock_;
  };

  const DataSet& data_;  // not touched after cancel()
  const IndexRange range_;
  const LoadOptions options_;
  MemoryBudget encoded_memory_;
  MemoryBudget decoded_memory_;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::size_t taken_ = 0;    // positions handed out
  std::size_t claimed_ = 0;  // positions begun
  std::size_t offered_ = 0;  // positions for which a job was added
  std::size_t working_ = 0;  // images being decoded
  std::size_t tickets_ = 0;  // handed out to readers of streams
  std::size_t turn_ = 0;     // the ticket that may read
};

DecodeAhead::DecodeAhead(const DataSet& data, const IndexRange& range, const LoadOptions& options,
                         ThreadPool& pool, const DecodeAheadLimits& limits)
    : queue_(std::make_shared<Queue>(data, range, options, limits)), pool_(pool) {
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

}  // namespace allconv
