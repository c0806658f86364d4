// Binds allconv::Model.
#pragma once

#include <nanobind/nanobind.h>

namespace allconv::python {

void bind_model(nanobind::module_& module);

}  // namespace allconv::python
