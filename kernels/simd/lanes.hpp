// Which lanes of a vector a load or a store touches: all, or those before a tail's end.
#pragma once

namespace allconv::kernels::ALLCONV_ISA {

struct AllLanes {};

// Lanes [0, count), 0 < count < kWidth. The others are neither read nor written.
struct FirstLanes {
  int count = 0;
};

}  // namespace allconv::kernels::ALLCONV_ISA
