/* Trains a model on for the classes of a folder of class folders: a new last layer, all layers
 * learn.
 *
 *     fine_tune MODEL FOLDER OUT.safetensors [EPOCHS]
 */
#include <allconv/images.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBatch = 32 };

/* What one run holds; all zero before it begins. */
typedef struct run {
  allconv_model* model;
  allconv_image_set* set;
  allconv_session* session;
  size_t image_bytes;
  size_t count;    /* images that could be read, the first of those below */
  uint8_t* pixels; /* (images of the set,height,width,3) */
  int32_t* labels; /* (images of the set) */
  uint8_t* batch;  /* (kBatch,height,width,3) */
} run;

static void release(run* of) {
  free(of->batch);
  free(of->labels);
  free(of->pixels);
  allconv_session_free(of->session);
  allconv_image_set_free(of->set);
  allconv_model_free(of->model);
}

static allconv_status no_memory(void) {
  allconv_set_last_error("there is not enough memory");
  return ALLCONV_DEVICE;
}

/* The model for the classes of the set. */
static allconv_status take_classes(run* of, const allconv_model* start) {
  const size_t classes = allconv_image_set_class_count(of->set);
  const char** names = malloc(classes * sizeof *names);
  if (names == NULL) return no_memory();
  for (size_t k = 0; k < classes; ++k) names[k] = allconv_image_set_class_name(of->set, k);
  const allconv_status status =
      allconv_model_with_classes(start, names, classes, /*seed=*/1, &of->model);
  free(names);
  return status;
}

static allconv_status open_model(run* of, const char* path, const char* folder) {
  const allconv_image_set_options labelled = {.size = sizeof labelled, .labelled = 1};
  const allconv_session_options training = {
      .size = sizeof training, .purposes = ALLCONV_FOR_TRAINING, .batch_size = kBatch};
  allconv_model* start = NULL;
  allconv_status status = allconv_model_load(path, &start);
  if (status == ALLCONV_OK) {
    status = allconv_image_set_open(&folder, 1, start, &labelled, &of->set);
  }
  if (status == ALLCONV_OK) status = take_classes(of, start);
  if (status == ALLCONV_OK) status = allconv_session_create(of->model, &training, &of->session);
  allconv_model_free(start);
  return status;
}

/* Decodes all once; pictures that cannot be read are left out. */
static allconv_status read_images(run* of) {
  const size_t images = allconv_image_set_count(of->set);
  of->image_bytes =
      3 * (size_t)allconv_model_height(of->model) * (size_t)allconv_model_width(of->model);
  of->pixels = malloc(images * of->image_bytes);
  of->labels = malloc(images * sizeof *of->labels);
  of->batch = malloc(kBatch * of->image_bytes);
  if (of->pixels == NULL || of->labels == NULL || of->batch == NULL) return no_memory();
  const allconv_status status = allconv_image_set_read(of->set, 0, images, of->pixels, NULL);
  if (status != ALLCONV_OK) return status;
  for (size_t i = 0; i < images; ++i) {
    if (allconv_image_set_failure(of->set, i) != NULL) continue;
    memmove(of->pixels + of->count * of->image_bytes, of->pixels + i * of->image_bytes,
            of->image_bytes);
    of->labels[of->count++] = allconv_image_set_label(of->set, i);
  }
  if (of->count > 0) return ALLCONV_OK;
  allconv_set_last_error("no picture of the folder could be read; give another");
  return ALLCONV_IO;
}

/* A random order of numbers below `count` (Fisher and Yates). */
static void shuffle(size_t* order, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const size_t j = (size_t)rand() % (i + 1);
    order[i] = order[j];
    order[j] = i;
  }
}

/* One pass over the images in that order; adds up their losses. */
static allconv_status train_epoch(run* of, const size_t* order, double* loss) {
  const allconv_sgd sgd = {.learning_rate = 0.002, .momentum = 0.9, .weight_decay = 0.001};
  for (size_t first = 0; first < of->count; first += kBatch) {
    const size_t count = of->count - first < kBatch ? of->count - first : kBatch;
    int32_t labels[kBatch];
    for (size_t i = 0; i < count; ++i) {
      const size_t image = order[first + i];
      memcpy(of->batch + i * of->image_bytes, of->pixels + image * of->image_bytes,
             of->image_bytes);
      labels[i] = of->labels[image];
    }
    const allconv_images view = allconv_nhwc_u8(
        of->batch, (int64_t)count, allconv_model_height(of->model), allconv_model_width(of->model));
    allconv_step step;
    const allconv_status status = allconv_train_step(of->session, &view, labels, &sgd, &step);
    if (status != ALLCONV_OK) return status;
    *loss += step.loss * (double)count;
  }
  return ALLCONV_OK;
}

static allconv_status train(run* of, int epochs) {
  size_t* order = malloc(of->count * sizeof *order);
  if (order == NULL) return no_memory();
  allconv_status status = ALLCONV_OK;
  for (int epoch = 1; epoch <= epochs && status == ALLCONV_OK; ++epoch) {
    double loss = 0;
    shuffle(order, of->count);
    status = train_epoch(of, order, &loss);
    if (status == ALLCONV_OK) printf("epoch %d: loss %.3f\n", epoch, loss / (double)of->count);
  }
  free(order);
  return status;
}

static allconv_status save(const run* of, const char* path) {
  allconv_model* trained = NULL;
  allconv_status status = allconv_session_model(of->session, &trained);
  if (status == ALLCONV_OK) status = allconv_model_save(trained, path);
  allconv_model_free(trained);
  return status;
}

int main(int count, char** arguments) {
  if (count != 4 && count != 5) {
    fprintf(stderr, "usage: %s MODEL FOLDER OUT.safetensors [EPOCHS]\n", arguments[0]);
    return 2;
  }
  run all = {0};
  allconv_status status = open_model(&all, arguments[1], arguments[2]);
  if (status == ALLCONV_OK) status = read_images(&all);
  if (status == ALLCONV_OK) status = train(&all, count == 5 ? atoi(arguments[4]) : 5);
  if (status == ALLCONV_OK) status = save(&all, arguments[3]);
  if (status != ALLCONV_OK) fprintf(stderr, "%s\n", allconv_last_error());
  release(&all);
  return (int)status;
}
