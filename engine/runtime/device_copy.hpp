// Copies between the host and a GPU's memory, for programs whose data lie there.
#pragma once

#include <cstddef>

namespace allconv {

// A program's stream (cudaStream_t), which this library does not own; null: the default stream.
using StreamHandle = void*;

// Each begins behind what the stream holds and returns when the copy is done. Throw Error{device}.
void copy_from_gpu(int gpu, const void* from, void* to, std::size_t bytes, StreamHandle stream);
void copy_to_gpu(int gpu, const void* from, void* to, std::size_t bytes, StreamHandle stream);

}  // namespace allconv
