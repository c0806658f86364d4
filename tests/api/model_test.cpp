#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

using testing::HasSubstr;
using testing::Pair;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Model, IsTheSameAfterSavingAndLoading) {
  const TemporaryFolder folder;
  const Model model = tiny_model();
  model.save(folder / "a.safetensors");
  const Model loaded = Model::load(folder / "a.safetensors");
  loaded.save(folder / "b.safetensors");
  EXPECT_EQ(bytes_of(folder / "a.safetensors"), bytes_of(folder / "b.safetensors"));
  EXPECT_EQ(loaded.network(), model.network());
  EXPECT_EQ(loaded.preparation(), model.preparation());
  EXPECT_EQ(loaded.height(), kHeight);
  EXPECT_EQ(loaded.width(), kWidth);
  ASSERT_EQ(loaded.class_count(), 4U);
  EXPECT_EQ(loaded.class_name(3), "3");
  EXPECT_THROW(static_cast<void>(loaded.class_name(4)), std::out_of_range);
}

TEST(Model, IsMadeOfItsOwnTensors) {
  const Model model = tiny_model();
  ModelParts parts = {.network = model.network(),
                      .classes = {"a", "b", "c", "d"},
                      .preparation = model.preparation(),
                      .tensors = model.tensors()};
  const Model copy = Model::create(parts);
  EXPECT_EQ(copy.class_name(2), "c");
  ASSERT_EQ(copy.tensors().size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const TensorView before = model.tensors()[i], after = copy.tensors()[i];
    EXPECT_EQ(before.name, after.name);
    EXPECT_EQ(before.shape, after.shape);
    EXPECT_TRUE(std::equal(before.values.begin(), before.values.end(), after.values.begin()));
  }
  EXPECT_EQ(copy.tensors()[2].name, "second.weight");
  EXPECT_THAT(copy.tensors()[2].shape, testing::ElementsAre(6, 8, 3, 3));
}

TEST(Model, IsMadeOfANameOfThePaper) {
  const Model model = Model::create({.network = "all-cnn-a", .class_count = 7, .seed = 3});
  EXPECT_EQ(model.class_count(), 7U);
  EXPECT_EQ(model.height(), 32);
  EXPECT_EQ(Model::create({.network = "all-cnn-a"}).class_count(), 10U);
}

// Each kind of wrong part, with a piece of its sentence.
TEST(Model, RefusesPartsThatMakeNone) {
  const Model model = tiny_model();
  const auto refused = [&](const auto& change) {
    ModelParts parts = {.network = model.network(), .tensors = model.tensors()};
    change(parts);
    return failure_of([&] { Model::create(parts); });
  };
  const auto usage = [](const char* part) { return Pair(ALLCONV_USAGE, HasSubstr(part)); };
  EXPECT_THAT(refused([](ModelParts& parts) { parts.network = "no-such-net"; }),
              usage("no-such-net"));
  EXPECT_THAT(refused([](ModelParts& parts) { parts.network = "{}"; }), usage("network"));
  EXPECT_THAT(refused([](ModelParts& parts) { parts.classes = {"a"}; }), usage("classes"));
  EXPECT_THAT(refused([](ModelParts& parts) { parts.class_count = 5; }), usage("classes"));
  EXPECT_THAT(refused([](ModelParts& parts) { parts.preparation = "{}"; }), usage("preparation"));
  EXPECT_THAT(refused([](ModelParts& parts) { parts.tensors.pop_back(); }),
              usage("tensor last.bias: is missing"));
  EXPECT_THAT(refused([](ModelParts& parts) {
                parts.tensors[0].shape = {8, 3, 9};
              }),
              usage("tensor first.weight: has another shape; give (8, 3, 3, 3)"));
  EXPECT_THAT(refused([](ModelParts& parts) {
                parts.tensors[0].shape = {1, 8, 3, 3, 3};
              }),
              usage("has another shape"));
  EXPECT_THAT(refused([](ModelParts& parts) { parts.tensors.push_back(parts.tensors[0]); }),
              usage("first.weight"));
  EXPECT_THAT(refused([](ModelParts& parts) { parts.tensors[1].name = "other.bias"; }),
              usage("first.bias"));
  std::vector<float> bias(4, std::numeric_limits<float>::infinity());
  EXPECT_THAT(refused([&](ModelParts& parts) { parts.tensors[5].values = bias; }),
              usage("not finite"));
}

TEST(Model, GetsOtherClasses) {
  const Model model = tiny_model();
  const Model renamed = model.with_classes({"a", "b", "c", "d"});
  EXPECT_EQ(renamed.class_name(1), "b");
  const auto last = [](const Model& of) {
    const auto values = of.tensors()[4].values;
    return std::vector(values.begin(), values.end());
  };
  EXPECT_EQ(last(renamed), last(model));
  const Model wider = model.with_classes({"a", "b", "c", "d", "e"}, 7);
  EXPECT_EQ(wider.class_count(), 5U);
  EXPECT_EQ(last(wider).size(), 30U);
  EXPECT_NE(last(wider), last(model.with_classes({"a", "b", "c", "d", "e"}, 8)));
  EXPECT_THAT(failure_of([&] { model.with_classes({}); }).first, ALLCONV_USAGE);
}

TEST(Model, SaysWhatIsWrongWithAFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "broken.safetensors";
  EXPECT_THAT(failure_of([&] { Model::load(path); }), Pair(ALLCONV_IO, HasSubstr(path)));
  std::ofstream(path) << "no model";
  EXPECT_THAT(failure_of([&] { Model::load(path); }), Pair(ALLCONV_BAD_MODEL, HasSubstr(path)));
  EXPECT_THAT(failure_of([&] { tiny_model().save(folder / "none/model"); }).first, ALLCONV_IO);
}

}  // namespace

}  // namespace allconv::test
