#include "engine/support/hash.hpp"

#include <fmt/format.h>

#define XXH_INLINE_ALL  // header only: nothing to link
#include <xxhash.h>

#include <cstddef>
#include <vector>

#include "engine/support/input_file.hpp"

namespace allconv {

struct HashStream::State {
  XXH64_state_t sums;
};

HashStream::HashStream() : state_(std::make_unique<State>()) { XXH64_reset(&state_->sums, 0); }

HashStream::~HashStream() = default;

void HashStream::add(std::string_view bytes) {
  if (bytes.empty()) return;  // an empty view may point nowhere
  XXH64_update(&state_->sums, bytes.data(), bytes.size());
}

std::uint64_t HashStream::value() const { return XXH64_digest(&state_->sums); }

std::uint64_t hash_bytes(std::string_view bytes) {
  HashStream hash;
  hash.add(bytes);
  return hash.value();
}

std::uint64_t hash_file(const std::string& path) {
  constexpr std::size_t kChunk = 1 << 20;  // bytes
  const InputFile file(path);
  std::vector<std::byte> chunk(kChunk);
  HashStream hash;
  std::int64_t offset = 0;
  for (std::size_t count = kChunk; count == kChunk;) {
    count = file.read_some_at(offset, chunk);
    hash.add({reinterpret_cast<const char*>(chunk.data()), count});
    offset += static_cast<std::int64_t>(count);
  }
  return hash.value();
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace allconv
