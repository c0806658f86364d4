/* Sets of image files for allconv, in C: folders, tars, lists, CIFAR and IDX files, single images,
 * decoded, turned upright and resized as the program `allconv` does. A library of its own, so that
 * programs that have their pixels already need no decoders.
 *
 *     allconv_image_set* set = NULL;
 *     const char* paths[] = {"photos", "more.tar"};
 *     allconv_image_set_open(paths, 2, model, NULL, &set);
 *     allconv_image_set_read(set, 0, 16, pixels, NULL);
 *
 * The rules of allconv.h hold here too; errors are told by its allconv_last_error(). A set is for
 * one thread at a time.
 */
#ifndef ALLCONV_IMAGES_H
#define ALLCONV_IMAGES_H

#include "allconv/allconv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum allconv_split ALLCONV_ENUM {
  ALLCONV_ALL = 0,
  ALLCONV_TRAIN = 1,
  ALLCONV_TEST = 2 /* where there is no test, val */
} allconv_split;

/* How an image came to no pixels. */
typedef enum allconv_image_state ALLCONV_ENUM {
  ALLCONV_IMAGE_READ = 0,
  ALLCONV_IMAGE_NOT_OPENED = 1,
  ALLCONV_IMAGE_NOT_DECODED = 2
} allconv_image_state;

typedef struct allconv_image_set_options {
  size_t size;
  allconv_split split;
  int32_t labelled;    /* not 0: labels are needed, and sets without them are refused */
  int32_t threads;     /* that decode, the calling one included. 0: all that the process may use */
  int64_t pixel_limit; /* larger images are not decoded. 0: 200,000,000 */
  allconv_diagnostics diagnostics; /* NULL: notes are dropped */
  void* diagnostics_user;
} allconv_image_set_options;

typedef struct allconv_image_set allconv_image_set;

/* Opens what DATA... is for the program `allconv`, one or several paths; images come in its order.
 * Sets that are opened together for their labels have the same classes. The model says the size and
 * the fit of what is read; it may go before the set. `options` may be NULL. Errors: IO, where
 * something cannot be opened; USAGE, where it cannot be meant. */
ALLCONV_API allconv_status allconv_image_set_open(const char* const* paths, size_t path_count,
                                                  const allconv_model* model,
                                                  const allconv_image_set_options* options,
                                                  allconv_image_set** set);

/* NULL is allowed. */
ALLCONV_API void allconv_image_set_free(allconv_image_set* set);

ALLCONV_API size_t allconv_image_set_count(const allconv_image_set* set);

/* Of image `index`, as results show it. Valid until the next call for this set. NULL where there is
 * no such image. */
ALLCONV_API const char* allconv_image_set_path(allconv_image_set* set, size_t index);

/* Index of a class of the set; -1 where there are no labels or no such image. */
ALLCONV_API int32_t allconv_image_set_label(const allconv_image_set* set, size_t index);

/* Of a set with labels. */
ALLCONV_API size_t allconv_image_set_class_count(const allconv_image_set* set);
/* NULL where there is no such class. */
ALLCONV_API const char* allconv_image_set_class_name(const allconv_image_set* set, size_t index);

/* Reads images [first, first + count) into `pixels` (count,height,width,3). `states` (count) may be
 * NULL; the pixels of an image that was not read are zero. Reading in ascending order is fastest:
 * compressed tars begin anew for what lies behind. Errors: USAGE, for images that the set has not;
 * DEVICE, where memory does not do. A broken image is none. */
ALLCONV_API allconv_status allconv_image_set_read(allconv_image_set* set, size_t first,
                                                  size_t count, uint8_t* pixels,
                                                  allconv_image_state* states);

/* Why image `index` of the last read was not read, a clause. NULL where it was. */
ALLCONV_API const char* allconv_image_set_failure(const allconv_image_set* set, size_t index);

#ifdef __cplusplus
}
#endif

#endif
