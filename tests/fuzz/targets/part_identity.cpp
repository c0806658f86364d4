// OUT.part.json: a text is compared with a run or refused; a run that was written is the same run,
// whatever bytes its flags and device hold.
#include "engine/formats/part_identity.hpp"

#include "tests/fuzz/harness/checks.hpp"

namespace allconv::fuzz {

namespace {

PartIdentity some_run(std::string_view text) {
  return {.program = "0.1.0",
          .model_hash = 0xB2ABD7C5A2F6B0A1,
          .inputs = 3,
          .inputs_hash = 7,
          .flags = {{"--top-k", "5"}, {"--decode", std::string(text)}},
          .device = std::string(text)};
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  const std::string_view text = fuzz::text_of({data, size});
  const PartIdentity run = fuzz::some_run("exact");
  fuzz::accepted({ErrorKind::usage}, [&] { compare_identity(run, text, "out.jsonl.part.json"); });
  const PartIdentity odd = fuzz::some_run(text.substr(0, 64));
  const auto again = compare_identity(odd, to_json_line(odd), "out.jsonl.part.json");
  fuzz::require(again.differences.empty(), "a run that was written is the same run");
  return 0;
}
