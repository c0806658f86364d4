// allconv convert
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "engine/onnx/onnx_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"
#include "engine/support/text.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kConvertExamples =
    "Examples:\n"
    "  A model for ONNX Runtime and others:\n"
    "    allconv convert model.safetensors model.onnx\n"
    "  A network of another program, with what its file does not tell:\n"
    "    allconv convert other.onnx model.safetensors --classes names.txt\n"
    "      --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225";

struct ConvertArguments {
  std::string in, out;
  std::string classes;  // a file; empty: none
  std::optional<double> scale;
  std::optional<std::string> mean, std;
};

bool is_onnx(std::string_view path) {
  constexpr std::string_view kSuffix = ".onnx";
  if (path.size() < kSuffix.size()) return false;
  const std::string_view suffix = path.substr(path.size() - kSuffix.size());
  return std::equal(suffix.begin(), suffix.end(), kSuffix.begin(), [](char found, char wanted) {
    return (found >= 'A' && found <= 'Z' ? found - 'A' + 'a' : found) == wanted;
  });
}

// "0.485,0.456,0.406"
std::array<double, 3> parse_triple(const std::string& option, const std::string& text, bool above) {
  std::array<double, 3> triple{};
  const char* begin = text.data();
  const char* const end = begin + text.size();
  for (std::size_t i = 0; i < triple.size(); ++i) {
    if (i > 0 && begin != end && *begin == ',') ++begin;
    const auto [after, code] = std::from_chars(begin, end, triple[i]);
    const bool fits = code == std::errc{} && std::isfinite(triple[i]) && !(above && triple[i] <= 0);
    if (!fits || (i + 1 < triple.size() ? after == end || *after != ',' : after != end)) {
      throw Error(ErrorKind::usage, fmt::format("\"{}\" is not allowed", text), option,
                  above ? "give three numbers above 0, for red, green and blue: R,G,B"
                        : "give three numbers, for red, green and blue: R,G,B");
    }
    begin = after;
  }
  return triple;
}

// A name a line.
std::vector<std::string> read_class_names(const std::string& path) {
  constexpr std::int64_t kMaxBytes = 1 << 24;
  const std::string content = read_file(path, kMaxBytes);
  if (!is_utf8(content))
    throw Error(ErrorKind::usage, "the names are not UTF-8", path, "save them as UTF-8");
  std::vector<std::string> names;
  std::string_view rest = content;
  while (!rest.empty()) {
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    std::string_view name = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    if (name.ends_with('\r')) name.remove_suffix(1);
    if (name.empty()) {
      throw Error(ErrorKind::usage, fmt::format("line {} is empty", names.size() + 1), path,
                  "give a name a line");
    }
    names.emplace_back(name);
  }
  return names;
}

OnnxExtras extras_of(const ConvertArguments& arguments) {
  OnnxExtras extras;
  if (!arguments.classes.empty()) extras.classes = read_class_names(arguments.classes);
  extras.scale = arguments.scale;
  if (arguments.mean) extras.mean = parse_triple("--mean", *arguments.mean, false);
  if (arguments.std) extras.std = parse_triple("--std", *arguments.std, true);
  return extras;
}

int run_convert(const ConvertArguments& arguments) {
  const bool from_onnx = is_onnx(arguments.in);
  if (from_onnx == is_onnx(arguments.out)) {
    throw Error(ErrorKind::usage,
                from_onnx ? "both names end in .onnx" : "neither name ends in .onnx",
                fmt::format("{} and {}", to_utf8(arguments.in), to_utf8(arguments.out)),
                "give one ONNX file and one model file");
  }
  const bool has_extras =
      !arguments.classes.empty() || arguments.scale || arguments.mean || arguments.std;
  if (has_extras && !from_onnx) {
    throw Error(ErrorKind::usage, "a model file has them itself",
                "--classes, --scale, --mean, --std", "leave them out");
  }
  check_output(arguments.out);
  Model model;
  if (from_onnx) {
    model = read_onnx(arguments.in, console_diagnostics(), extras_of(arguments));
    write_model(model, arguments.out);
  } else {
    model = read_model(arguments.in);
    write_onnx(model, arguments.out);
  }
  print_note(fmt::format("wrote {}: network {}, {} classes, {} parameters", to_utf8(arguments.out),
                         to_utf8(model.network.name), model.classes.size(),
                         summarise(model.network).parameters));
  return kDone;
}

}  // namespace

void add_convert_command(CLI::App& app, Chosen& chosen) {
  constexpr double kMostScale = 1e6;
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App& command =
      *app.add_subcommand("convert", "Make an ONNX file of a model, or the reverse");
  command.add_option("IN", arguments->in, "a model file, or an ONNX file: NAME.onnx")
      ->required()
      ->type_name("");
  command.add_option("OUT", arguments->out, "the other of the two; one that exists is replaced")
      ->required()
      ->type_name("");
  const auto add = [&](const char* name, auto& value, const char* help) {
    return command.add_option(name, value, help)->group("What an ONNX file does not tell");
  };
  limit_filled(add("--classes", arguments->classes, "names of the classes, one a line"))
      ->type_name("FILE");
  limit_number(add("--scale", arguments->scale,
                   "what levels from 0 to 255 are multiplied by; default: 1/255"),
               -kMostScale, kMostScale)
      ->type_name("NUMBER");
  add("--mean", arguments->mean, "then subtracted; default: 0,0,0")->type_name("R,G,B");
  add("--std", arguments->std, "then divided by; default: 1,1,1")->type_name("R,G,B");
  command.footer(kConvertExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_convert(*arguments); }; });
}

}  // namespace allconv::cli
