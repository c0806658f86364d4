// Linear algebra of whitening: what is computed by a library, on numbers known by heart.
#include "engine/data/linear_algebra.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace allconv {
namespace {

TEST(LinearAlgebraTest, ProductsAreAddedToTheLowerTriangle) {
  const std::vector<double> rows = {1, 2, 3, 4, 5, 6};  // (2,3)
  std::vector<double> products(9, 100);
  add_products(rows.data(), 2, 3, products.data());
  EXPECT_THAT(products, ::testing::ElementsAre(117, 100, 100, 122, 129, 100, 127, 136, 145));
}

}  // namespace
}  // namespace allconv
