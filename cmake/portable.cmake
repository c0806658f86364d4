# ALLCONV_PORTABLE: programs for machines that have none of the packages, as those of
# tools/gpu-check --bundle. Libraries are linked statically where Debian has archives of them; what
# is left stands in ../lib beside the program's folder.
option(ALLCONV_PORTABLE "Programs for machines without the packages" OFF)
if(NOT ALLCONV_PORTABLE)
  return()
endif()

# What protobuf makes code with does not travel.
set(ALLCONV_ONNX OFF CACHE BOOL "")
set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH $ORIGIN/../lib)

# Netlib's: OpenBLAS has kernels for every CPU, which take 25 MB.
foreach(name BLAS LAPACK)
  string(TOLOWER ${name} folder)
  find_library(ALLCONV_NETLIB_${name} ${folder} PATH_SUFFIXES ${folder} REQUIRED)
  mark_as_advanced(ALLCONV_NETLIB_${name})
endforeach()
set(BLAS_LIBRARIES ${ALLCONV_NETLIB_BLAS} -l:libgfortran.a -l:libquadmath.a CACHE STRING "")
set(LAPACK_LIBRARIES ${ALLCONV_NETLIB_LAPACK} ${BLAS_LIBRARIES} CACHE STRING "")
find_library(ALLCONV_LAPACKE lapacke REQUIRED)
mark_as_advanced(ALLCONV_LAPACKE)
add_library(lapacke STATIC IMPORTED GLOBAL)
set_target_properties(lapacke PROPERTIES IMPORTED_LOCATION ${ALLCONV_LAPACKE})

# What libarchive's archive needs of others.
find_library(ALLCONV_ZSTD NAMES zstd libzstd.so.1 REQUIRED)
find_library(ALLCONV_LZMA lzma REQUIRED)
mark_as_advanced(ALLCONV_ZSTD ALLCONV_LZMA)
set(CMAKE_CXX_STANDARD_LIBRARIES
  "${CMAKE_CXX_STANDARD_LIBRARIES} ${ALLCONV_LZMA} ${ALLCONV_ZSTD}")
