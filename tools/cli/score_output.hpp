// What `score` is told and what it writes to: the flags about OUT, checked before the work begins,
// and the part file that the rows go to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/load.hpp"
#include "engine/formats/part_file.hpp"
#include "engine/formats/row_reader.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/scoring.hpp"

namespace allconv::cli {

// The inputs whose index is `index` more than a multiple of `count`.
struct ShardChoice {
  std::size_t index = 0;
  std::size_t count = 1;
};

// As given on the command line.
struct ScoreArguments {
  CommonOptions common;
  std::string model;
  std::vector<std::string> data;
  std::string output;
  int top_k = 5;
  bool logits = false;
  std::string split = "all";
  ShardChoice shard;
  ScoringChoice scoring;
  bool overwrite = false;
  bool resume = false;
};

// "1/3": the second of three. nullopt: anything else.
std::optional<ShardChoice> parse_shard(const std::string& text);

// Scoring must not end with a file that cannot be written, or replace one without being told to.
// Throws Error{usage}, Error{io}.
void check_score_output(const ScoreArguments& arguments);

// With --resume, the rows of an OUT that is there and has no part file beside it: nothing is to be
// done. Throws Error{usage} where OUT holds something else than rows.
std::optional<RowCounts> finished_rows(const ScoreArguments& arguments);

// The part file that the flags ask for. `inputs`: of all shards; `rows`: of this one; `guesses`: of
// a row without an error. Throws Error{io}.
PartRequest part_request(const ScoreArguments& arguments, const DataSet& inputs, std::size_t rows,
                         std::size_t guesses);

}  // namespace allconv::cli
