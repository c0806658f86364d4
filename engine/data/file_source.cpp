#include "engine/data/file_source.hpp"

#include "engine/data/image_file.hpp"

namespace allconv {

ReadResult FileSource::read(std::size_t index, MemoryBudget& memory) const {
  return read_image_file(path(index), memory);
}

}  // namespace allconv
