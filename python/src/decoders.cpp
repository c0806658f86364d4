// The extension module allconv._decoders: sets of image files. A module of its own, so that
// programs that have their pixels already load no decoders.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "allconv/images.hpp"
#include "python/src/errors.hpp"
#include "python/src/interrupts.hpp"

namespace nb = nanobind;

namespace allconv::python {

namespace {

constexpr std::size_t kPiece = 64;  // images read between two questions for signals

using Pixels = nb::ndarray<std::uint8_t, nb::ndim<4>, nb::c_contig, nb::device::cpu>;
using Labels = nb::ndarray<std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Index in the set, whether the file could not even be opened, and why, a clause.
using Failure = std::tuple<std::size_t, bool, std::string>;

// A set that threads may share: of their calls one runs, the others wait.
class SharedSet {
 public:
  SharedSet(const std::vector<std::string>& paths, const Model& model,
            const ImageSetOptions& options)
      : set_(paths, model, options), classes_(set_.classes()) {}

  std::size_t size() const { return set_.size(); }
  const std::vector<std::string>& classes() const { return classes_; }

  // Of images [first, first + count).
  nb::list paths(std::size_t first, std::size_t count);

  // As many as the array takes, -1 where there are none.
  void labels(const Labels& labels) {
    for (std::size_t i = 0; i < labels.size(); ++i) labels.data()[i] = set_.label(i);
  }

  // Reads as many images as `pixels` (count,height,width,3) takes.
  std::vector<Failure> read(std::size_t first, const Pixels& pixels);

 private:
  std::mutex mutex_;
  ImageSet set_;
  std::vector<std::string> classes_;
};

nb::list SharedSet::paths(std::size_t first, std::size_t count) {
  std::vector<std::string> paths;
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < count; ++i) paths.push_back(set_.path(first + i));
  }
  nb::list list;
  for (const std::string& path : paths) list.append(nb::bytes(path.data(), path.size()));
  return list;
}

std::vector<Failure> SharedSet::read(std::size_t first, const Pixels& pixels) {
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  std::vector<Failure> failures;
  Interrupts interrupts;
  const std::size_t numbers = pixels.shape(1) * pixels.shape(2) * pixels.shape(3);
  for (std::size_t done = 0; done < pixels.shape(0); done += kPiece) {
    const std::size_t count = std::min(kPiece, pixels.shape(0) - done);
    const ImageBatch batch = set_.read(first + done, count);
    std::copy_n(batch.pixels.data(), count * numbers, pixels.data() + done * numbers);
    for (const ImageFailure& failure : batch.failures) {
      failures.emplace_back(failure.index, failure.state == ALLCONV_IMAGE_NOT_OPENED, failure.why);
    }
    interrupts.ask();
  }
  return failures;
}

SharedSet* open_set(const std::vector<nb::bytes>& paths, const Model& model,
                    const ImageSetOptions& options) {
  std::vector<std::string> names;
  names.reserve(paths.size());
  for (const nb::bytes& path : paths) names.emplace_back(path.c_str(), path.size());
  const nb::gil_scoped_release release;
  return new SharedSet(names, model, options);
}

}  // namespace

}  // namespace allconv::python

NB_MODULE(_decoders, module) {
  using namespace allconv::python;
  using allconv::ImageSetOptions;
  nb::module_::import_("allconv._core");  // which has the models
  register_errors();
  nb::class_<ImageSetOptions>(module, "ImageSetOptions")
      .def(nb::init<>())
      .def_prop_rw(
          "split", [](const ImageSetOptions& options) { return static_cast<int>(options.split); },
          [](ImageSetOptions& options, int split) {
            options.split = static_cast<allconv::Split>(split);
          })
      .def_rw("labelled", &ImageSetOptions::labelled)
      .def_rw("threads", &ImageSetOptions::threads)
      .def_rw("pixel_limit", &ImageSetOptions::pixel_limit);
  nb::class_<SharedSet>(module, "ImageSet")
      .def("__len__", &SharedSet::size)
      .def_prop_ro("classes", &SharedSet::classes)
      .def("paths", &SharedSet::paths, nb::arg("first"), nb::arg("count"))
      .def("labels", &SharedSet::labels, nb::arg("labels"))
      .def("read", &SharedSet::read, nb::arg("first"), nb::arg("pixels"));
  module.def("open", open_set, nb::arg("paths"), nb::arg("model"), nb::arg("options"),
             nb::rv_policy::take_ownership);
}
