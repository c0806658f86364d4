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

  // How many jobs are to be added, so that there is one for each waiting image and at most `most`.
  std::size_t begin_jobs(std::size_t most) {
    const std::scoped_lock lock(mutex_);
    const std::size_t wanted = std::min(waiting(), most);
    const std::size_t added = wanted - std::min(wanted, jobs_);
    jobs_ += added;
    return added;
  }

  // A job's work is one image, so that the thread is soon free for the network; then the job goes
  // to the end of the queue, as long as this is true.
  bool work_as_job() noexcept {
    std::unique_lock lock(mutex_);
    work(lock);
    if (waiting() > 0) return true;
    --jobs_;
    return false;
  }

  void give_up_job() noexcept {
    const std::scoped_lock lock(mutex_);
    --jobs_;
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

  // Images of the window that nobody works on yet.
  std::size_t waiting() const {
    const std::size_t end = std::min(taken_ + slots_.size(), range_.count);
    return end - std::min(end, claimed_);
  }

  // Decodes one waiting image; false when there is none.
  bool work(std::unique_lock<std::mutex>& lock) noexcept {
    if (waiting() == 0) return false;
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
  std::size_t jobs_ = 0;     // in the pool, at work or not
  std::size_t working_ = 0;  // images being decoded
  std::size_t tickets_ = 0;  // handed out to readers of streams
  std::size_t turn_ = 0;     // the ticket that may read
};

DecodeAhead::DecodeAhead(const DataSet& data, const IndexRange& range, const LoadOptions& options,
                         ThreadPool& pool, const DecodeAheadLimits& limits)
    : queue_(std::make_shared<Queue>(data, range, options, limits)), pool_(pool) {
  enqueue_jobs();
}

DecodeAhead::~DecodeAhead() { queue_->cancel(); }

void DecodeAhead::enqueue_job(const std::shared_ptr<Queue>& queue, ThreadPool& pool) {
  try {
    pool.enqueue([queue, &pool] {
      if (queue->work_as_job()) enqueue_job(queue, pool);
    });
  } catch (const std::bad_alloc&) {
    queue->give_up_job();  // the consumer decodes what nobody else does
  }
}

void DecodeAhead::enqueue_jobs() {
  const auto most = static_cast<std::size_t>(pool_.threads()) - 1;
  for (std::size_t left = queue_->begin_jobs(most); left > 0; --left) enqueue_job(queue_, pool_);
}

std::optional<LoadedImage> DecodeAhead::next() {
  std::optional<LoadedImage> image = queue_->take();
  if (image) enqueue_jobs();
  return image;
}

}  // namespace allconv
