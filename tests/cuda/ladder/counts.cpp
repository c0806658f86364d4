// For ladder_counts.py: what each step of the ladder moves, one line a step, replayed through the
// functions by which its kernel finds its numbers. The layer is All-CNN-C's from 96 to 96 channels
// at 32 x 32; counts are of one image, all in bytes or accesses.
#include <cstdint>
#include <iostream>
#include <string>

#include "bench/ladder/layer.hpp"
#include "tests/cuda/banks.hpp"

namespace allconv::ladder {
namespace {

using kernels::BankTurns;
using kernels::GatherPiece;
using kernels::kWarp;

constexpr Layer kLayer{.n = 1, .h = 32, .w = 32, .c = 96, .k = 96};
constexpr int kHalf = 2, kFloat = 4, kPieceBytes = 16;  // bytes

// What the main loop reads of global memory.
struct GlobalReads {
  std::int64_t src = 0;
  std::int64_t weights = 0;
};

// What one step of a block's main loop does to shared memory.
struct SharedAccesses {
  std::int64_t bytes = 0;
  BankTurns turns;

  // All warps of the block, lane by lane: `width` bytes from address(thread) on.
  template <class Address>
  void add(int threads, int width, const Address& address) {
    for (int warp = 0; warp < threads / kWarp; ++warp) {
      turns += kernels::bank_turns(width, [&](int lane) { return address(warp * kWarp + lane); });
    }
    bytes += std::int64_t{threads} * width;
  }
};

GlobalReads naive_reads() {
  GlobalReads reads;
  for (int index = 0; index < kLayer.results(); ++index) {
    for (int tap = 0; tap < kTaps; ++tap) {
      if (!source_pixel(kLayer, result_at(kLayer, index), tap).valid) continue;
      reads.src += std::int64_t{kLayer.k} * kLayer.c * kHalf;
      reads.weights += std::int64_t{kLayer.k} * kLayer.c * kHalf;
    }
  }
  return reads;
}

// Steps 2 to 6: every block reads the pieces of its tile once.
GlobalReads tile_reads() {
  GlobalReads reads;
  const auto blocks_m = static_cast<int>(kernels::tiles_of(kLayer.results(), kTile.m));
  const auto blocks_n = static_cast<int>(kernels::tiles_of(kLayer.k, kTile.n));
  for (Depth depth; depth.tap < kTaps; depth.advance(kLayer)) {
    for (int row = 0; row < blocks_m * kTile.m; ++row) {
      const bool valid = src_element(kLayer, result_at(kLayer, row), depth, 0).valid;
      reads.src += valid ? std::int64_t{blocks_n} * kernels::kGatherDepthBytes : 0;
    }
    for (int filter = 0; filter < blocks_n * kTile.n; ++filter) {
      const bool valid = weights_element(kLayer, filter, depth, 0).valid;
      reads.weights += valid ? std::int64_t{blocks_m} * kernels::kGatherDepthBytes : 0;
    }
  }
  return reads;
}

// Calls body(pass, threads) for the passes in which a block fills its tile, by whole warps.
template <class Body>
void for_each_pass(int threads, const Body& body) {
  const int rows = threads / kernels::kGatherPieces;
  for (int first = 0; first < kRows; first += rows) {
    const int filled = first + rows < kRows ? rows : kRows - first;
    body(first / rows, filled * kernels::kGatherPieces);
  }
}

SharedAccesses turned_accesses() {
  constexpr int kThreads = TurnedTile::kThreads;
  SharedAccesses accesses;
  for_each_pass(kThreads, [&](int pass, int threads) {
    for (int i = 0; i < kPieceWidth; ++i) {
      accesses.add(threads, kFloat, [&](int thread) {
        const GatherPiece at = kernels::gather_copied_piece(kThreads, thread, pass);
        return kFloat * turned(at.row, at.piece * kPieceWidth + i);
      });
    }
  });
  for (int channel = 0; channel < kDepth; ++channel) {
    for (const int i : {0, 4}) {  // rows by vectors of four
      accesses.add(kThreads, 4 * kFloat, [&](int thread) {
        return kFloat * turned_src(TurnedTile::row(thread, i), channel);
      });
    }
    for (const int j : {0, 2, 4}) {  // filters by vectors of two
      accesses.add(kThreads, 2 * kFloat, [&](int thread) {
        return kFloat * turned_weights(TurnedTile::column(thread, j), channel);
      });
    }
  }
  return accesses;
}

// Of ldmatrix, where lane by lane a row's piece is read.
template <class Layout>
void add_fragments(SharedAccesses& accesses) {
  constexpr int kThreads = kTile.threads();
  constexpr int kWarpM = kTile.m / kTile.warps_m, kWarpN = kTile.n / kTile.warps_n;
  const auto add = [&](int first, const GatherPiece& at) {
    return Layout::offset({.row = first + at.row, .piece = at.piece});
  };
  for (int part = 0; part < kernels::kGatherPieces / 2; ++part) {
    for (int i = 0; i < kWarpM; i += 16) {
      accesses.add(kThreads, kPieceBytes, [&](int thread) {
        const int first = thread / kWarp / kTile.warps_n * kWarpM + i;
        return add(first, kernels::gather_src_piece(thread % kWarp, part));
      });
    }
    for (int j = 0; j < kWarpN; j += 16) {
      accesses.add(kThreads, kPieceBytes, [&](int thread) {
        const int first = kTile.m + thread / kWarp % kTile.warps_n * kWarpN + j;
        return add(first, kernels::gather_weights_piece(thread % kWarp, part));
      });
    }
  }
}

template <class Layout>
SharedAccesses stage_accesses() {
  SharedAccesses accesses;
  for_each_pass(kTile.threads(), [&](int pass, int threads) {
    accesses.add(threads, kPieceBytes, [&](int thread) {
      return Layout::offset(kernels::gather_copied_piece(kTile.threads(), thread, pass));
    });
  });
  add_fragments<Layout>(accesses);
  return accesses;
}

// A line: name, dynamic shared memory of a block; of all blocks, global bytes of src and of the
// weights, shared bytes, turns taken and least.
void print(const std::string& name, int dynamic_shared, const GlobalReads& reads,
           const SharedAccesses& accesses) {
  const std::int64_t steps = kernels::tiles_of(kLayer.results(), kTile.m) *
                             kernels::tiles_of(kLayer.k, kTile.n) * depth_steps(kLayer);
  std::cout << name << ' ' << dynamic_shared << ' ' << reads.src << ' ' << reads.weights << ' '
            << steps * accesses.bytes << ' ' << steps * accesses.turns.taken << ' '
            << steps * accesses.turns.least << '\n';
}

void print_all() {
  // results and filters, bytes of src and of the weights, each once
  std::cout << "layer " << kLayer.results() << ' ' << kLayer.k << ' '
            << kLayer.results() * kLayer.c * kHalf << ' ' << kLayer.k * kTaps * kLayer.c * kHalf
            << '\n';
  const GlobalReads reads = tile_reads();
  print("naive", 0, naive_reads(), {});
  print("tiled", 0, reads, turned_accesses());
  print("tensor_core", 0, reads, stage_accesses<InRows>());
  print("pipelined", 0, reads, stage_accesses<InRows>());
  print("swizzled", 0, reads, stage_accesses<Swizzled>());
  print("fused", kernels::gather_shared_bytes(kTile), reads, stage_accesses<Swizzled>());
}

}  // namespace
}  // namespace allconv::ladder

int main() { allconv::ladder::print_all(); }
