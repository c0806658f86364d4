// allconv merge
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/formats/merge_rows.hpp"
#include "engine/support/error.hpp"
#include "engine/support/file_descriptor.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kMergeExamples =
    "Examples:\n"
    "  The results of `score --shard 0/3`, `1/3` and `2/3`, in this order:\n"
    "    allconv merge 0.jsonl 1.jsonl 2.jsonl -o scores.jsonl";

// As given on the command line.
struct MergeArguments {
  std::vector<std::string> shards;
  std::string output;
  bool overwrite = false;
};

int run_merge(const MergeArguments& arguments) {
  check_output(arguments.output);
  if (!arguments.overwrite && path_exists(arguments.output)) {
    throw Error(ErrorKind::usage, "exists already", arguments.output,
                "give --overwrite or another name");
  }
  const MergedRows merged =
      merge_rows(arguments.shards, arguments.output,
                 {.diagnostics = console_diagnostics(), .cancelled = interrupted});
  print_note(fmt::format("merged {} row{} of {} shard{}, {} failed", merged.rows,
                         merged.rows == 1 ? "" : "s", arguments.shards.size(),
                         arguments.shards.size() == 1 ? "" : "s", merged.failed));
  return merged.failed == 0 ? kDone : kSomeInputsFailed;
}

}  // namespace

void add_merge_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<MergeArguments>();
  CLI::App& command = *app.add_subcommand("merge", "Put the results of shards into input order");
  command.add_option("OUT", arguments->shards, "results of shard 0, 1, .. of as many as are given")
      ->required()
      ->type_name("");
  command.add_option("-o,--output", arguments->output, "all rows, in the shards' own format")
      ->required()
      ->type_name("ALL.jsonl|ALL.csv");
  command.add_flag("--overwrite", arguments->overwrite, "replace a file that exists");
  command.footer(kMergeExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_merge(*arguments); }; });
}

}  // namespace allconv::cli
