/* Scores a folder of pictures (or a tar, a list of paths, pictures): a line a picture.
 *
 *     score_folder MODEL FOLDER
 */
#include <allconv/images.h>
#include <stdio.h>
#include <stdlib.h>

enum { kBatch = 256 };

/* What one run holds; all zero before it begins. */
typedef struct run {
  allconv_model* model;
  allconv_image_set* set;
  allconv_session* session;
  uint8_t* pixels;      /* (kBatch,height,width,3) */
  float* probabilities; /* (kBatch,classes) */
} run;

static void release(run* of) {
  free(of->probabilities);
  free(of->pixels);
  allconv_session_free(of->session);
  allconv_image_set_free(of->set);
  allconv_model_free(of->model);
}

static allconv_status open_all(run* of, const char* model, const char* folder) {
  allconv_status status = allconv_model_load(model, &of->model);
  if (status == ALLCONV_OK) {
    status = allconv_image_set_open(&folder, 1, of->model, NULL, &of->set);
  }
  if (status == ALLCONV_OK) status = allconv_session_create(of->model, NULL, &of->session);
  if (status != ALLCONV_OK) return status;
  const size_t height = (size_t)allconv_model_height(of->model);
  const size_t width = (size_t)allconv_model_width(of->model);
  of->pixels = malloc(kBatch * height * width * 3);
  of->probabilities = malloc(kBatch * allconv_model_class_count(of->model) * sizeof(float));
  if (of->pixels != NULL && of->probabilities != NULL) return ALLCONV_OK;
  allconv_set_last_error("there is not enough memory");
  return ALLCONV_DEVICE;
}

static void print_scores(const run* of, size_t first, size_t count) {
  const size_t classes = allconv_model_class_count(of->model);
  for (size_t i = 0; i < count; ++i) {
    const char* path = allconv_image_set_path(of->set, first + i);
    const char* failure = allconv_image_set_failure(of->set, first + i);
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

static allconv_status score(run* of, const char* model, const char* folder) {
  allconv_status status = open_all(of, model, folder);
  if (status != ALLCONV_OK) return status;
  const size_t images = allconv_image_set_count(of->set);
  for (size_t first = 0; first < images; first += kBatch) {
    const size_t count = images - first < kBatch ? images - first : kBatch;
    status = allconv_image_set_read(of->set, first, count, of->pixels, NULL);
    if (status != ALLCONV_OK) return status;
    const allconv_images view =
        allconv_nhwc_u8(of->pixels, (int64_t)count, allconv_model_height(of->model),
                        allconv_model_width(of->model));
    const allconv_scores scores = {.probabilities = of->probabilities};
    status = allconv_score(of->session, &view, &scores);
    if (status != ALLCONV_OK) return status;
    print_scores(of, first, count);
  }
  return ALLCONV_OK;
}

int main(int count, char** arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: %s MODEL FOLDER\n", arguments[0]);
    return 2;
  }
  run all = {0};
  const allconv_status status = score(&all, arguments[1], arguments[2]);
  if (status != ALLCONV_OK) fprintf(stderr, "%s\n", allconv_last_error());
  release(&all);
  return (int)status;
}
