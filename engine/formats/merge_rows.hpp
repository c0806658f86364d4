// merge_rows: the results of all shards of a set, put back into the order of the inputs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "engine/support/diagnostics.hpp"

namespace allconv {

struct MergedRows {
  std::size_t rows = 0;
  std::size_t failed = 0;  // error rows among them
};

struct MergeCallbacks {
  Diagnostics diagnostics = {};          // an unfinished run beside a shard that is whole
  std::function<bool()> cancelled = {};  // asked now and then; may be empty
};

// `shards`: the files of shard 0, 1, .. of as many as there are, all JSONL or all CSV. `out_path`
// appears whole or not at all; whether it may be replaced is the caller's to decide. Memory does
// not grow with the files. Throws Error{usage} for files that do not belong together, and
// Error{io}, naming the missing rows by their input's index from 0, for a shard that is missing,
// ends early or ends in a torn row. Inputs that are missing at the end of every shard leave no
// trace.
MergedRows merge_rows(const std::vector<std::string>& shards, const std::string& out_path,
                      const MergeCallbacks& callbacks = {});

}  // namespace allconv
