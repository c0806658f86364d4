// allconv score
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "engine/score/row_maker.hpp"
#include "engine/score/scorer.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/inputs.hpp"
#include "tools/cli/interrupt.hpp"
#include "tools/cli/score_output.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kScoreExamples =
    "Examples:\n"
    "  All images below a folder, one JSON object a line:\n"
    "    allconv score model.safetensors pictures/ -o scores.jsonl\n"
    "  Two files, only the best class, with the logits:\n"
    "    allconv score model.safetensors cat.jpg dog.png -o two.jsonl --top-k 1 --logits\n"
    "  Go on after a kill:\n"
    "    allconv score model.safetensors pictures/ -o scores.jsonl --resume\n"
    "  The first of three machines; `allconv merge` joins their results:\n"
    "    allconv score model.safetensors pictures/ -o 0.csv --shard 0/3";

// Of this run, without the rows that were there before it.
struct ScoreCounts {
  std::size_t images = 0;
  std::size_t failed = 0;
  double seconds = 0;  // of the whole run
};

const char* plural(std::size_t count) { return count == 1 ? "" : "s"; }

// Decoding runs beside the network on idle threads: its share is the time that the network waited.
void print_summary(const ScoreCounts& counts, const ScoreTimes& times, const PartFile& file) {
  if (file.rows_found() > 0) {
    print_note(fmt::format("{} row{}, {} failed, {} already there", file.rows_found(),
                           plural(file.rows_found()), file.failures_found(),
                           file.rows_found() == 1 ? "was" : "were"));
  }
  const double sum = std::max(times.decoding + times.network + times.callback, 1e-9);
  std::string_view bottleneck = "decoding";
  if (times.network >= std::max(times.decoding, times.callback))
    bottleneck = "the network";
  else if (times.callback > times.decoding)
    bottleneck = "writing";
  print_note(fmt::format("scored {} image{}, {} failed, in {:.2f} s: {:.1f} images/s",
                         counts.images, plural(counts.images), counts.failed, counts.seconds,
                         static_cast<double>(counts.images) / std::max(counts.seconds, 1e-9)));
  print_note(fmt::format(
      "of the time decoding took {:.0f} %, the network {:.0f} %, writing {:.0f} %: the bottleneck "
      "is {}",
      times.decoding / sum * 100, times.network / sum * 100, times.callback / sum * 100,
      bottleneck));
}

// Nothing is left to do: the exit code speaks of the rows that are there.
int report_finished(const std::string& path, const RowCounts& counts) {
  print_note(fmt::format("{}: is finished: {} row{}, {} failed", path, counts.rows,
                         plural(counts.rows), counts.failed));
  return counts.failed == 0 ? kDone : kSomeInputsFailed;
}

[[noreturn]] void throw_interrupted(std::size_t rows) {
  throw Error(ErrorKind::interrupted,
              fmt::format("scoring was interrupted after {} row{}", rows, plural(rows)), {},
              "go on with --resume");
}

// Scores the images of `range` into the file, and puts it in its place.
ScoreCounts write_rows(Scorer& scorer, RowMaker& rows, const DataSet& data, const IndexRange& range,
                       const RowStyle& style, PartFile& file) {
  ScoreCounts counts;
  ScoreTimes times;
  const auto start = std::chrono::steady_clock::now();
  {
    ProgressBar bar("score");
    const auto take = [&](const ScoredImage& image) {
      const ScoreRow row = rows.make(image, data.path(image.index));
      ++counts.images;
      counts.failed += row.error.has_value();
      file.append(row_lines(row, style));
      bar.update(counts.images, range.count);
    };
    const auto cancelled = [&] {
      if (interrupted()) throw_interrupted(file.rows_found() + counts.images);
      return false;
    };
    try {
      times = scorer.run(data, range, {.image = take, .cancelled = cancelled});
    } catch (const Error& error) {
      // A device that is lost takes no row with it that is in the file.
      const std::size_t kept = file.rows_found() + counts.images;
      if (error.kind() != ErrorKind::device || kept == 0) throw;
      throw Error(
          ErrorKind::device, error.what(), {},
          fmt::format("go on with --resume: {} row{} kept", kept, kept == 1 ? " is" : "s are"));
    }
  }
  // Putting the results on the disk is writing too.
  const auto finish = std::chrono::steady_clock::now();
  file.finish();
  const auto end = std::chrono::steady_clock::now();
  times.callback += std::chrono::duration<double>(end - finish).count();
  counts.seconds = std::chrono::duration<double>(end - start).count();
  print_summary(counts, times, file);
  return counts;
}

