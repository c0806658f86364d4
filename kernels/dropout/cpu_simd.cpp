// dropout_cpu_{avx512,avx2,portable}
//
// Computes  dst = word < rate * 2^32 ? 0 : src / (1 - rate), the word being the element's of Philox
// Layout    (count) elements; element i is number first_element + i of the whole batch
// Vectors   one Philox block a lane: 8 (AVX2) or 16 (AVX-512) blocks, 32 or 64 elements, at a time
// Requires  0 <= rate < 1; dst may be src
// Bound by  integer products: four of 32 x 32 bits a round, ten rounds for four elements
// Exact: the bits are the reference's, and so is the one product.
#include <cstring>

#include "kernels/dropout/cpu_simd.hpp"
#include "kernels/dropout/mask.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

constexpr int kGroup = kPhiloxWords * kWidth;  // elements of one block a lane

// Philox4x32-10 on one block a lane; see philox.hpp for the scalar form.
void philox(Words (&counter)[kPhiloxWords], PhiloxKey key) {
  const Words first_multiplier = broadcast_word(kPhiloxMultiplier0);
  const Words second_multiplier = broadcast_word(kPhiloxMultiplier1);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const WideProduct first = multiply_wide(counter[0], first_multiplier);
    const WideProduct second = multiply_wide(counter[2], second_multiplier);
    counter[0] = second.high ^ counter[1] ^ broadcast_word(key.word[0]);
    counter[1] = second.low;
    counter[2] = first.high ^ counter[3] ^ broadcast_word(key.word[1]);
    counter[3] = first.low;
    key.word[0] += kPhiloxKeyStep0;
    key.word[1] += kPhiloxKeyStep1;
  }
}

// The block of each lane, counted from the group's first: transpose_quads() puts lane i of each
// group of four into vector i, so that these blocks come out in rising order.
Words block_of_lane() {
  std::uint32_t blocks[kWidth];
  for (int lane = 0; lane < kWidth; ++lane) {
    blocks[lane] = static_cast<std::uint32_t>(lane % 4 * (kWidth / 4) + lane / 4);
  }
  return load_words(blocks);
}

// One layer's mask in one step, by groups of kGroup elements.
class GroupMask {
 public:
  GroupMask(float rate, const DropoutStream& stream)
      : stream_(stream),
        threshold_(broadcast_word(dropout_threshold(rate))),
        scale_(broadcast(dropout_scale(rate))) {}

  // Elements of whole blocks, the first of which is `block`; src and dst are (kGroup).
  void apply(std::uint64_t block, const float* src, float* dst) const {
    Words words[kPhiloxWords];
    random_words(block, words);
    for (int i = 0; i < kPhiloxWords; ++i) {
      const Floats kept = load(src + i * kWidth, AllLanes{}) * scale_;
      store(dst + i * kWidth, select(less(words[i], threshold_), broadcast(0), kept), AllLanes{});
    }
  }

 private:
  // Words in the order of the elements.
  void random_words(std::uint64_t block, Words (&words)[kPhiloxWords]) const {
    const PhiloxBlock counter = dropout_counter(stream_, block);
    // Lanes whose low half has wrapped around belong to the next high half.
    constexpr std::uint64_t kLowHalf = std::uint64_t{1} << 32;
    const PhiloxBlock wrapped = dropout_counter(stream_, block + kLowHalf);
    const Words low = broadcast_word(counter.word[0]);
    words[0] = low + block_of_lane();
    words[1] = broadcast_word(counter.word[1]);
    words[2] = broadcast_word(counter.word[2]);
    words[3] = select(less(words[0], low), broadcast_word(wrapped.word[3]),
                      broadcast_word(counter.word[3]));
    philox(words, dropout_key(stream_.seed));
    transpose_quads(words);
  }

  DropoutStream stream_;
  Words threshold_;
  Floats scale_;
};

}  // namespace

void dropout(const DropoutProblem& problem, const Dropout::Arguments& arguments, int part) {
  const ElementRange range = element_range(problem.count, part);
  const float* src = arguments.src + range.begin;
  float* dst = arguments.dst + range.begin;
  const GroupMask mask(problem.rate, {.seed = arguments.seed,
                                      .step = arguments.step,
                                      .layer = arguments.layer,
                                      .first_element = arguments.first_element});
  const std::uint64_t first = arguments.first_element + static_cast<std::uint64_t>(range.begin);
  std::uint64_t block = first / kPhiloxWords;
  // The first block may have begun before the part, and the last may end behind it: such a group
  // goes through a buffer.
  std::int64_t i = -static_cast<std::int64_t>(first % kPhiloxWords);
  for (; i < range.count; i += kGroup, block += kWidth) {
    if (i >= 0 && i + kGroup <= range.count) {
      mask.apply(block, src + i, dst + i);
      continue;
    }
    const std::int64_t begin = i < 0 ? 0 : i;
    const std::int64_t end = i + kGroup < range.count ? i + kGroup : range.count;
    const std::size_t bytes = sizeof(float) * static_cast<std::size_t>(end - begin);
    float buffer[kGroup] = {};
    std::memcpy(buffer + (begin - i), src + begin, bytes);
    mask.apply(block, buffer, buffer);
    std::memcpy(dst + begin, buffer + (begin - i), bytes);
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
