// Static shared memory: the variables that kernels declare __shared__, which are thread-local ones
// of the program here, found in its symbol table.
#pragma once

#include <cstddef>

namespace allconv::simt {

// Whether the kernel itself, not a function that it calls, declares some.
bool declares_shared(const void* kernel);

// Poisons those of the calling thread.
void poison_static_shared();

// Whether all these bytes lie in one of them.
bool is_static_shared(const void* address, std::size_t bytes);

}  // namespace allconv::simt
