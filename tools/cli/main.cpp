// The program `allconv`: reads the command line, runs one command, and turns errors into a sentence
// on stderr and an exit code. Nothing but results goes to stdout.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "engine/support/error.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kDescription =
    "Trains, scores and explains all-convolutional networks.\n"
    "\n"
    "  allconv train pictures/ -o model.safetensors --epochs 20\n"
    "  allconv evaluate model.safetensors pictures/\n"
    "  allconv score model.safetensors photo.jpg more/ -o scores.jsonl\n"
    "  allconv explain model.safetensors photo.jpg -o explained/\n";

constexpr const char* kFooter =
    "`allconv COMMAND --help` shows a command's options, with examples.\n"
    "Exit codes: 0 done, 1 fault of the program, 2 usage, 3 not a model file, 4 some inputs "
    "failed,\n"
    "5 device, 6 input or output, 7 training failed, 130 interrupted.";

// The command that was being read when the error came.
const CLI::App& command_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : *chosen.front();
}

// An argument that nothing takes: of the program a command, else an option or one too many.
Error extra_argument_error(const std::string& argument, bool is_program, const std::string& help) {
  std::string_view what = is_program ? "there is no such command" : "is one argument too many";
  if (argument.starts_with('-')) what = "there is no such option";
  return {ErrorKind::usage, what, argument, help};
}

// CLI11's report as ours: "--threads: "0" is not allowed; give ...".
Error usage_error(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App& command = command_of(app);
  const bool is_program = &command == &app;
  const std::string help =
      is_program ? "see allconv --help" : fmt::format("see allconv {} --help", command.get_name());
  const std::string text = error.what();
  const bool is_missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  // A mistyped option is the likelier reason for a missing one.
  const auto extras = app.remaining(true);
  if (!extras.empty() && (is_missing || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr))
    return extra_argument_error(extras.front(), is_program, help);
  if (is_missing && is_program) return {ErrorKind::usage, "no command is given", {}, help};
  if (is_missing) {
    const std::string name = text.substr(0, text.find(" is required"));
    return {ErrorKind::usage, fmt::format("{} is missing", name), command.get_name(), help};
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return {ErrorKind::usage, "needs one value", text.substr(0, text.find(':')), help};
  // Our own checks say the mend themselves.
  const bool is_ours = dynamic_cast<const CLI::ValidationError*>(&error) != nullptr;
  return {ErrorKind::usage, text, {}, is_ours ? std::string() : help};
}

// In the order of the help.
void add_commands(CLI::App& app, Chosen& chosen) {
  add_train_command(app, chosen);
  add_evaluate_command(app, chosen);
  add_score_command(app, chosen);
  add_merge_command(app, chosen);
  add_report_command(app, chosen);
  add_explain_command(app, chosen);
  add_patches_command(app, chosen);
  add_plan_command(app, chosen);
  add_inspect_command(app, chosen);
  add_convert_command(app, chosen);
  add_networks_command(app, chosen);
  add_recipes_command(app, chosen);
  add_bench_command(app, chosen);
  add_tune_command(app, chosen);
}

int run(int count, char** arguments) {
  CLI::App app(kDescription, "allconv");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Chosen chosen;
  add_commands(app, chosen);
  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForHelp&) {
    print_result(command_of(app).help(app.get_subcommands().empty() ? "" : "allconv"));
    return kDone;
  } catch (const CLI::ParseError& error) {
    throw usage_error(error, app);
  }
  return chosen();
}

// The sentence on stderr; the kind's value is the exit code.
int fail(std::string_view sentence, ErrorKind kind) {
  print_note(sentence);
  return static_cast<int>(kind);
}

}  // namespace

}  // namespace allconv::cli

int main(int count, char** arguments) {
  using namespace allconv;
  cli::install_signal_handlers();
  try {
    return cli::run(count, arguments);
  } catch (const Error& error) {
    return cli::fail(error.what(), error.kind());
  } catch (const std::bad_alloc&) {
    return cli::fail("out of memory; use a smaller --batch-size or fewer --threads",
                     ErrorKind::device);
  } catch (const std::exception& error) {
    return cli::fail(std::string("a fault of the program: ") + error.what() +
                         "; please report it with the command line",
                     ErrorKind::internal);
  }
}
