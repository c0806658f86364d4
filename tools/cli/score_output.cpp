#include "tools/cli/score_output.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "engine/runtime/cpu/device.hpp"
#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/file_descriptor.hpp"
#include "engine/support/hash.hpp"
#include "engine/support/version.hpp"
#include "tools/cli/device.hpp"

namespace allconv::cli {

namespace {

RowStyle row_style(const ScoreArguments& arguments) {
  const bool exact = arguments.scoring.decode.decode_mode() == DecodeMode::exact;
  return {.format = row_format_of(arguments.output).value_or(RowFormat::jsonl),
          .decode = exact ? "" : arguments.scoring.decode.mode};
}

// The flags that change rows. Threads and batch size do not; a limit of the workspace may lead to
// other kernels, as a tuning file does. (A GPU's grows while others work with it: it is no flag.)
std::vector<PartIdentity::Flag> row_flags(const ScoreArguments& arguments) {
  const CommonOptions& common = arguments.common;
  const bool on_gpu = gpu_of(common).has_value();
  const bool fixed_tuning = !on_gpu && !common.tuning_file.empty();
  const bool is_csv = row_style(arguments).format == RowFormat::csv;
  std::vector<PartIdentity::Flag> flags = {
      {"the format", is_csv ? "csv" : "jsonl"},
      {"--top-k", std::to_string(arguments.top_k)},
      {"--logits", arguments.logits ? "yes" : "no"},
      {"--split", arguments.split},
      {"--shard", fmt::format("{}/{}", arguments.shard.index, arguments.shard.count)},
      {"--decode", arguments.scoring.decode.mode},
      {"--max-pixels", fmt::format("{}", arguments.scoring.decode.megapixels)},
      {"--precision", common.precision},
      {"--tuning-file", fixed_tuning ? hash_text(hash_file(common.tuning_file)) : ""},
  };
  if (const kernels::Isa isa = row_limits(common).isa; isa != kernels::best_isa())
    flags.push_back({"--isa", std::string(kernels::to_string(isa))});
  if (on_gpu) {
    flags.push_back({"--device", "cuda"});
    if (common.deterministic) flags.push_back({"--deterministic", "yes"});
  }
  if (common.exact) flags.push_back({"--exact", "yes"});
  if (common.workspace_limit != SIZE_MAX)
    flags.push_back({"--workspace-limit", std::to_string(common.workspace_limit)});
  return flags;
}

}  // namespace

std::optional<ShardChoice> parse_shard(const std::string& text) {
  ShardChoice shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  if (index.ec != std::errc{} || index.ptr == end || *index.ptr != '/') return std::nullopt;
  const auto count = std::from_chars(index.ptr + 1, end, shard.count);
  if (count.ec != std::errc{} || count.ptr != end || shard.index >= shard.count)
    return std::nullopt;
  return shard;
}

void check_score_output(const ScoreArguments& arguments) {
  const std::string& path = arguments.output;
  const std::optional<RowFormat> format = row_format_of(path);
  if (!format) {
    throw Error(ErrorKind::usage, "the name tells no format of results", path,
                "give a name that ends in .jsonl or .csv");
  }
  if (*format == RowFormat::csv && arguments.logits) {
    throw Error(ErrorKind::usage, "CSV has no place for logits", "--logits",
                "give an output that ends in .jsonl");
  }
  check_output(path);
  if (!arguments.overwrite && !arguments.resume && path_exists(path)) {
    throw Error(ErrorKind::usage, "exists already", path,
                "give --overwrite, --resume or another name");
  }
}

std::optional<RowCounts> finished_rows(const ScoreArguments& arguments) {
  const std::string path = followed_path(arguments.output);
  if (!arguments.resume || !path_exists(path) || path_exists(path + ".part")) return std::nullopt;
  const RowCounts counts = count_rows(path, row_style(arguments).format);
  if (counts.rest != RowReader::Rest::none) {
    throw Error(
        ErrorKind::usage,
        fmt::format("is no whole file of rows: byte {} does not belong to any", counts.bytes), path,
        "give --overwrite without --resume, or another name");
  }
  remove_stale_identity(path);
  return counts;
}

PartRequest part_request(const ScoreArguments& arguments, const DataSet& inputs, std::size_t rows,
                         std::size_t guesses) {
  PartStart start = arguments.overwrite ? PartStart::replace : PartStart::anew;
  if (arguments.resume) start = PartStart::resume;
  return {.out_path = arguments.output,
          .identity = {.program = std::string(version()),
                       .model_hash = hash_file(arguments.model),
                       .inputs = inputs.size(),
                       .inputs_hash = hash_paths(inputs),
                       .flags = row_flags(arguments),
                       .device = device_text(row_limits(arguments.common).isa)},
          .style = row_style(arguments),
          .lines_per_row = guesses,
          .rows = rows,
          .start = start};
}

}  // namespace allconv::cli