// Scores what is left to do on the device.
int score_on(ComputeDevice& device, const ScoreArguments& arguments) {
  const Model model = read_model(arguments.model);
  const DataSet data =
      open_inputs(arguments.data, parse_split(arguments.split), console_diagnostics());
  const IndexRange range =
      IndexRange::shard(data.size(), arguments.shard.index, arguments.shard.count);
  ScorerOptions options = scorer_options(arguments.scoring, device);
  options.images = range.count;
  Scorer scorer(model, options, device.pool());
  RowMaker rows(model.classes, static_cast<std::size_t>(arguments.top_k), arguments.logits);
  const PartRequest request = part_request(arguments, data, range.count, rows.guesses());
  PartFile file(request, console_diagnostics());
  const IndexRange left = range.after(file.rows_found());
  const ScoreCounts counts = write_rows(scorer, rows, data, left, request.style, file);
  for (const std::string& note : scorer.notes()) print_note(note);
  return counts.failed + file.failures_found() == 0 ? kDone : kSomeInputsFailed;
}

int run_score(const ScoreArguments& arguments) {
  check_score_output(arguments);
  if (const auto rows = finished_rows(arguments)) return report_finished(arguments.output, *rows);
  ComputeDevice device(arguments.common);
  return device.traced([&] { return score_on(device, arguments); });
}

void add_shard_option(CLI::App& command, ShardChoice& shard) {
  const auto sentence = [](const std::string& text) -> std::string {
    if (parse_shard(text)) return {};
    return fmt::format("\"{}\" is no shard; give I/N with I from 0 to N-1, as in 0/3", text);
  };
  const CLI::callback_t take = [&shard](const CLI::results_t& texts) {
    shard = parse_shard(texts.front()).value_or(shard);
    return true;
  };
  command.add_option("--shard", take, "the inputs whose index mod N is I, from 0 to N-1")
      ->type_name("I/N")
      ->check(CLI::Validator(sentence, ""));
}

// What is written, and when.
void add_output_options(CLI::App& command, ScoreArguments& arguments) {
  command.add_option("-o,--output", arguments.output, "results, one JSON object an input, or CSV")
      ->required()
      ->type_name("OUT.jsonl|OUT.csv");
  limit_integer(command.add_option("--top-k", arguments.top_k, "classes an image"), 1, kMaxExtent)
      ->type_name("K [5]");
  command.add_flag("--logits", arguments.logits, "write all logits too; not in CSV");
  command.add_flag("--overwrite", arguments.overwrite, "replace results that exist");
  command.add_flag("--resume", arguments.resume,
                   "go on where a run with the same flags was stopped");
  add_shard_option(command, arguments.shard);
}

// Which inputs, and how they are decoded.
void add_input_options(CLI::App& command, ScoreArguments& arguments) {
  limit_words(command.add_option("--split", arguments.split, "part of the data; default: all"),
              "train, test, all")
      ->type_name("train|test|all");
  add_scoring_options(command, arguments.scoring);
}

}  // namespace

void add_score_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<ScoreArguments>();
  CLI::App& command = *app.add_subcommand("score", "Write the most probable classes of images");
  command.add_option("MODEL", arguments->model, "a model file")->required()->type_name("");
  command
      .add_option("DATA", arguments->data,
                  "images, folders, tars, lists of paths, CIFAR or IDX files")
      ->required()
      ->type_name("");
  add_output_options(command, *arguments);
  add_input_options(command, *arguments);
  add_common_options(command, arguments->common, Tracing::offered);
  command.footer(kScoreExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_score(*arguments); }; });
}

}  // namespace allconv::cli
