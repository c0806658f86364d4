// allconv score
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "engine/formats/part_file.hpp"
#include "engine/formats/result_rows.hpp"
#include "engine/score/scorer.hpp"
#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"
#include "kernels/core/buffer.hpp"
#include "kernels/top_k/problem.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  All images below a folder, one JSON object a line:\n"
    "    allconv score model.safetensors pictures/ -o scores.jsonl\n"
    "  Two files, only the best class, with the logits:\n"
    "    allconv score model.safetensors cat.jpg dog.png -o two.jsonl --top-k 1 --logits";

// As given on the command line.
struct ScoreArguments {
  CommonOptions common;
  std::string model;
  std::vector<std::string> data;
  std::string output;
  int top_k = 5;
  bool logits = false;
  std::string split = "all";
  int batch_size = 64;
  bool overwrite = false;
};

// Scoring must not end with a file that cannot be written, or replace one without being told to.
void check_score_output(const ScoreArguments& arguments) {
  const std::string& path = arguments.output;
  if (path.ends_with(".csv")) {
    throw Error(ErrorKind::usage, "this version does not write CSV yet", path,
                "give a name that ends in .jsonl");
  }
  if (!path.ends_with(".jsonl")) {
    throw Error(ErrorKind::usage, "the name tells no format of results", path,
                "give a name that ends in .jsonl");
  }
  check_output(path);
  std::error_code ignored;  // what cannot be looked at does not exist, or fails when it is written
  if (!arguments.overwrite && std::filesystem::exists(path, ignored)) {
    throw Error(ErrorKind::usage, "exists already", path, "give --overwrite or another name");
  }
}

// Makes rows of outcomes; used by one thread.
class RowMaker {
 public:
  RowMaker(const std::vector<std::string>& classes, const ScoreArguments& arguments)
      : classes_(classes),
        with_logits_(arguments.logits),
        k_(std::min(static_cast<std::size_t>(arguments.top_k), classes.size())),
        kernel_(kernels::prepare_first_runnable<kernels::TopK>(
            {.n = 1, .c = static_cast<int>(classes.size()), .k = static_cast<int>(k_)})),
        probabilities_(classes.size()),
        values_(k_),
        indices_(k_),
        scratch_(kernel_->workspace_bytes()) {}

  ScoreRow make(const ScoredImage& image, std::string path) {
    ScoreRow row{.path = std::move(path), .top = {}, .logits = {}, .error = {}};
    if (image.failure) {
      row.error = {stage_of(image.failure->stage), image.failure->message};
      return row;
    }
    std::copy(image.probabilities.begin(), image.probabilities.end(), probabilities_.data());
    kernel_->run_all(
        {.scratch = scratch_.span()},
        {.src = probabilities_.data(), .values = values_.data(), .indices = indices_.data()});
    for (std::size_t i = 0; i < k_; ++i) {
      const std::int32_t index = indices_[i];
      row.top.push_back({classes_[static_cast<std::size_t>(index)], index, values_[i]});
    }
    if (with_logits_) row.logits.assign(image.logits.begin(), image.logits.end());
    return row;
  }

 private:
  static ScoreRow::Stage stage_of(std::string_view name) {
    for (const auto stage : {ScoreRow::Stage::open, ScoreRow::Stage::decode})
      if (to_string(stage) == name) return stage;
    return ScoreRow::Stage::network;
  }

  const std::vector<std::string>& classes_;
  bool with_logits_;
  std::size_t k_;
  std::unique_ptr<const kernels::PreparedKernel<kernels::TopK>> kernel_;
  kernels::Buffer<float> probabilities_;   // (classes), aligned for the kernel
  kernels::Buffer<float> values_;          // (k)
  kernels::Buffer<std::int32_t> indices_;  // (k)
  kernels::Buffer<std::byte> scratch_;
};

// All inputs, in the order given.
DataSet open_inputs(const ScoreArguments& arguments) {
  DataSet data;
  for (const std::string& path : arguments.data) {
    data.append(
        open_data(path, parse_split(arguments.split), OpenMode::score, console_diagnostics()));
  }
  return data;
}

