#include "engine/data/linear_algebra.hpp"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

void check(lapack_int code, const char* what) {
  if (code == 0) return;
  throw Error(ErrorKind::internal, std::string(what) + " failed: " + std::to_string(code), "LAPACK",
              "use another build of LAPACK, or other data");
}

// The side of a square matrix.
int side_of(std::span<const double> matrix) {
  return static_cast<int>(std::lround(std::sqrt(static_cast<double>(matrix.size()))));
}

}  // namespace

std::vector<double> symmetric_eigenvectors(std::span<double> matrix) {
  const int n = side_of(matrix);
  std::vector<double> values(static_cast<std::size_t>(n));
  // In column order the lower triangle is the upper one, and eigenvectors would be rows.
  check(LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', n, matrix.data(), n, values.data()), "dsyevd");
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < i; ++j)
      std::swap(matrix[std::size_t(i) * n + j], matrix[std::size_t(j) * n + i]);
  }
  return values;
}

void orthonormalise(std::span<double> matrix, int rows, int columns) {
  // Seen in column order, the matrix is (columns, rows): its rows are columns to decompose.
  const bool wide = rows <= columns;
  const int order = wide ? LAPACK_COL_MAJOR : LAPACK_ROW_MAJOR;
  const int length = std::max(rows, columns);
  const int count = std::min(rows, columns);
  const int stride = columns;
  std::vector<double> reflectors(static_cast<std::size_t>(count));
  check(LAPACKE_dgeqrf(order, length, count, matrix.data(), stride, reflectors.data()), "dgeqrf");
  std::vector<double> signs(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    signs[static_cast<std::size_t>(i)] = std::copysign(1.0, matrix[std::size_t(i) * stride + i]);
  check(LAPACKE_dorgqr(order, length, count, count, matrix.data(), stride, reflectors.data()),
        "dorgqr");
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column)
      matrix[std::size_t(row) * stride + column] *= signs[std::size_t(wide ? row : column)];
  }
}

void add_products(const double* rows, int count, int columns, double* products) {
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, columns, count, 1.0, rows, columns, 1.0,
              products, columns);
}

std::vector<double> scaled_square(std::span<const double> matrix, std::span<const double> factors) {
  const int n = side_of(matrix);
  std::vector<double> scaled(matrix.begin(), matrix.end());
  for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] *= factors[i % factors.size()];
  std::vector<double> square(matrix.size());
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1.0, scaled.data(), n,
              scaled.data(), n, 0.0, square.data(), n);
  return square;
}

}  // namespace allconv
