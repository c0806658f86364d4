/* Explains a picture by guided backpropagation: what the network looked at, as a grey picture.
 *
 *     explain_image MODEL PICTURE OUT.pgm
 */
#include <allconv/images.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What one run holds; all zero before it begins. */
typedef struct run {
  allconv_model* model;
  allconv_image_set* set;
  allconv_session* session;
  size_t height, width;
  uint8_t* pixels; /* (1,height,width,3) */
  float* map;      /* (1,height,width,3) */
} run;

static void release(run* of) {
  free(of->map);
  free(of->pixels);
  allconv_session_free(of->session);
  allconv_image_set_free(of->set);
  allconv_model_free(of->model);
}

static allconv_status open_all(run* of, const char* model, const char* picture) {
  const allconv_session_options options = {
      .size = sizeof options, .purposes = ALLCONV_FOR_GUIDED, .batch_size = 1};
  allconv_status status = allconv_model_load(model, &of->model);
  if (status == ALLCONV_OK) {
    status = allconv_image_set_open(&picture, 1, of->model, NULL, &of->set);
  }
  if (status == ALLCONV_OK) status = allconv_session_create(of->model, &options, &of->session);
  if (status != ALLCONV_OK) return status;
  of->height = (size_t)allconv_model_height(of->model);
  of->width = (size_t)allconv_model_width(of->model);
  of->pixels = malloc(of->height * of->width * 3);
  of->map = malloc(of->height * of->width * 3 * sizeof(float));
  if (of->pixels != NULL && of->map != NULL) return ALLCONV_OK;
  allconv_set_last_error("there is not enough memory");
  return ALLCONV_DEVICE;
}

/* The largest magnitude of a pixel's three channels. */
static float magnitude(const float* pixel) {
  return fmaxf(fabsf(pixel[0]), fmaxf(fabsf(pixel[1]), fabsf(pixel[2])));
}

/* A grey picture, the strongest white; 0 where it could not be written. */
static int write_map(const run* of, const char* path) {
  const size_t pixels = of->height * of->width;
  float strongest = 0;
  for (size_t i = 0; i < pixels; ++i) strongest = fmaxf(strongest, magnitude(of->map + 3 * i));
  FILE* file = fopen(path, "wb");
  if (file == NULL) return 0;
  fprintf(file, "P5\n%zu %zu\n255\n", of->width, of->height);
  for (size_t i = 0; i < pixels; ++i) {
    const float share = strongest > 0 ? magnitude(of->map + 3 * i) / strongest : 0;
    fputc((int)lroundf(255 * share), file);
  }
  const int is_written = ferror(file) == 0;
  return fclose(file) == 0 && is_written;
}

static allconv_status explain(run* of, const char* model, const char* picture, const char* out) {
  allconv_status status = open_all(of, model, picture);
  if (status == ALLCONV_OK) status = allconv_image_set_read(of->set, 0, 1, of->pixels, NULL);
  if (status != ALLCONV_OK) return status;
  const char* failure = allconv_image_set_failure(of->set, 0);
  if (failure != NULL) {
    allconv_set_last_error(failure);
    return ALLCONV_IO;
  }
  const allconv_images view =
      allconv_nhwc_u8(of->pixels, 1, (int64_t)of->height, (int64_t)of->width);
  allconv_unit unit;
  const allconv_explanations explanations = {.maps = of->map, .units = &unit};
  status = allconv_explain(of->session, &view, NULL, ALLCONV_GUIDED, &explanations);
  if (status != ALLCONV_OK) return status;
  if (!write_map(of, out)) {
    allconv_set_last_error("the map cannot be written; give another path");
    return ALLCONV_IO;
  }
  puts(allconv_model_class_name(of->model, (size_t)unit.channel));
  return ALLCONV_OK;
}

int main(int count, char** arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: %s MODEL PICTURE OUT.pgm\n", arguments[0]);
    return 2;
  }
  run all = {0};
  const allconv_status status = explain(&all, arguments[1], arguments[2], arguments[3]);
  if (status != ALLCONV_OK) fprintf(stderr, "%s\n", allconv_last_error());
  release(&all);
  return (int)status;
}
