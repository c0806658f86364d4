/* Serves requests from eight threads: one model, one session a thread. The requests are the
 * pictures of a folder, asked for again and again; the program tells how many it answered in a
 * second.
 *
 *     serve MODEL FOLDER [REQUESTS]
 */
#include <allconv/images.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kThreads = 8, kPictures = 100 };

/* What the threads share. */
typedef struct requests {
  const allconv_model* model;
  const uint8_t* pixels; /* (count,height,width,3) */
  int64_t count;
  atomic_llong left;
} requests;

typedef struct worker {
  pthread_t thread;
  requests* of;
  allconv_status status;
  char error[512]; /* the last error belongs to a thread */
} worker;

static allconv_status no_memory(void) {
  allconv_set_last_error("there is not enough memory");
  return ALLCONV_DEVICE;
}

/* Takes requests until there are none left. A session of one thread and one image: many requests at
 * a time are the parallelism. */
static allconv_status answer(requests* of) {
  const allconv_session_options options = {.size = sizeof options, .batch_size = 1, .threads = 1};
  const int32_t height = allconv_model_height(of->model), width = allconv_model_width(of->model);
  allconv_session* session = NULL;
  float* row = malloc(allconv_model_class_count(of->model) * sizeof *row);
  allconv_status status =
      row == NULL ? no_memory() : allconv_session_create(of->model, &options, &session);
  while (status == ALLCONV_OK) {
    const int64_t request = atomic_fetch_sub(&of->left, 1) - 1;
    if (request < 0) break;
    const uint8_t* pixels = of->pixels + request % of->count * 3 * height * width;
    const allconv_images view = allconv_nhwc_u8(pixels, 1, height, width);
    const allconv_scores scores = {.probabilities = row};
    status = allconv_score(session, &view, &scores);
  }
  allconv_session_free(session);
  free(row);
  return status;
}

static void* work(void* argument) {
  worker* me = argument;
  me->status = answer(me->of);
  if (me->status != ALLCONV_OK) {
    strncpy(me->error, allconv_last_error(), sizeof me->error - 1);
  }
  return NULL;
}

/* Starts the threads and waits for them. */
static allconv_status answer_all(requests* of) {
  static worker workers[kThreads];
  int started = 0;
  while (started < kThreads) {
    workers[started].of = of;
    if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
    ++started;
  }
  allconv_status status = started == kThreads ? ALLCONV_OK : ALLCONV_DEVICE;
  if (status != ALLCONV_OK) allconv_set_last_error("a thread cannot be started");
  for (int i = 0; i < started; ++i) {
    pthread_join(workers[i].thread, NULL);
    if (workers[i].status == ALLCONV_OK) continue;
    status = workers[i].status;
    allconv_set_last_error(workers[i].error);
  }
  return status;
}

/* The first pictures of a folder; to be freed. */
static allconv_status read_pictures(requests* of, const char* folder, uint8_t** pixels) {
  allconv_image_set* set = NULL;
  allconv_status status = allconv_image_set_open(&folder, 1, of->model, NULL, &set);
  if (status != ALLCONV_OK) return status;
  const size_t all = allconv_image_set_count(set);
  const size_t count = all < kPictures ? all : kPictures;
  *pixels = calloc(
      count, 3 * (size_t)allconv_model_height(of->model) * (size_t)allconv_model_width(of->model));
  status = *pixels == NULL ? no_memory() : allconv_image_set_read(set, 0, count, *pixels, NULL);
  of->pixels = *pixels;
  of->count = (int64_t)count;
  allconv_image_set_free(set);
  return status;
}

static double seconds_now(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char** arguments) {
  if (count != 3 && count != 4) {
    fprintf(stderr, "usage: %s MODEL FOLDER [REQUESTS]\n", arguments[0]);
    return 2;
  }
  const long long total = count == 4 ? atoll(arguments[3]) : 1000;
  allconv_model* model = NULL;
  uint8_t* pixels = NULL;
  allconv_status status = allconv_model_load(arguments[1], &model);
  requests all = {.model = model, .left = total};
  if (status == ALLCONV_OK) status = read_pictures(&all, arguments[2], &pixels);
  const double start = seconds_now();
  if (status == ALLCONV_OK) status = answer_all(&all);
  if (status == ALLCONV_OK) {
    printf("%lld requests by %d threads: %.0f a second\n", total, kThreads,
           (double)total / (seconds_now() - start));
  } else {
    fprintf(stderr, "%s\n", allconv_last_error());
  }
  free(pixels);
  allconv_model_free(model);
  return (int)status;
}
