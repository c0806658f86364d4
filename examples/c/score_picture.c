/* Scores pictures, a line a picture.
 *
 *     score_picture MODEL PICTURE...
 */
#include <allconv/images.h>
#include <stdio.h>
#include <stdlib.h>

/* What one run holds; all zero before it begins. */
typedef struct run {
  allconv_model* model;
  allconv_image_set* set;
  allconv_session* session;
  uint8_t* pixels;      /* (count,height,width,3) */
  float* probabilities; /* (count,classes) */
} run;

static void release(run* of) {
  free(of->probabilities);
  free(of->pixels);
  allconv_session_free(of->session);
  allconv_image_set_free(of->set);
  allconv_model_free(of->model);
}

static void print_scores(const run* of, size_t count) {
  const size_t classes = allconv_model_class_count(of->model);
  for (size_t i = 0; i < count; ++i) {
    const char* path = allconv_image_set_path(of->set, i);
    const char* failure = allconv_image_set_failure(of->set, i);
    if (failure != NULL) {
      fprintf(stderr, "%s: %s\n", path, failure);
      continue;
    }
    const float* row = of->probabilities + i * classes;
    size_t best = 0;
    for (size_t k = 1; k < classes; ++k) {
      if (row[k] > row[best]) best = k;
    }
    printf("%s\t%s\t%.3f\n", path, allconv_model_class_name(of->model, best), row[best]);
  }
}

static allconv_status score(run* of, const char* model, const char* const* paths, size_t count) {
  allconv_status status = allconv_model_load(model, &of->model);
  if (status != ALLCONV_OK) return status;
  status = allconv_image_set_open(paths, count, of->model, NULL, &of->set);
  if (status != ALLCONV_OK) return status;
  status = allconv_session_create(of->model, NULL, &of->session);
  if (status != ALLCONV_OK) return status;

  const size_t images = allconv_image_set_count(of->set);
  const int32_t height = allconv_model_height(of->model), width = allconv_model_width(of->model);
  of->pixels = calloc(images, 3 * (size_t)height * (size_t)width);
  of->probabilities = calloc(images, allconv_model_class_count(of->model) * sizeof(float));
  if (of->pixels == NULL || of->probabilities == NULL) {
    allconv_set_last_error("there is not enough memory");
    return ALLCONV_DEVICE;
  }
  status = allconv_image_set_read(of->set, 0, images, of->pixels, NULL);
  if (status != ALLCONV_OK) return status;
  const allconv_images view = allconv_nhwc_u8(of->pixels, (int64_t)images, height, width);
  const allconv_scores scores = {.probabilities = of->probabilities};
  status = allconv_score(of->session, &view, &scores);
  if (status == ALLCONV_OK) print_scores(of, images);
  return status;
}

int main(int count, char** arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: %s MODEL PICTURE...\n", arguments[0]);
    return 2;
  }
  run all = {0};
  const char* const* paths = (const char* const*)(arguments + 2);
  const allconv_status status = score(&all, arguments[1], paths, (size_t)(count - 2));
  if (status != ALLCONV_OK) fprintf(stderr, "%s\n", allconv_last_error());
  release(&all);
  return (int)status;
}
