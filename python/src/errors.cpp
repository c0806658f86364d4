#include "python/src/errors.hpp"

#include <nanobind/nanobind.h>

#include <cstring>
#include <exception>
#include <string_view>

namespace nb = nanobind;

namespace allconv::python {

namespace {

// Sentences hold paths, which need not be UTF-8.
nb::object text_of(std::string_view sentence) {
  PyObject* const text = PyUnicode_DecodeUTF8(
      sentence.data(), static_cast<Py_ssize_t>(sentence.size()), "backslashreplace");
  if (text == nullptr) throw nb::python_error();
  return nb::steal(text);
}

// `classes` is the dictionary {status: class}.
void translate(const std::exception_ptr& exception, void* classes) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    const nb::dict by_status = nb::borrow<nb::dict>(static_cast<PyObject*>(classes));
    const nb::object type = by_status[nb::int_(static_cast<int>(error.status()))];
    PyErr_SetObject(type.ptr(), text_of(error.what()).ptr());
  }
}

}  // namespace

void register_errors() {
  nb::object classes = nb::module_::import_("allconv._errors").attr("BY_STATUS");
  // The translator is there for as long as the interpreter, and so is its reference.
  nb::register_exception_translator(translate, classes.release().ptr());
}

}  // namespace allconv::python
