// Options that several commands share, and the checks of their values: a value that cannot be meant
// gives one sentence that names the option and what it takes.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <string>

#include "engine/support/error.hpp"
#include "engine/support/file_descriptor.hpp"
#include "tools/cli/command.hpp"

namespace allconv::cli {

namespace {

constexpr std::int64_t kMaxThreads = 1024;
constexpr double kMaxBudget = 86400;  // a day, in seconds

// The whole text as a number; nullopt where it is anything else.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A check that CLI11 runs before it converts; the sentence it returns is empty when all is well.
CLI::Option* check(CLI::Option* option, std::function<std::string(std::string&)> sentence) {
  return option->check(CLI::Validator(std::move(sentence), ""));
}

// What is wrong with a value of --device; whether the device can be used is another question.
std::string device_sentence(const std::string& text) {
  constexpr std::string_view kCuda = "cuda:";
  if (text == "auto" || text == "cpu" || text == "cuda") return {};
  const bool numbered = text.starts_with(kCuda);
  // Nothing is no number, so a text without the prefix is refused.
  const auto number = parse_number<unsigned>(numbered ? text.substr(kCuda.size()) : "");
  return number ? "" : fmt::format("\"{}\" is no device; give auto, cpu or cuda[:N]", text);
}

}  // namespace

CLI::Option* limit_integer(CLI::Option* option, std::int64_t least, std::int64_t most) {
  return check(option, [least, most](const std::string& text) -> std::string {
    const auto number = parse_number<std::int64_t>(text);
    if (number && *number >= least && *number <= most) return {};
    return fmt::format("\"{}\" is not allowed; give a whole number from {} to {}", text, least,
                       most);
  });
}

// A comparison with NaN is false, so NaN is refused.
CLI::Option* limit_number(CLI::Option* option, double least, double most) {
  return check(option, [least, most](const std::string& text) -> std::string {
    const auto number = parse_number<double>(text);
    if (number && *number >= least && *number <= most) return {};
    return fmt::format("\"{}\" is not allowed; give a number from {} to {}", text, least, most);
  });
}

std::optional<int> parse_index(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number >= 0 ? std::optional(number) : std::nullopt;
}

CLI::Option* limit_filled(CLI::Option* option) {
  return check(option, [](const std::string& text) -> std::string {
    return text.empty() ? "its value is empty; give one, or leave the option out" : std::string();
  });
}

CLI::Option* limit_words(CLI::Option* option, std::string_view words) {
  return check(option, [words = std::string(words)](const std::string& text) -> std::string {
    // Between separators on both sides only whole words are found.
    const std::string known = fmt::format(", {}, ", words);
    if (known.find(fmt::format(", {}, ", text)) != std::string::npos) return {};
    return fmt::format("\"{}\" is not among its values; give one of {}", text, words);
  });
}

void add_decode_options(CLI::App& command, DecodeChoice& choice) {
  limit_words(command.add_option("--decode", choice.mode,
                                 "fast: JPEGs are scaled while decoded, which moves scores a "
                                 "little; default: exact"),
              "exact, fast")
      ->type_name("exact|fast");
  add_max_pixels_option(command, choice);
}

void add_max_pixels_option(CLI::App& command, DecodeChoice& choice) {
  constexpr double kMaxMegapixels = 1e6;
  limit_number(
      command.add_option("--max-pixels", choice.megapixels, "millions; a larger image is an error"),
      0, kMaxMegapixels)
      ->type_name("MEGAPIXELS [200]");
}

Split parse_split(std::string_view name) {
  if (name == "train") return Split::train;
  return name == "test" ? Split::test : Split::all;
}

void check_output(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) throw_system_error("cannot write", path, EISDIR);
    if (::access(path.c_str(), W_OK) < 0) throw_system_error("cannot write", path, errno);
  }
  const std::string folder = folder_of(path);
  if (::stat(folder.c_str(), &status) == 0 && !S_ISDIR(status.st_mode))
    throw_system_error("cannot write", path, ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) < 0)
    throw_system_error("cannot write into the folder", folder, errno);
}

// The value, if there is one, belongs to the option: it is not to be taken for an argument.
void refuse_option(CLI::App& command, const std::string& name) {
  const CLI::callback_t refuse = [name](const CLI::results_t&) -> bool {
    throw Error(ErrorKind::usage, "this command does not have this option", name, "leave it out");
  };
  command.add_option(name, refuse, "")->expected(0, 1)->group("");
}

void add_common_options(CLI::App& command, CommonOptions& options, Tracing tracing) {
  const auto add = [&command](const char* name, auto& value, const char* help) {
    return command.add_option(name, value, help)->group("Device and memory");
  };
  check(add("--device", options.device,
            "auto, cpu or cuda[:N]; default: auto, the first CUDA GPU where there is one"),
        device_sentence)
      ->type_name("DEVICE");
  limit_words(add("--precision", options.precision,
                  "fp32, tf32, bf16 or fp16; of the CPU fp32, and bf16 where it has AMX"),
              "fp32, tf32, bf16, fp16")
      ->type_name("NAME");
  limit_integer(add("--threads", options.threads, "default: all that the process may use"), 1,
                kMaxThreads)
      ->type_name("N");
  command
      .add_flag(
          "--deterministic", options.deterministic,
          "the same bits on every run: on the CPU that is always so; on a GPU no clock chooses "
          "kernels then")
      ->group("Device and memory");
  limit_integer(add("--workspace-limit", options.workspace_limit,
                    "most memory for packed weights and workspaces together"),
                0, INT64_MAX)
      ->type_name("BYTES");
  add("--tuning-file", options.tuning_file,
      "choose the kernels that `allconv tune` found fastest; on a GPU what it lacks is timed and "
      "added")
      ->type_name("FILE");
  limit_number(add("--tuning-budget", options.tuning_budget,
                   "most time for finding the fastest kernels of a network on a GPU"),
               0, kMaxBudget)
      ->type_name("SECONDS [10]");
  limit_words(add("--isa", options.isa, "the instructions that kernels may use; default: the best"),
              "portable, avx2, avx512")
      ->type_name("NAME");
  command
      .add_flag("--exact", options.exact,
                "convolutions by direct sums alone: slower, roundings of plain fp32")
      ->group("Device and memory");
  if (tracing == Tracing::refused) return refuse_option(command, "--trace");
  add("--trace", options.trace, "write what ran when on which thread or GPU, for ui.perfetto.dev")
      ->type_name("FILE.json");
}

}  // namespace allconv::cli
