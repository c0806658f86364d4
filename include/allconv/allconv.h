/* allconv in C: load, make, save, run and train all-convolutional networks.
 *
 *     allconv_model* model = NULL;
 *     allconv_session* session = NULL;
 *     allconv_images images = allconv_nhwc_u8(pixels, 1, 32, 32);
 *     allconv_scores scores = {.probabilities = probabilities};
 *     if (allconv_model_load("model.safetensors", &model) != ALLCONV_OK ||
 *         allconv_session_create(model, NULL, &session) != ALLCONV_OK ||
 *         allconv_score(session, &images, &scores) != ALLCONV_OK) {
 *       fprintf(stderr, "%s\n", allconv_last_error());
 *     }
 *     allconv_session_free(session);
 *     allconv_model_free(model);
 *
 * Rules that hold for every function:
 * - Pointers given are borrowed for the call, unless the function says otherwise; what an object
 *   hands out belongs to the object, and is valid as long as the object is.
 * - A result goes through the last argument, which a call that fails does not change.
 * - Models are immutable: any number of threads may use one at a time. A session is for one thread
 *   at a time; several sessions run side by side.
 * - Texts are UTF-8 with a zero at the end.
 * - Nothing is printed, no signal is handled, and the process is never ended.
 * - Handles are those that functions of this library gave, and not yet freed. Where a function
 *   answers with a status, NULL in the place of what it needs is USAGE.
 * - In options zero is the default, so `{0}` has all of them; `size` tells the library which
 * version of the struct the program was compiled with.
 */
#ifndef ALLCONV_ALLCONV_H
#define ALLCONV_ALLCONV_H

#include <stddef.h>
#include <stdint.h>

#define ALLCONV_API __attribute__((visibility("default")))

