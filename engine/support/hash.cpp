#include "engine/support/hash.hpp"

#include <fmt/format.h>

#define XXH_INLINE_ALL  // header only: nothing to link
#include <xxhash.h>

#include <cstddef>
#include <vector>

#include "engine/support/input_file.hpp"

namespace allconv {

std::uint64_t hash_bytes(std::string_view bytes) { return XXH64(bytes.data(), bytes.size(), 0); }

std::uint64_t hash_file(const std::string& path) {
  constexpr std::size_t kChunk = 1 << 20;  // bytes
  const InputFile file(path);
  std::vector<std::byte> chunk(kChunk);
  XXH64_state_t state;
  XXH64_reset(&state, 0);
  std::int64_t offset = 0;
  for (std::size_t count = kChunk; count == kChunk;) {
    count = file.read_some_at(offset, chunk);
    XXH64_update(&state, chunk.data(), count);
    offset += static_cast<std::int64_t>(count);
  }
  return XXH64_digest(&state);
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace allconv
