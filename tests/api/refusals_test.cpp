// Every function that answers with a status refuses what is not there, and says what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "allconv/images.h"
#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

void expect_refused(Status status, const char* what) {
  EXPECT_EQ(status, ALLCONV_USAGE) << what;
  EXPECT_EQ(std::string(allconv_last_error()), std::string(what) + ": is NULL; give one");
}

TEST(Refusals, OfModels) {
  const Model model = tiny_model();
  allconv_model* made = nullptr;
  const char* const classes[] = {"a", "b", nullptr};
  allconv_model_parts parts = {};
  parts.size = sizeof parts;
  expect_refused(allconv_model_load(nullptr, &made), "path");
  expect_refused(allconv_model_load("a", nullptr), "model");
  expect_refused(allconv_model_save(nullptr, "a"), "model");
  expect_refused(allconv_model_save(model.handle(), nullptr), "path");
  expect_refused(allconv_model_create(nullptr, &made), "parts");
  expect_refused(allconv_model_create(&parts, nullptr), "model");
  expect_refused(allconv_model_create(&parts, &made), "network");
  expect_refused(allconv_model_with_classes(nullptr, classes, 2, 0, &made), "model");
  expect_refused(allconv_model_with_classes(model.handle(), nullptr, 2, 0, &made), "classes");
  expect_refused(allconv_model_with_classes(model.handle(), classes, 3, 0, &made), "classes[2]");
  expect_refused(allconv_model_with_classes(model.handle(), classes, 2, 0, nullptr), "result");
  allconv_tensor tensor = {};
  expect_refused(allconv_model_tensor(nullptr, 0, &tensor), "model");
  expect_refused(allconv_model_tensor(model.handle(), 0, nullptr), "tensor");
  EXPECT_EQ(made, nullptr);
}

TEST(Refusals, OfSessions) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(1);
  const Images images = tiny_images(pixels);
  Session session(
      model, {.purposes = {.training = true, .explanations = {Method::gradient}}, .threads = 1});
  allconv_session* const handle = session.handle();
  allconv_session* made = nullptr;
  allconv_model* trained = nullptr;
  allconv_memory memory = {};
  const allconv_scores scores = {};
  const allconv_explanations explanations = {};
  const std::int32_t label = 0;
  const Sgd sgd = {};
  expect_refused(allconv_session_create(nullptr, nullptr, &made), "model");
  expect_refused(allconv_session_create(model.handle(), nullptr, nullptr), "session");
  expect_refused(allconv_session_memory(nullptr, nullptr, &memory), "model");
  expect_refused(allconv_session_memory(model.handle(), nullptr, nullptr), "memory");
  expect_refused(allconv_session_model(nullptr, &trained), "session");
  expect_refused(allconv_session_model(handle, nullptr), "model");
  expect_refused(allconv_score(nullptr, &images, &scores), "session");
  expect_refused(allconv_score(handle, nullptr, &scores), "images");
  expect_refused(allconv_score(handle, &images, nullptr), "scores");
  expect_refused(allconv_explain(nullptr, nullptr, nullptr, ALLCONV_GRADIENT, &explanations),
                 "images");
  expect_refused(allconv_explain(handle, &images, nullptr, ALLCONV_GRADIENT, nullptr),
                 "explanations");
  expect_refused(allconv_explain(handle, &images, nullptr, ALLCONV_GRADIENT, &explanations),
                 "explanations: maps");
  expect_refused(allconv_train_step(nullptr, &images, &label, &sgd, nullptr), "session");
  expect_refused(allconv_train_step(handle, nullptr, &label, &sgd, nullptr), "images");
  expect_refused(allconv_train_step(handle, &images, nullptr, &sgd, nullptr), "labels");
  expect_refused(allconv_train_step(handle, &images, &label, nullptr, nullptr), "sgd");
  allconv_session_free(nullptr);
  allconv_model_free(nullptr);
}

TEST(Refusals, OfImageSets) {
  const Model model = tiny_model();
  allconv_image_set* set = nullptr;
  const char* const paths[] = {"a", nullptr};
  expect_refused(allconv_image_set_open(nullptr, 1, model.handle(), nullptr, &set), "paths");
  expect_refused(allconv_image_set_open(paths + 1, 1, model.handle(), nullptr, &set), "paths");
  expect_refused(allconv_image_set_open(paths, 1, nullptr, nullptr, &set), "model");
  expect_refused(allconv_image_set_open(paths, 1, model.handle(), nullptr, nullptr), "set");
  expect_refused(allconv_image_set_read(nullptr, 0, 0, nullptr, nullptr), "set");
  allconv_image_set_free(nullptr);
}

}  // namespace

}  // namespace allconv::test
