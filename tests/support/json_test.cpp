// JSON from outside can be wrong in any way and gets an error that names the place.
#include "engine/support/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

const JsonSource kSource = {ErrorKind::model, "file"};

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  const std::string sentence =
      error_of(ErrorKind::model, [&] { parse_json(text, kSource, limits); });
  EXPECT_EQ(sentence.substr(0, 6), "file: ");
  EXPECT_LT(sentence.size(), 500U);
  return sentence;
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const std::string_view text :
       {"", " ", "{", "[1,]", "{\"a\" 1}", "nul", "1 2", "NaN", "[Infinity]", "1e999", "'a'",
        "\"\xFF\"", "\"\xED\xA0\x80\"", "{} x", "// comment\n1", "\"a\nb\""}) {
    refusal(text);
  }
  refusal("\"" + std::string(100'000, 'x'));
}

TEST(Json, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_NE(refusal(R"({"a": 1, "a": 1})").find("\"a\" twice"), std::string::npos);
  EXPECT_NE(refusal(R"([{"b": {"a": 1, "c": [], "a": 2}}])").find("twice"), std::string::npos);
  refusal("{\"" + std::string(10'000, 'k') + "\": 1, \"" + std::string(10'000, 'k') + "\": 1}");
  parse_json(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})", kSource);
}

TEST(Json, LimitsAreHard) {
  const JsonLimits limits = {.bytes = 30, .depth = 3, .elements = 6};
  parse_json("[[[1]]]", kSource, limits);
  EXPECT_NE(refusal("[[[[1]]]]", limits).find("nested"), std::string::npos);
  parse_json("[1,2,3,4,5]", kSource, limits);
  EXPECT_NE(refusal("[1,2,3,4,5,6]", limits).find("more than 6 values"), std::string::npos);
  parse_json("1" + std::string(29, ' '), kSource, limits);
  EXPECT_NE(refusal("1" + std::string(30, ' '), limits).find("30 bytes"), std::string::npos);
  refusal(std::string(1'000'000, '['));  // the parser stops at once, on any stack
}

TEST(JsonValue, NamesThePlaceOfAWrongValue) {
  const nlohmann::json parsed = parse_json(
      R"({"layers": [{"kernel": [1, "x"]}, 2], "big": 9223372036854775808, "half": 0.5})", kSource);
  const JsonValue value(parsed, kSource);
  const auto kernel = value.at("layers").elements("layer")[0].at("kernel");
  EXPECT_EQ(kernel.elements_exactly(2)[0].integer(1, 1), 1);
  const auto sentence = [](const auto& body) { return error_of(ErrorKind::model, body); };
  EXPECT_EQ(sentence([&] {
              kernel.elements()[1].integer(0, 9);
            }).find("file: layers: layer 1: kernel: element 2: not a whole number"),
            0U);
  sentence([&] { kernel.elements()[0].integer(2, 9); });
  sentence([&] { kernel.elements_exactly(3); });
  sentence([&] { value.at("layers").at("kernel"); });
  sentence([&] { value.at("missing"); });
  sentence([&] { value.at("big").integer(0, INT64_MAX); });
  sentence([&] { value.at("half").integer(0, 1); });
  sentence([&] { value.at("half").string(); });
  sentence([&] { value.at("half").boolean(); });
  sentence([&] { value.at("layers").number(); });
  sentence([&] { value.elements(); });
  sentence([&] { value.at("half").keys(); });
  EXPECT_FALSE(value.find("missing").has_value());
  EXPECT_EQ(value.at("half").number(), 0.5);
}

}  // namespace
}  // namespace allconv
