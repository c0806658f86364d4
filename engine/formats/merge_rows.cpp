#include "engine/formats/merge_rows.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "engine/formats/row_reader.hpp"
#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::size_t kNamed = 3;  // faulty shards, and missing rows of each, in one sentence

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

RowFormat common_format(const std::vector<std::string>& paths) {
  const std::optional<RowFormat> format = row_format_of(paths.front());
  for (const std::string& path : paths) {
    if (!row_format_of(path)) {
      throw Error(ErrorKind::usage, "the name tells no format of results", path,
                  "give a name that ends in .jsonl or .csv");
    }
    if (row_format_of(path) != format) {
      throw Error(ErrorKind::usage, fmt::format("is of another format than {}", paths.front()),
                  path, "give files that are all .jsonl or all .csv");
    }
  }
  return *format;
}

// By device and file number, so that another spelling or a link is seen through.
void refuse_repeated_files(const std::vector<std::string>& paths) {
  std::set<std::pair<dev_t, ino_t>> seen;
  for (const std::string& path : paths) {
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0) continue;
    if (!seen.emplace(status.st_dev, status.st_ino).second)
      throw Error(ErrorKind::usage, "is given twice", path, "give each file once");
  }
}

struct Shard {
  std::string path;
  bool missing = false;
  RowCounts counts = {};
};

// "is missing", "ends in a torn row"; empty: nothing is wrong with the file by itself.
std::string fault_of(const Shard& shard) {
  if (shard.missing) {
    const bool unfinished = exists(shard.path + ".part");
    return unfinished ? fmt::format("is missing, {}.part is unfinished", shard.path) : "is missing";
  }
  switch (shard.counts.rest) {
    case RowReader::Rest::none: return {};
    case RowReader::Rest::torn: return "ends in a torn row";
    case RowReader::Rest::foreign:
      return fmt::format("has something else than rows from byte {} on", shard.counts.bytes);
  }
  return {};
}

// With the torn one, if there is one.
std::size_t begun_rows(const Shard& shard) {
  const RowCounts& counts = shard.counts;
  const bool torn_header = counts.bytes == 0 && row_format_of(shard.path) == RowFormat::csv;
  return counts.rows + (counts.rest == RowReader::Rest::torn && !torn_header);
}

// Looks at all shards, says which rows are there, and which are not.
class ShardSet {
 public:
  explicit ShardSet(const std::vector<std::string>& paths, RowFormat format) : format_(format) {
    for (const std::string& path : paths) {
      Shard shard{.path = path, .missing = !exists(path)};
      if (!shard.missing) shard.counts = count_rows(path, format);
      lines_per_row_ = std::max(lines_per_row_, shard.counts.lines_per_row);
      shards_.push_back(std::move(shard));
    }
    // A CSV row that lost its last lines looks whole by itself, but has fewer than others.
    for (Shard& shard : shards_) {
      if (!shard.missing && format == RowFormat::csv)
        shard.counts = count_rows(shard.path, format, lines_per_row_);
    }
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (const std::size_t rows = begun_rows(shards_[i]); rows > 0)
        rows_ = std::max(rows_, (rows - 1) * shards_.size() + i + 1);
    }
  }

  const std::vector<Shard>& shards() const { return shards_; }
  std::size_t rows() const { return rows_; }  // of all shards, when none is missing
  std::size_t lines_per_row() const { return lines_per_row_; }
  RowFormat format() const { return format_; }

  void refuse_different_headers() const {
    const std::string* first = nullptr;
    for (const Shard& shard : shards_) {
      if (shard.counts.header.empty()) continue;
      if (first != nullptr && *first != shard.counts.header) {
        throw Error(ErrorKind::usage, "has other columns than the shards before it", shard.path,
                    "score all shards with the same --decode");
      }
      first = &shard.counts.header;
    }
  }

  // Throws Error{io} with all that is wrong, as far as one sentence holds it.
  void refuse_missing_rows() const {
    std::vector<std::string> faults;
    std::vector<std::string> mends;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      const std::string fault = fault_of(shards_[i]);
      const std::string rows = missing_rows(i);
      if (fault.empty() && rows.empty()) continue;
      faults.push_back(fmt::format("{} {}{}{}", shards_[i].path, fault,
                                   fault.empty() || rows.empty() ? "" : ", ", rows));
      mends.push_back(fmt::format("--shard {}/{} --resume", i, shards_.size()));
    }
    if (faults.empty()) return;
    const std::size_t more = faults.size() - std::min(faults.size(), kNamed);
    faults.resize(faults.size() - more);
    mends.resize(faults.size());
    const std::string rest = more == 0 ? "" : fmt::format(", and {} more", more);
    throw Error(ErrorKind::io, fmt::format("{}{}", fmt::join(faults, ", "), rest),
                "the shards are not whole",
                fmt::format("finish with {}{}, and give all shards in order",
                            fmt::join(mends, ", "), rest));
  }

 private:
  // "lacks the rows of inputs 4, 7, 10, ... (at least 12)"; empty: none. How many inputs there were
  // is known from the other shards only, to within one an absent shard.
  std::string missing_rows(std::size_t index) const {
    const std::size_t count = shards_.size();
    const std::size_t wanted = rows_ > index ? (rows_ - index - 1) / count + 1 : 0;
    const std::size_t there = shards_[index].counts.rows;
    if (there >= wanted) return {};
    std::vector<std::size_t> named;
    for (std::size_t row = there; row < wanted && named.size() < kNamed; ++row)
      named.push_back(row * count + index);
    const std::size_t missing = wanted - there;
    return fmt::format("lacks the row{} of input{} {}{}", missing == 1 ? "" : "s",
                       missing == 1 ? "" : "s", fmt::join(named, ", "),
                       missing > named.size() ? fmt::format(", ... (at least {})", missing) : "");
  }

  RowFormat format_;
  std::vector<Shard> shards_;
  std::size_t lines_per_row_ = 0;
  std::size_t rows_ = 0;
};