struct ScoreCounts {
  std::size_t images = 0;
  std::size_t failed = 0;
  double seconds = 0;  // of the whole run
};

// Decoding runs beside the network on idle threads: its share is the time that the network waited.
void print_summary(const ScoreCounts& counts, const ScoreTimes& times) {
  const double sum = std::max(times.decoding + times.network + times.callback, 1e-9);
  std::string_view bottleneck = "decoding";
  if (times.network >= std::max(times.decoding, times.callback))
    bottleneck = "the network";
  else if (times.callback > times.decoding)
    bottleneck = "writing";
  print_note(fmt::format("scored {} image{}, {} failed, in {:.2f} s: {:.1f} images/s",
                         counts.images, counts.images == 1 ? "" : "s", counts.failed,
                         counts.seconds,
                         static_cast<double>(counts.images) / std::max(counts.seconds, 1e-9)));
  print_note(fmt::format(
      "of the time decoding took {:.0f} %, the network {:.0f} %, writing {:.0f} %: the bottleneck "
      "is {}",
      times.decoding / sum * 100, times.network / sum * 100, times.callback / sum * 100,
      bottleneck));
}

int run_score(const ScoreArguments& arguments) {
  check_score_output(arguments);
  CpuDevice device(arguments.common);
  const Model model = read_model(arguments.model);
  const DataSet data = open_inputs(arguments);
  Scorer scorer(model, {.batch_size = arguments.batch_size, .plan = device.plan_options()},
                device.pool());
  RowMaker rows(model.classes, arguments);
  PartFile file(arguments.output,
                {.program = std::string(kVersion), .model_hash = hash_file(arguments.model)});
  ScoreCounts counts;
  ScoreTimes times;
  const auto start = std::chrono::steady_clock::now();
  {
    ProgressBar bar("score");
    const auto take = [&](const ScoredImage& image) {
      const ScoreRow row = rows.make(image, data.path(image.index));
      ++counts.images;
      counts.failed += row.error.has_value();
      file.append(to_json_line(row) + "\n");
      bar.update(counts.images, data.size());
    };
    times =
        scorer.run(data, IndexRange::all(data.size()), {.image = take, .cancelled = interrupted});
  }
  // Putting the results on the disk is writing too.
  const auto finish = std::chrono::steady_clock::now();
  file.finish();
  const auto end = std::chrono::steady_clock::now();
  times.callback += std::chrono::duration<double>(end - finish).count();
  counts.seconds = std::chrono::duration<double>(end - start).count();
  print_summary(counts, times);
  return counts.failed == 0 ? kDone : kSomeInputsFailed;
}

}  // namespace

void add_score_command(CLI::App& app, Chosen& chosen) {
  constexpr std::int64_t kMaxBatch = 65536;
  auto arguments = std::make_shared<ScoreArguments>();
  CLI::App& command = *app.add_subcommand("score", "Write the most probable classes of images");
  command.add_option("MODEL", arguments->model, "a model file")->required()->type_name("");
  command.add_option("DATA", arguments->data, "images, folders, CIFAR or IDX files")
      ->required()
      ->type_name("");
  command.add_option("-o,--output", arguments->output, "results, one JSON object an input")
      ->required()
      ->type_name("OUT.jsonl");
  limit_integer(command.add_option("--top-k", arguments->top_k, "classes an image"), 1, kMaxExtent)
      ->type_name("K [5]");
  command.add_flag("--logits", arguments->logits, "write all logits too");
  limit_words(command.add_option("--split", arguments->split, "part of the data; default: all"),
              "train, test, all")
      ->type_name("train|test|all");
  limit_integer(command.add_option("--batch-size", arguments->batch_size,
                                   "images at a time; changes speed and memory only"),
                1, kMaxBatch)
      ->type_name("N [64]");
  command.add_flag("--overwrite", arguments->overwrite, "replace results that exist");
  add_common_options(command, arguments->common);
  for (const char* option : {"--shard", "--resume"}) refuse_option(command, option);
  command.footer(kExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_score(*arguments); }; });
}

}  // namespace allconv::cli
