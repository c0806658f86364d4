// Matrix products by tensor cores: fragments' layouts are right because the product is, and each
// mistake in how their tiles are filled is found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/simt/device_array.hpp"
#include "tests/simt/kernels/product.cuh"
#include "tests/simt/numbers.hpp"
#include "tests/simt/orders.hpp"
#include "tests/simt/sanitizers.hpp"

namespace allconv::simt {
namespace {

constexpr int kM = 64;
constexpr int kN = 64;
constexpr int kK = 64;

// Small integers, of which every product and sum is exact in each type.
std::vector<float> integers(int count, int step) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (int at = 0; at < count; ++at) {
    values[static_cast<std::size_t>(at)] = static_cast<float>((at * step + at / 7) % 13 - 6);
  }
  return values;
}

std::vector<float> plain_product(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> c(kM * kN);
  for (int m = 0; m < kM; ++m) {
    for (int n = 0; n < kN; ++n) {
      float& sum = c[static_cast<std::size_t>(m * kN + n)];
      for (int k = 0; k < kK; ++k) {
        sum += a[static_cast<std::size_t>(m * kK + k)] * b[static_cast<std::size_t>(k * kN + n)];
      }
    }
  }
  return c;
}

std::vector<std::uint16_t> rounded(const std::vector<float>& values, std::uint16_t (*bits)(float)) {
  std::vector<std::uint16_t> rounded;
  for (const float value : values) rounded.push_back(bits(value));
  return rounded;
}

class Product : public testing::Test {
 protected:
  ~Product() override { configure({}); }

  // c of the kernel that `launch` starts, or nothing after a fault, which `faults` then holds.
  template <class Launch>
  std::vector<float> run(std::uint16_t (*bits)(float), Launch&& launch) {
    const DeviceArray<std::uint16_t> a(rounded(a_, bits));
    const DeviceArray<std::uint16_t> b(rounded(b_, bits));
    const DeviceArray<float> c(kM * kN);
    EXPECT_EQ(launch({.a = a.data(), .b = b.data(), .c = c.data(), .m = kM, .n = kN, .k = kK}),
              cudaSuccess);
    const bool passed = cudaDeviceSynchronize() == cudaSuccess;
    faults_ = take_faults();
    EXPECT_EQ(passed, faults_.empty());
    return passed ? c.values() : std::vector<float>{};
  }

  std::vector<float> run_f16(ProductMistake mistake) {
    return run(half_bits, [mistake](const ProductArguments& arguments) {
      return product_f16(arguments, mistake, nullptr);
    });
  }

  // Expects the mistake to make the product wrong in at least so many orders, or in all of them.
  void expect_wrong(ProductMistake mistake, int least) {
    int wrong = 0;
    const std::vector<Settings> orders = all_orders(8);
    for (const Settings& order : orders) {
      configure(order);
      wrong += run_f16(mistake) != expected_;
      EXPECT_EQ(faults_, std::vector<std::string>{});
    }
    EXPECT_GE(wrong, std::min(least, static_cast<int>(orders.size())));
  }

  // The same for a race, of which a race detector makes the end.
  void expect_race(ProductMistake mistake, int least) {
    if (kRaceDetector) {
      EXPECT_DEATH(run_f16(mistake), "data race");
    } else {
      expect_wrong(mistake, least);
    }
  }

  // The fault that the mistake ends in.
  std::string fault_of(ProductMistake mistake) {
    run_f16(mistake);
    EXPECT_EQ(faults_.size(), 1U);
    return faults_.empty() ? "" : faults_.front();
  }

  const std::vector<float> a_ = integers(kM * kK, 5);
  const std::vector<float> b_ = integers(kK * kN, 3);
  const std::vector<float> expected_ = plain_product(a_, b_);
  std::vector<std::string> faults_;
};

TEST_F(Product, IsRightInEveryOrder) {
  for (const Settings& order : all_orders(8)) {
    configure(order);
    EXPECT_EQ(run_f16(ProductMistake::none), expected_) << "seed " << order.seed;
    EXPECT_EQ(faults_, std::vector<std::string>{});
  }
}

TEST_F(Product, IsRightWithSeveralWorkers) {
  configure({.workers = 3});
  EXPECT_EQ(run_f16(ProductMistake::none), expected_);
  EXPECT_EQ(faults_, std::vector<std::string>{});
}

TEST_F(Product, OfBfloat16IsRight) {
  EXPECT_EQ(run(bfloat16_bits,
                [](const ProductArguments& arguments) { return product_bf16(arguments, nullptr); }),
            expected_);
}

TEST_F(Product, OfTf32IsRight) {
  const DeviceArray<float> a(a_);
  const DeviceArray<float> b(b_);
  const DeviceArray<float> c(kM * kN);
  ASSERT_EQ(product_tf32({.a = a.data(), .b = b.data(), .c = c.data(), .m = kM, .n = kN, .k = kK},
                         nullptr),
            cudaSuccess);
  EXPECT_EQ(c.values(), expected_);
}

TEST_F(Product, WithoutABarrierAfterTheWaitIsCaught) {
  expect_race(ProductMistake::no_barrier_after_wait, 8);
}

TEST_F(Product, WithoutABarrierBeforeTheNextCopyIsCaught) {
  expect_race(ProductMistake::no_barrier_at_end, 2);
}

TEST_F(Product, WithAWeakWaitIsCaught) { expect_wrong(ProductMistake::weak_wait, 10); }

TEST_F(Product, WithTheWaitAfterTheBarrierIsCaught) {
  expect_race(ProductMistake::wait_after_barrier, 8);
}

TEST_F(Product, WithAMisalignedCopyIsCaught) {
  EXPECT_THAT(fault_of(ProductMistake::misaligned_copy),
              testing::AllOf(testing::HasSubstr("misaligned"), testing::HasSubstr("product.cu")));
}

TEST_F(Product, ThatCopiesBeyondItsSharedMemoryIsCaught) {
  EXPECT_THAT(fault_of(ProductMistake::beyond_shared),
              testing::HasSubstr("not in the block's shared memory, at product.cu"));
}

}  // namespace
}  // namespace allconv::simt