// Gathers small pieces, so that a row is not a system call.
class BufferedFile {
 public:
  explicit BufferedFile(const std::string& path) : file_(path) {}

  void write(std::string_view bytes) {
    constexpr std::size_t kEnough = std::size_t{1} << 20;
    buffer_ += bytes;
    if (buffer_.size() >= kEnough) flush();
  }
  void commit() {
    flush();
    file_.commit();
  }

 private:
  void flush() {
    file_.write(std::string_view(buffer_));
    buffer_.clear();
  }

  AtomicFile file_;
  std::string buffer_;
};

MergedRows interleave(const ShardSet& set, const std::string& out_path,
                      const std::function<bool()>& cancelled) {
  std::vector<std::unique_ptr<RowReader>> readers;
  for (const Shard& shard : set.shards())
    readers.push_back(std::make_unique<RowReader>(shard.path, set.format(), set.lines_per_row()));
  BufferedFile out(out_path);
  out.write(readers.front()->header());
  MergedRows merged;
  for (; merged.rows < set.rows(); ++merged.rows) {
    constexpr std::size_t kAskEvery = 1024;
    if (merged.rows % kAskEvery == 0 && cancelled && cancelled())
      throw Error(ErrorKind::interrupted, "merging was interrupted", out_path, "merge again");
    const std::size_t index = merged.rows % readers.size();
    const auto row = readers[index]->next();
    if (!row) {
      throw Error(ErrorKind::io, "changed while it was merged", set.shards()[index].path,
                  "merge again");
    }
    merged.failed += row->failed;
    out.write(row->bytes);
  }
  out.commit();
  return merged;
}

}  // namespace

MergedRows merge_rows(const std::vector<std::string>& shards, const std::string& out_path,
                      const MergeCallbacks& callbacks) {
  if (shards.empty()) throw Error(ErrorKind::usage, "no shard is given", out_path, "give all");
  std::vector<std::string> all = shards;
  all.push_back(out_path);
  const RowFormat format = common_format(all);
  refuse_repeated_files(all);
  const ShardSet set(shards, format);
  set.refuse_missing_rows();
  set.refuse_different_headers();
  for (const std::string& path : shards) {
    if (callbacks.diagnostics && exists(path + ".part")) {
      callbacks.diagnostics(Severity::warning,
                            path +
                                ".part: belongs to a run that has not finished; merged is what "
                                "an earlier one wrote");
    }
  }
  return interleave(set, out_path, callbacks.cancelled);
}

}  // namespace allconv
