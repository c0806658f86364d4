// JSON within limits: what is accepted keeps them, and is written and read again as the same value.
#include "engine/support/json.hpp"

#include <nlohmann/json.hpp>

#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

constexpr JsonLimits kLimits = {.bytes = 1 << 12, .depth = 6, .elements = 64};

std::size_t depth_of(const nlohmann::json& value) {
  std::size_t deepest = 0;
  for (const auto& child : value) {
    if (child.is_structured()) deepest = std::max(deepest, depth_of(child));
  }
  return deepest + (value.is_structured() ? 1 : 0);
}

std::size_t elements_of(const nlohmann::json& value) {
  std::size_t elements = 1 + (value.is_object() ? value.size() : 0);  // keys count too
  for (const auto& child : value) {
    elements += child.is_structured() ? elements_of(child) : 1;
  }
  return elements;
}

void check_value(const nlohmann::json& value, const JsonSource& source) {
  require(depth_of(value) <= kLimits.depth, "the depth stays within its limit");
  require(!value.is_structured() || elements_of(value) <= kLimits.elements,
          "the number of values stays within its limit");
  const JsonLimits wider = {.bytes = 1 << 20, .depth = kLimits.depth, .elements = kLimits.elements};
  // Written texts may be longer: escapes, and all digits of a number.
  require(parse_json(value.dump(), source, wider) == value, "JSON that was written reads equal");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  const JsonSource source = {ErrorKind::usage, "a text"};
  fuzz::accepted({ErrorKind::usage}, [&] {
    const nlohmann::json value = parse_json(fuzz::text_of({data, size}), source, fuzz::kLimits);
    fuzz::check_value(value, source);
  });
  return 0;
}
