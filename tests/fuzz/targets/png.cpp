// PNG files: as they are, and with the checksums that their chunks should have, so that a change of
// one byte reaches what lies behind them.
#include <zlib.h>

#include <vector>

#include "tests/fuzz/harness/images.hpp"

namespace allconv::fuzz {

namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkOverhead = 12;  // length, type, checksum

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

std::vector<std::uint8_t> with_right_checksums(Input file) {
  std::vector<std::uint8_t> repaired(file.begin(), file.end());
  for (std::size_t at = kSignatureBytes; at + kChunkOverhead <= repaired.size();) {
    const std::size_t length = big_endian(&repaired[at]);
    if (length > repaired.size() - at - kChunkOverhead) break;
    const auto checksum = static_cast<std::uint32_t>(crc32_z(0, &repaired[at + 4], length + 4));
    for (std::size_t i = 0; i < 4; ++i) {
      repaired[at + 8 + length + i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i));
    }
    at += kChunkOverhead + length;
  }
  return repaired;
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  const fuzz::Input file(data, size);
  fuzz::check_image_file(file);
  const auto repaired = fuzz::with_right_checksums(file);
  if (!std::ranges::equal(repaired, file)) fuzz::check_image_file(repaired);
  return 0;
}
