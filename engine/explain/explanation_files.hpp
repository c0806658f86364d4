// ExplanationFiles: explanations as they come, written into a folder: of each image a strip and an
// overlay a method as PNG, of all `explanations.json` and the page `index.html`. Each file appears
// whole or not at all; one of the same name is replaced, others stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/data/decode.hpp"
#include "engine/explain/explanation_page.hpp"
#include "engine/explain/explanation_record.hpp"
#include "engine/prepare/memory_budget.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "engine/support/atomic_file.hpp"

namespace allconv {

struct ExplanationFileOptions {
  bool pictures = true;           // false: explanations.json alone
  std::size_t page_images = 100;  // that the page shows at most
  std::int64_t pixel_limit = kDefaultPixelLimit;
};

// Used by one thread, the one that may begin the pool's foreground work, outside of such work. Data
// set and pool must outlive it. Memory is bounded: explanations wait for their pictures in small
// numbers, and the page keeps few megabytes.
class ExplanationFiles {
 public:
  // The folder must be there. `originals` is read in order by this object alone: the network's
  // images come from another opening of the same data. Null where no pictures are wanted. Throws
  // Error{io}.
  ExplanationFiles(const std::string& folder, ExplanationSubject subject, const DataSet* originals,
                   ThreadPool& pool, const ExplanationFileOptions& options = {});
  ~ExplanationFiles();
  ExplanationFiles(const ExplanationFiles&) = delete;
  ExplanationFiles& operator=(const ExplanationFiles&) = delete;

  // Ascending by index. An image that cannot be read or decoded again, or that the originals do not
  // have there, is without pictures, which its object in explanations.json says. Throws Error{io}
  // for what cannot be written.
  void add(const Explanation& explanation);

  // Writes what waits, then explanations.json and the page; call it once, last. Throws Error{io}.
  void finish();

  // Of what was added.
  const ExplanationCounts& counts() const { return counts_; }

 private:
  struct Waiting;

  void read_original(Waiting& waiting);
  void draw(Waiting& waiting);
  void write_waiting();
  void keep_for_page(Waiting& waiting);

  const std::string folder_;
  const ExplanationSubject subject_;
  const DataSet* const originals_;  // null: no pictures
  ThreadPool& pool_;
  const ExplanationFileOptions options_;
  MemoryBudget files_;     // of images waiting; one thread reads, so it must never be full
  MemoryBudget decoded_;   // of originals
  MemoryBudget overlays_;  // taken while an original is held, never the other way round
  AtomicFile json_;
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t records_ = 0;  // written to json_
  ExplanationCounts counts_;
  std::vector<PageEntry> page_;
  std::size_t page_bytes_ = 0;
  bool page_full_ = false;
};

}  // namespace allconv
