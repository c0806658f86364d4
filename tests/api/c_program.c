/* A C11 program that uses every kind of call; its exit status is the test's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allconv/allconv.h"
#include "allconv/images.h"

static int failures = 0;

static void expect(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s (%s)\n", what, allconv_last_error());
  ++failures;
}

static void note(void* user, allconv_severity severity, const char* sentence) {
  (void)severity;
  (void)sentence;
  ++*(int*)user;
}

static void use_session(const allconv_model* model, const uint8_t* pixels) {
  int notes = 0;
  allconv_session_options options = {.size = sizeof options,
                                     .purposes = ALLCONV_FOR_SCORES | ALLCONV_FOR_TRAINING |
                                                 ALLCONV_FOR_GUIDED,
                                     .batch_size = 2,
                                     .threads = 1,
                                     .diagnostics = note,
                                     .diagnostics_user = &notes};
  allconv_memory memory;
  expect(allconv_session_memory(model, &options, &memory) == ALLCONV_OK && memory.host > 0,
         "memory is told");
  allconv_session* session = NULL;
  expect(allconv_session_create(model, &options, &session) == ALLCONV_OK, "a session is made");
  expect(strncmp(allconv_session_device(session), "cpu", 3) == 0 ||
             strncmp(allconv_session_device(session), "cuda", 4) == 0,
         "the device is named");

  allconv_images images = allconv_nhwc_u8(pixels, 3, 32, 32);
  float probabilities[30], sum = 0;
  allconv_scores scores = {.probabilities = probabilities};
  expect(allconv_score(session, &images, &scores) == ALLCONV_OK, "images are scored");
  for (int i = 0; i < 10; ++i) sum += probabilities[20 + i];
  expect(sum > 0.999F && sum < 1.001F, "probabilities sum to 1");

  float* maps = malloc(sizeof(float) * 3 * 32 * 32 * 3);
  allconv_unit units[3];
  allconv_explanations explanations = {.maps = maps, .units = units};
  expect(allconv_explain(session, &images, NULL, ALLCONV_GUIDED, &explanations) == ALLCONV_OK,
         "images are explained");
  expect(units[2].channel >= 0 && units[2].channel < 10, "the unit is a class");
  free(maps);

  const int32_t labels[] = {1, 2};
  const allconv_sgd sgd = {.learning_rate = 0.01, .momentum = 0.9};
  allconv_step step = {0};
  images.count = 2;
  expect(allconv_train_step(session, &images, labels, &sgd, &step) == ALLCONV_OK && step.loss > 0,
         "a step is taken");
  allconv_model* trained = NULL;
  expect(allconv_session_model(session, &trained) == ALLCONV_OK, "the trained model is there");
  allconv_model_free(trained);
  allconv_session_free(session);
}

int main(void) {
  allconv_model_parts parts = {.size = sizeof parts, .network = "all-cnn-a"};
  allconv_model* model = NULL;
  expect(allconv_model_create(&parts, &model) == ALLCONV_OK, "a model is made");
  allconv_tensor tensor;
  expect(allconv_model_tensor(model, 0, &tensor) == ALLCONV_OK && tensor.rank == 4, "tensors");
  expect(allconv_model_tensor(model, 999, &tensor) == ALLCONV_USAGE, "tensor 999 is refused");
  expect(strstr(allconv_last_error(), "999") != NULL, "and named");
  expect(allconv_model_class_name(model, 10) == NULL, "there is no class 10");
  expect(allconv_model_load(NULL, &model) == ALLCONV_USAGE, "no path is refused");
  expect(allconv_model_load("/no/such/model", &model) == ALLCONV_IO, "no file is refused");

  uint8_t* pixels = malloc(3 * 32 * 32 * 3);
  for (int i = 0; i < 3 * 32 * 32 * 3; ++i) pixels[i] = (uint8_t)(i * 37);
  use_session(model, pixels);
  free(pixels);

  allconv_image_set* set = NULL;
  const char* paths[] = {"/no/such/folder"};
  expect(allconv_image_set_open(paths, 1, model, NULL, &set) == ALLCONV_IO, "no folder is refused");
  expect(strstr(allconv_last_error(), "/no/such/folder") != NULL, "and named by both libraries");
  allconv_image_set_free(NULL);
  allconv_session_free(NULL);
  allconv_model_free(model);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
