// The commands of the program, and the options that several of them share.
//
// Each command stands in a file of its own, with one function that describes it to CLI11 and says
// what is to run when it is chosen. Commands throw allconv::Error; main() makes the sentence and
// exit code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/data/data_set.hpp"
#include "engine/data/load.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/graph/network.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own
class App;
class Option;
}  // namespace CLI

namespace allconv::cli {

inline constexpr int kDone = 0;
inline constexpr int kSomeInputsFailed = 4;

// What the command line asked for: returns the exit code. Empty until a command was chosen.
using Chosen = std::function<int()>;

// `chosen` outlives the parsing; it is set when the command line names the command.
void add_train_command(CLI::App& app, Chosen& chosen);
void add_score_command(CLI::App& app, Chosen& chosen);
void add_merge_command(CLI::App& app, Chosen& chosen);
void add_evaluate_command(CLI::App& app, Chosen& chosen);
void add_report_command(CLI::App& app, Chosen& chosen);
void add_explain_command(CLI::App& app, Chosen& chosen);
void add_patches_command(CLI::App& app, Chosen& chosen);
void add_plan_command(CLI::App& app, Chosen& chosen);
void add_inspect_command(CLI::App& app, Chosen& chosen);
void add_convert_command(CLI::App& app, Chosen& chosen);
void add_networks_command(CLI::App& app, Chosen& chosen);
void add_bench_command(CLI::App& app, Chosen& chosen);
void add_tune_command(CLI::App& app, Chosen& chosen);
void add_recipes_command(CLI::App& app, Chosen& chosen);

// --device --precision --threads --deterministic --workspace-limit --tuning-file --tuning-budget
// --isa --exact; --trace where it is offered, else refused. ComputeDevice (device.hpp) makes a
// thread pool and plan options of them.
struct CommonOptions {
  std::string device = "auto";
  std::string precision = "fp32";
  int threads = 0;                         // 0: all that the process may use
  bool deterministic = false;              // the CPU always is
  std::size_t workspace_limit = SIZE_MAX;  // bytes
  std::string tuning_file;                 // empty: none; of a GPU that of the user's cache
  double tuning_budget = 10;               // seconds of a GPU's tuner
  std::string isa;                         // empty: the best of the CPU
  bool exact = false;                      // no Winograd
  std::string trace;                       // empty: none
};
enum class Tracing { refused, offered };
void add_common_options(CLI::App& command, CommonOptions& options,
                        Tracing tracing = Tracing::refused);

// --network NAME|FILE.json --network-options --classes; nullopt: not given.
struct NetworkChoice {
  std::optional<std::string> network;
  std::optional<std::string> options;
  std::optional<int> classes;
};
void add_network_options(CLI::App& command, NetworkChoice& choice);

// The network chosen, all-cnn-c where none is named. `default_classes`: used where --classes is not
// given; nullopt: the network's own. Throws Error{usage}, Error{io}.
NetworkDescription choose_network(const NetworkChoice& choice,
                                  std::optional<int> default_classes = std::nullopt);

// MODEL|NETWORK: the file of a model, or a network without weights.
struct ModelOrNetwork {
  std::optional<Model> model;
  NetworkDescription network;  // the model's, where there is one
};

// `argument` may be a network's name, a network's .json file or a model's path; nullopt: as
// choose_network(). Throws Error{usage} where the network is named twice.
ModelOrNetwork choose_model_or_network(const std::optional<std::string>& argument,
                                       const NetworkChoice& choice);

// A number within both limits, inclusive; anything else is one sentence that names the option. Used
// with options of a numeric type or std::optional of one.
CLI::Option* limit_integer(CLI::Option* option, std::int64_t least, std::int64_t most);
CLI::Option* limit_number(CLI::Option* option, double least, double most);

// A whole number that is not negative; anything else is nothing.
std::optional<int> parse_index(std::string_view text);

// Anything but an empty text, which is what a shell makes of a variable that is not set.
CLI::Option* limit_filled(CLI::Option* option);

// One of the words, listed with commas between them in the sentence that refuses others.
CLI::Option* limit_words(CLI::Option* option, std::string_view words);

// --decode --max-pixels: how images are decoded.
struct DecodeChoice {
  std::string mode = "exact";
  double megapixels = static_cast<double>(kDefaultPixelLimit) / 1e6;

  DecodeMode decode_mode() const { return mode == "fast" ? DecodeMode::fast : DecodeMode::exact; }
  std::int64_t pixel_limit() const { return static_cast<std::int64_t>(megapixels * 1e6); }
};
void add_decode_options(CLI::App& command, DecodeChoice& choice);
void add_max_pixels_option(CLI::App& command, DecodeChoice& choice);  // the second alone

// The split that --split names: "train", "test" or "all".
Split parse_split(std::string_view name);

// Refuses, before the work begins, an output file that could not be written at the end. Throws
// Error{io}: its folder is missing or read-only, or the path is a folder.
void check_output(const std::string& path);

// An option that the command does not have: refused by name, not shown in the help.
void refuse_option(CLI::App& command, const std::string& name);

}  // namespace allconv::cli
