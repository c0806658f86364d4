#include "tests/operations/suite/options.hpp"

#include <charconv>
#include <stdexcept>

namespace allconv::suite {

namespace {

std::uint64_t parse_seed(std::string_view text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("--seed=" + std::string(text) + ": give a whole number");
  }
  return seed;
}

void assign(Options& options, std::string_view flag, std::string_view value) {
  if (flag == "--operation") {
    options.operation = value;
  } else if (flag == "--row") {
    options.row = value;
  } else if (flag == "--problem") {
    options.problem = value;
  } else if (flag == "--variant") {
    options.variant = value;
  } else if (flag == "--seed") {
    options.seed = parse_seed(value);
  } else if (flag == "--data" && parse_data_kind(value)) {
    options.data = parse_data_kind(value);
  } else {
    throw std::invalid_argument(std::string(flag) + "=" + std::string(value) +
                                ": the flags are --full --operation=NAME --row=NAME "
                                "--problem=TEXT --variant=NAME --data=integers|reals|specials "
                                "--seed=N");
  }
}

}  // namespace

Options parse_options(int count, const char* const* arguments) {
  const std::string_view program = arguments[0];
  Options options;
  options.program = program.substr(program.rfind('/') + 1);
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--full") {
      options.full_size = true;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string_view flag = argument.substr(0, equals);
    const bool has_value = equals != std::string_view::npos;
    assign(options, flag, has_value ? argument.substr(equals + 1) : std::string_view());
  }
  if (!options.problem.empty() && options.operation.empty()) {
    throw std::invalid_argument("--problem needs --operation: a problem is one operation's");
  }
  return options;
}

}  // namespace allconv::suite
