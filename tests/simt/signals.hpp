// Accesses of kernels to memory that is not there, as faults instead of the program's end.
#pragma once

namespace allconv::simt {

// To be called on each thread that runs fibres, before it does.
void catch_bad_accesses();

}  // namespace allconv::simt
