// The bank conflicts of the convolution kernels: every access of a warp to shared memory, replayed
// through the functions by which the kernels find their addresses.
#include "tests/cuda/banks.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "kernels/conv2d/gather_simt_tile.hpp"
#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/conv2d/weight_gradient_simt_tile.hpp"
#include "kernels/conv2d/weight_gradient_tile.hpp"

namespace allconv::kernels {
namespace {

constexpr int kFloat = static_cast<int>(sizeof(float));
constexpr int kVector = 16;  // bytes

// The accesses of all warps of a block: address(thread), in bytes.
template <class Address>
BankTurns block_turns(int threads, int width, const Address& address) {
  BankTurns turns;
  for (int warp = 0; warp < threads / kWarp; ++warp) {
    turns += bank_turns(width, [&](int lane) { return address(warp * kWarp + lane); });
  }
  return turns;
}

TEST(Banks, TheCountFindsConflicts) {
  EXPECT_EQ(bank_turns(4, [](int lane) { return 4 * lane; }), (BankTurns{1, 1}));
  EXPECT_EQ(bank_turns(4, [](int) { return 64; }), (BankTurns{1, 1}));
  EXPECT_EQ(bank_turns(4, [](int lane) { return 8 * lane; }), (BankTurns{2, 1}));
  EXPECT_EQ(bank_turns(4, [](int lane) { return 128 * lane; }), (BankTurns{32, 1}));
  EXPECT_EQ(bank_turns(2, [](int lane) { return 2 * lane; }), (BankTurns{1, 1}));
  EXPECT_EQ(bank_turns(8, [](int lane) { return 8 * lane; }), (BankTurns{2, 2}));
  EXPECT_EQ(bank_turns(16, [](int lane) { return 16 * lane; }), (BankTurns{4, 4}));
  EXPECT_EQ(bank_turns(16, [](int lane) { return 64 * lane; }), (BankTurns{16, 4}));
}

// Rows of 64 bytes that are not swizzled, and rows of a turned tile that are not padded.
TEST(Banks, TheCountFindsWhatSwizzleAndPaddingAreFor) {
  const auto plain = [](int lane) {
    const GatherPiece at = gather_src_piece(lane, 0);
    return at.row * kGatherDepthBytes + at.piece * kGatherPieceBytes;
  };
  EXPECT_EQ(bank_turns(kVector, plain), (BankTurns{16, 4}));
  const auto unpadded = [](int lane) { return 2 * turned_a_row(lane).offset(96); };
  EXPECT_EQ(bank_turns(kVector, unpadded), (BankTurns{16, 4}));
}

class GatherSm80Banks : public testing::TestWithParam<GatherTile> {};

TEST_P(GatherSm80Banks, FragmentsAreReadWithoutConflicts) {
  for (int part = 0; part < kGatherPieces / 2; ++part) {
    for (int row = 0; row < GetParam().m; row += 8) {
      const auto in_rows = [&](GatherPiece at) {
        return gather_piece_offset({.row = row + at.row, .piece = at.piece});
      };
      const auto src = [&](int lane) { return in_rows(gather_src_piece(lane, part)); };
      const auto weights = [&](int lane) { return in_rows(gather_weights_piece(lane, part)); };
      EXPECT_TRUE(bank_turns(kVector, src).free_of_conflicts()) << row << ", part " << part;
      EXPECT_TRUE(bank_turns(kVector, weights).free_of_conflicts()) << row << ", part " << part;
    }
  }
}

TEST_P(GatherSm80Banks, CopiesArriveWithoutConflicts) {
  const int threads = GetParam().threads();
  for (int pass = 0; pass < GetParam().m * kGatherPieces / threads; ++pass) {
    const auto copied = [&](int thread) {
      return gather_piece_offset(gather_copied_piece(threads, thread, pass));
    };
    EXPECT_TRUE(block_turns(threads, kVector, copied).free_of_conflicts()) << pass;
  }
}

// Behind the main loop: rows of n + 4 floats, so that three blocks' sums fit a multiprocessor.
TEST_P(GatherSm80Banks, SumsLeaveWithTwoWayConflicts) {
  const GatherTile tile = GetParam();
  const auto sums = [&](int lane) { return kFloat * gather_sum_offset(tile, lane); };
  EXPECT_EQ(bank_turns(2 * kFloat, sums), (BankTurns{4, 2}));
}

// Threads that read eight neighbouring sums each, by two vectors of four.
BankTurns sum_reads(int threads, int columns, int pitch) {
  return block_turns(threads, kVector, [&](int thread) {
    const GatherSumRun run = gather_sum_run(columns, kEpilogueWidth, thread);
    return kFloat * (run.row * pitch + run.column);
  });
}

TEST_P(GatherSm80Banks, SumsAreReadWithTwoWayConflicts) {
  const GatherTile tile = GetParam();
  const BankTurns turns = sum_reads(tile.threads(), tile.n, gather_sum_pitch(tile));
  EXPECT_LE(turns.taken, 2 * turns.least);
}

INSTANTIATE_TEST_SUITE_P(Tiles, GatherSm80Banks,
                         testing::Values(kWideTile, kEvenTile, kShortTile, kSlimTile),
                         [](const testing::TestParamInfo<GatherTile>& tile) {
                           return std::to_string(tile.param.m) + "x" + std::to_string(tile.param.n);
                         });

template <class Tile>
class GradientSm80Banks : public testing::Test {};
using GradientTiles = testing::Types<GradientTile<2, 96>, GradientTile<2, 128>, GradientTile<4, 96>,
                                     GradientTile<4, 128>>;
TYPED_TEST_SUITE(GradientSm80Banks, GradientTiles);

// 16-bit elements by ldmatrix, floats one by one; the tiles of filters and of columns.
TYPED_TEST(GradientSm80Banks, FragmentsAreReadWithoutConflicts) {
  for (const int pitch : {TypeParam::kFilterPitch, TypeParam::kColumnPitch}) {
    if (TypeParam::kWidth == 4) {
      const auto floats = [&](int lane) { return kFloat * turned_float(lane).offset(pitch); };
      EXPECT_TRUE(bank_turns(kFloat, floats).free_of_conflicts()) << pitch;
    } else {
      const auto a = [&](int lane) { return 2 * turned_a_row(lane).offset(pitch); };
      const auto b = [&](int lane) { return 2 * turned_b_row(lane).offset(pitch); };
      EXPECT_TRUE(bank_turns(kVector, a).free_of_conflicts()) << pitch;
      EXPECT_TRUE(bank_turns(kVector, b).free_of_conflicts()) << pitch;
    }
  }
}

template <class Tile>
BankTurns copy_turns(int columns, int pitch) {
  BankTurns turns;
  for (int pass = 0; pass < Tile::passes(columns); ++pass) {
    turns += block_turns(Tile::kThreads, kVector, [&](int thread) {
      return kVector / Tile::kWidth * Tile::copied(columns, thread, pass).offset(pitch);
    });
  }
  return turns;
}

// Eight lanes copy 128 bytes of a row, and have no conflicts where rows are a multiple of that.
// Rows of 96 elements of 16 bits are 192 bytes: every third eight lies half on the next row, which
// begins 16 bytes, the padding, behind a multiple of 64.
TYPED_TEST(GradientSm80Banks, CopiesArriveWithoutConflictsInRowsOf128Bytes) {
  for (const int columns : {TypeParam::kColumns, TypeParam::kFilterPitch - 8}) {
    const BankTurns turns = copy_turns<TypeParam>(columns, turned_pitch(columns));
    const bool whole = columns * kVector / TypeParam::kWidth % 128 == 0;
    EXPECT_EQ(3 * turns.taken, (whole ? 3 : 4) * turns.least) << columns;
  }
}

// An operand that is not copied arrives element by element.
TYPED_TEST(GradientSm80Banks, GatheredElementsArriveWithoutConflicts) {
  constexpr int kElement = kVector / TypeParam::kWidth;
  for (const int pitch : {TypeParam::kFilterPitch, TypeParam::kColumnPitch}) {
    const auto gathered = [&](int thread) {
      return kElement * TypeParam::gathered(thread).offset(pitch);
    };
    EXPECT_TRUE(block_turns(TypeParam::kThreads, kElement, gathered).free_of_conflicts()) << pitch;
  }
}

// All results of a stage, in all columns of a pass, once each.
TYPED_TEST(GradientSm80Banks, EveryElementIsGatheredOnce) {
  std::set<std::pair<int, int>> elements;
  for (int thread = 0; thread < TypeParam::kThreads; ++thread) {
    const TurnedPlace first = TypeParam::gathered(thread);
    for (int i = 0; i < TypeParam::kGatheredResults; ++i) {
      elements.emplace(first.result + i, first.column);
    }
  }
  EXPECT_EQ(elements.size(), TypeParam::kDepth * TypeParam::kGatheredColumns);
  EXPECT_EQ(*elements.rbegin(), std::pair(TypeParam::kDepth - 1, TypeParam::kGatheredColumns - 1));
}

template <int kColumns>
void expect_simt_reads_without_conflicts() {
  using Tile = SimtTile<kColumns>;
  for (int i = 0; i < Tile::kRowsM; i += 4) {
    const auto rows = [&](int thread) { return kFloat * Tile::row(thread, i); };
    EXPECT_TRUE(block_turns(Tile::kThreads, 4 * kFloat, rows).free_of_conflicts()) << i;
  }
  for (int j = 0; j < kColumns; j += 2) {
    const auto columns = [&](int thread) { return kFloat * Tile::column(thread, j); };
    EXPECT_TRUE(block_turns(Tile::kThreads, 2 * kFloat, columns).free_of_conflicts()) << j;
  }
}

TEST(GatherSimtBanks, OperandsAreReadWithoutConflicts) {
  expect_simt_reads_without_conflicts<6>();
  expect_simt_reads_without_conflicts<2>();
}

// Known: a warp stores sixteen columns of two rows, and rows that keep to 16 bytes put columns k
// and k + 8 on one bank. 14 stores a thread stand against 80 loads.
TEST(GatherSimtBanks, OperandsAreStoredWithTwoWayConflicts) {
  using Tile = SimtTile<6>;
  for (const int pitch : {Tile::kPitchM, Tile::kPitchN}) {
    const auto stored = [&](int thread) {
      return kFloat * (Tile::loaded_k(thread) * pitch + Tile::loaded_row(thread));
    };
    const BankTurns turns = block_turns(Tile::kThreads, kFloat, stored);
    EXPECT_EQ(turns.taken, 2 * turns.least) << pitch;
  }
}

TEST(GatherSimtBanks, SumsLeaveAndAreReadWithTwoWayConflictsAtMost) {
  using Tile = SimtTile<6>;
  const auto sums = [](int thread) {
    return kFloat * (Tile::row(thread, 0) * Tile::kPitchN + Tile::column(thread, 0));
  };
  const BankTurns left = block_turns(Tile::kThreads, kFloat, sums);
  EXPECT_EQ(left.taken, 2 * left.least);
  const BankTurns read = sum_reads(Tile::kThreads, Tile::kTileN, Tile::kPitchN);
  EXPECT_LE(read.taken, 2 * read.least);
}

TEST(GradientSimtBanks, OperandsAreReadWithoutConflicts) {
  using Tile = GradientSimtTile;
  for (int i = 0; i < Tile::kRun; i += 2) {
    const auto filters = [&](int thread) { return kFloat * Tile::filter(thread, i); };
    const auto columns = [&](int thread) { return kFloat * Tile::column(thread, i); };
    EXPECT_TRUE(block_turns(Tile::kThreads, 2 * kFloat, filters).free_of_conflicts()) << i;
    EXPECT_TRUE(block_turns(Tile::kThreads, 2 * kFloat, columns).free_of_conflicts()) << i;
  }
}

TEST(GradientSimtBanks, OperandsAreStoredWithoutConflicts) {
  using Tile = GradientSimtTile;
  for (int i = 0; i < Tile::kLoads; ++i) {
    const auto stored = [&](int thread) {
      return kFloat *
             (Tile::loaded_depth(thread, i) * Tile::kSize + Tile::loaded_column(thread, i));
    };
    EXPECT_TRUE(block_turns(Tile::kThreads, kFloat, stored).free_of_conflicts()) << i;
  }
}

}  // namespace
}  // namespace allconv::kernels