/* Functions refuse a number that has no name. Without a type, C++ would not let them look at it. */
#ifdef __cplusplus
#define ALLCONV_ENUM : int
extern "C" {
#else
#define ALLCONV_ENUM
#endif

/* ---- Errors and messages ---- */

/* The values are the exit codes of the program `allconv`. */
typedef enum allconv_status ALLCONV_ENUM {
  ALLCONV_OK = 0,
  ALLCONV_FAULT = 1,     /* a fault of the library itself: please report it */
  ALLCONV_USAGE = 2,     /* an argument that cannot be meant */
  ALLCONV_BAD_MODEL = 3, /* not a valid model file */
  ALLCONV_DEVICE = 5,    /* the device asked for is not usable, or memory does not do */
  ALLCONV_IO = 6,        /* a file cannot be read or written */
  ALLCONV_TRAINING = 7   /* the loss, or a weight, is no longer a number */
} allconv_status;

/* One sentence about the calling thread's last call that failed: what, where, how to mend it. Valid
 * until the thread's next call that fails; empty before the first. */
ALLCONV_API const char* allconv_last_error(void);

/* Replaces that sentence: for libraries that extend this one. */
ALLCONV_API void allconv_set_last_error(const char* sentence);

/* "0.1.0" */
ALLCONV_API const char* allconv_version(void);

typedef enum allconv_severity ALLCONV_ENUM {
  ALLCONV_NOTE = 0,
  ALLCONV_WARNING = 1
} allconv_severity;

/* Takes one sentence without a newline, valid during the call. May be called from any thread while
 * a function of this library runs, by one thread at a time. */
typedef void (*allconv_diagnostics)(void* user, allconv_severity severity, const char* sentence);

/* ---- Models ---- */

/* A network with its weights, its classes' names and its preparation of images. Immutable. */
typedef struct allconv_model allconv_model;

/* Reads and checks a model file. Errors: IO, BAD_MODEL. */
ALLCONV_API allconv_status allconv_model_load(const char* path, allconv_model** model);

/* Writes a model file: `path` is the old file or the whole new one, whatever happens. Errors: IO.
 */
ALLCONV_API allconv_status allconv_model_save(const allconv_model* model, const char* path);

/* Gives up a handle; sessions that were made of the model keep what they need. NULL is allowed. */
ALLCONV_API void allconv_model_free(allconv_model* model);

/* A tensor of float32 numbers without gaps, the last extent innermost. */
typedef struct allconv_tensor {
  const char* name; /* "conv1.weight" (k,c,r,s), "conv1.bias" (k), "prepare.mean" (c*h*w), ... */
  const float* data;
  int32_t rank;
  int64_t shape[4];
} allconv_tensor;

/* What a model is made of. Everything is copied. */
typedef struct allconv_model_parts {
  size_t size;
  /* The JSON that `allconv networks NAME` prints, or the name of a network of the paper:
   * "all-cnn-c". */
  const char* network;
  /* Names, as many as the network has. NULL: "0", "1", ... */
  const char* const* classes;
  /* Of a network by name: its classes, 0 is the paper's number. Of JSON 0, or the network's own. */
  size_t class_count;
  /* The JSON of a model file's `allconv.prepare`. NULL: levels 0..255 become 0..1. */
  const char* preparation;
  /* All of the network and the preparation, in any order. NULL: weights are drawn by He et al. 2015
   * (arXiv 1502.01852, equation 10), biases are zero. */
  const allconv_tensor* tensors;
  size_t tensor_count;
  uint64_t seed; /* of weights that are drawn */
} allconv_model_parts;

/* Errors: USAGE. */
ALLCONV_API allconv_status allconv_model_create(const allconv_model_parts* parts,
                                                allconv_model** model);

/* The same model for other classes: where their number differs, the last layer is drawn anew from
 * `seed`, and is to be trained. Errors: USAGE. */
ALLCONV_API allconv_status allconv_model_with_classes(const allconv_model* model,
                                                      const char* const* classes,
                                                      size_t class_count, uint64_t seed,
                                                      allconv_model** result);

/* JSON as in a model file's metadata `allconv.network` and `allconv.prepare`. */
ALLCONV_API const char* allconv_model_network(const allconv_model* model);
ALLCONV_API const char* allconv_model_preparation(const allconv_model* model);

/* Of the network's input; channels are 3, and images are resized to it. */
ALLCONV_API int32_t allconv_model_height(const allconv_model* model);
ALLCONV_API int32_t allconv_model_width(const allconv_model* model);

ALLCONV_API size_t allconv_model_class_count(const allconv_model* model);
/* NULL where there is no such class. */
ALLCONV_API const char* allconv_model_class_name(const allconv_model* model, size_t index);

/* Weight and bias of each convolution in layer order, then tensors of the preparation. */
ALLCONV_API size_t allconv_model_tensor_count(const allconv_model* model);
/* Errors: USAGE, where there is no such tensor. */
ALLCONV_API allconv_status allconv_model_tensor(const allconv_model* model, size_t index,
                                                allconv_tensor* tensor);

/* Where memory of the caller lies. */
typedef enum allconv_place ALLCONV_ENUM {
  ALLCONV_HOST = 0,
  ALLCONV_CUDA = 1 /* on the session's GPU */
} allconv_place;

/* ---- Images ---- */

/* Numbers of a view. U8: levels of RGB pixels, which the model's preparation makes the network's
 * input. F32: that input itself. */
typedef enum allconv_element ALLCONV_ENUM { ALLCONV_U8 = 0, ALLCONV_F32 = 1 } allconv_element;

/* A batch of images in the caller's memory, whatever its layout. */
typedef struct allconv_images {
  const void* data;
  allconv_element element;
  allconv_place place;
  int64_t count;
  int64_t height, width; /* of U8 any: images are resized. Of F32 the network's. */
  /* Distances in elements from one image, row, column and channel to the next. */
  int64_t image_stride, row_stride, column_stride, channel_stride;
} allconv_images;

static inline allconv_images allconv_nhwc_(const void* data, allconv_element element, int64_t count,
                                           int64_t height, int64_t width) {
  allconv_images images;
  images.data = data;
  images.element = element;
  images.place = ALLCONV_HOST;
  images.count = count;
  images.height = height;
  images.width = width;
  images.image_stride = height * width * 3;
  images.row_stride = width * 3;
  images.column_stride = 3;
  images.channel_stride = 1;
  return images;
}

static inline allconv_images allconv_nchw_(const void* data, allconv_element element, int64_t count,
                                           int64_t height, int64_t width) {
  allconv_images images = allconv_nhwc_(data, element, count, height, width);
  images.row_stride = width;
  images.column_stride = 1;
  images.channel_stride = height * width;
  return images;
}

/* Views of images without gaps: (count,height,width,3) and (count,3,height,width). */
static inline allconv_images allconv_nhwc_u8(const uint8_t* data, int64_t count, int64_t height,
                                             int64_t width) {
  return allconv_nhwc_(data, ALLCONV_U8, count, height, width);
}
static inline allconv_images allconv_nchw_u8(const uint8_t* data, int64_t count, int64_t height,
                                             int64_t width) {
  return allconv_nchw_(data, ALLCONV_U8, count, height, width);
}
static inline allconv_images allconv_nhwc_f32(const float* data, int64_t count, int64_t height,
                                              int64_t width) {
  return allconv_nhwc_(data, ALLCONV_F32, count, height, width);
}
static inline allconv_images allconv_nchw_f32(const float* data, int64_t count, int64_t height,
                                              int64_t width) {
  return allconv_nchw_(data, ALLCONV_F32, count, height, width);
}

/* ---- Sessions ---- */

/* What a session will be used for: memory is taken for that when it is made. */
enum {
  ALLCONV_FOR_SCORES = 1,
  ALLCONV_FOR_TRAINING = 2,
  ALLCONV_FOR_GRADIENT = 4, /* explanations, a bit a method */
  ALLCONV_FOR_DECONVNET = 8,
  ALLCONV_FOR_GUIDED = 16
};

/* A program's own memory. Called while a session is made and freed, by that thread. */
typedef struct allconv_allocator {
  /* `bytes` aligned to `alignment`, a power of two; NULL where there are not so many. */
  void* (*allocate)(void* user, size_t bytes, size_t alignment, allconv_place place);
  /* `bytes` as they were asked for. */
  void (*release)(void* user, void* memory, size_t bytes, allconv_place place);
  void* user;
} allconv_allocator;

typedef struct allconv_session_options {
  size_t size;
  uint32_t purposes;       /* bits of the above. 0: scores */
  allconv_element element; /* of the images that calls will bring */
  /* Images computed together. Larger calls are cut into so many; a call of fewer takes as long as
   * the plan's smallest piece, which for 1 is one image. 0: 64 */
  int32_t batch_size;
  int32_t threads;    /* of the CPU, the calling one included. 0: all that the process may use */
  const char* device; /* "auto", "cpu", "cuda", "cuda:1". NULL: auto */
  /* "fp32"; on a CPU with AMX also "bf16", on a GPU also "tf32", "bf16", "fp16". NULL: fp32 */
  const char* precision;
  int32_t deterministic;   /* not 0: on a GPU the same bits on every run; the CPU's are always */
  const char* layer;       /* explanations start at this convolution's output. NULL: at a class */
  size_t workspace_limit;  /* bytes of converted weights and scratch. 0: no limit */
  const char* tuning_file; /* an answer of `allconv tune`. NULL: none */
  /* A cudaStream_t, of memory that lies on the GPU: what the stream holds when a call is made is
   * done before the call's images are read, and what it gets later runs behind the call's results.
   * NULL: the default stream. */
  void* stream;
  uint64_t seed; /* of dropout */
  /* Of arenas, scratch, and weights in the kernels' forms. Both functions NULL: the library's own.
   */
  allconv_allocator allocator;
  allconv_diagnostics diagnostics; /* NULL: notes and warnings are dropped */
  void* diagnostics_user;
} allconv_session_options;

/* One plan, and the memory it needs, for each purpose. */
typedef struct allconv_session allconv_session;

/* `options` may be NULL: all defaults. The options' texts are copied. Errors: USAGE; DEVICE; IO,
 * of the tuning file. */
ALLCONV_API allconv_status allconv_session_create(const allconv_model* model,
                                                  const allconv_session_options* options,
                                                  allconv_session** session);

/* NULL is allowed. In a process that was forked off the one that made it, memory is given up and
 * threads are left alone. */
ALLCONV_API void allconv_session_free(allconv_session* session);

/* Bytes that a session of these options will take, beside the model. */
typedef struct allconv_memory {
  size_t host;
  size_t device; /* of a GPU */
} allconv_memory;
ALLCONV_API allconv_status allconv_session_memory(const allconv_model* model,
                                                  const allconv_session_options* options,
                                                  allconv_memory* memory);

/* What it runs on: "cpu (AMD EPYC 9654, avx512), 8 threads, fp32". */
ALLCONV_API const char* allconv_session_device(const allconv_session* session);

/* A model of the session's weights: those it was made of, or as trained since. Errors: TRAINING,
 * where a weight is not a number. */
ALLCONV_API allconv_status allconv_session_model(const allconv_session* session,
                                                 allconv_model** model);

/* ---- Scores ---- */

/* Where results go, one row an image; NULL: not wanted. */
typedef struct allconv_scores {
  float* probabilities; /* (count,classes) */
  float* logits;        /* (count,classes), what enters the softmax */
  allconv_place place;  /* of both */
} allconv_scores;

/* An image's bits depend on neither its neighbours nor the number of threads. Where results stay on
 * the GPU the call may return before they are there: the session's stream waits for them. Images on
 * the GPU are read there, unless they are resized or the preparation is more than scale, mean and
 * deviation. Errors: USAGE, where the view does not fit model or options; DEVICE, on a GPU also of
 * calls before. */
ALLCONV_API allconv_status allconv_score(allconv_session* session, const allconv_images* images,
                                         const allconv_scores* scores);

/* ---- Explanations ---- */

/* How the signal passes a ReLU on its way back (Springenberg et al. 2014, arXiv 1412.6806, figure
 * 1): by its gradient, by its own sign (deconvnet), or by both (guided backpropagation). */
typedef enum allconv_method ALLCONV_ENUM {
  ALLCONV_GRADIENT = 0,
  ALLCONV_DECONVNET = 1,
  ALLCONV_GUIDED = 2
} allconv_method;

/* The unit at which the signal starts with 1. Of a class `channel` is its index, the others are 0.
 * A negative channel, row or column takes the largest unit: of classes the predicted one. */
typedef struct allconv_unit {
  int32_t channel, row, column;
} allconv_unit;

typedef struct allconv_explanations {
  float* maps;         /* (count,height,width,3): the signal at the network's input */
  float* inputs;       /* (count,height,width,3), what the network saw. NULL: not wanted */
  allconv_unit* units; /* (count), the units taken. NULL: not wanted */
  float* values;       /* (count), of these units. NULL: not wanted */
  allconv_place place; /* of maps and inputs; the others lie on the host */
} allconv_explanations;

/* `targets` (count), NULL: the largest unit of each image. The session was made for the method.
 * What lies on the GPU takes the way through the host. Errors: USAGE, DEVICE. */
ALLCONV_API allconv_status allconv_explain(allconv_session* session, const allconv_images* images,
                                           const allconv_unit* targets, allconv_method method,
                                           const allconv_explanations* explanations);

/* ---- Training ---- */

/* A step takes the gradient of the batch's mean cross-entropy, and then
 *     g = gradient + weight_decay * w (weights, not biases);  v = momentum * v + g;
 *     w = w - learning_rate * v. */
typedef struct allconv_sgd {
  double learning_rate;
  double momentum;
  double weight_decay;
} allconv_sgd;

typedef struct allconv_step {
  double loss;     /* mean cross-entropy of the batch before the step, nats */
  int64_t correct; /* images whose largest probability was their label's */
} allconv_step;

/* One step of stochastic gradient descent by at most `batch_size` images. `labels` (count), indices
 * of classes, on the host. Scores and explanations of the session follow the weights. `step` may be
 * NULL. The same images in the same order, seed and batch size give the same weights with any
 * number of threads. Errors: USAGE; TRAINING, where the loss is not a number. */
ALLCONV_API allconv_status allconv_train_step(allconv_session* session,
                                              const allconv_images* images, const int32_t* labels,
                                              const allconv_sgd* sgd, allconv_step* step);

#ifdef __cplusplus
}
#endif

#endif
