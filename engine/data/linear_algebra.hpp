// Dense linear algebra in double precision, by LAPACK and BLAS. Matrices are row-major.
//
// One thread of the process at a time. With two threads in Debian's libopenblas0-serial at once the
// covariance of 50,000 images came out differently in every run, wrong by up to 0.03; with one it
// has the same bits each time. (That build of the library probably has no locks: small programs
// did not show the fault.)
#pragma once

#include <span>
#include <vector>

namespace allconv {

// The eigenvalues of the symmetric matrix, ascending, and its eigenvectors in the columns of what
// replaces it (n,n). Only the lower triangle is read. Throws Error{internal} where LAPACK does not
// converge.
std::vector<double> symmetric_eigenvectors(std::span<double> matrix);

// Replaces the matrix (rows, columns) by the orthonormal factor of its QR decomposition: rows of
// length 1 at right angles, or columns where there are more rows than columns. Signs are such that
// a matrix of independent normal numbers gives every such factor with equal likelihood.
void orthonormalise(std::span<double> matrix, int rows, int columns);

// products += rows' rows, of `count` rows (count, columns): the lower triangle of (columns,
// columns).
void add_products(const double* rows, int count, int columns, double* products);

// scaled * scaled', with column j of `matrix` (n,n) scaled by factors[j].
std::vector<double> scaled_square(std::span<const double> matrix, std::span<const double> factors);

}  // namespace allconv
