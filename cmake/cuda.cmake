# Finds nvcc and fixes how every CUDA kernel is compiled; all of them use allconv_cuda_options.
# Sets ALLCONV_WITH_CUDA. The driver (-lcuda) is never linked: the program must start without one.
# CMAKE_CUDA_COMPILER, CMAKE_CUDA_ARCHITECTURES, CMAKE_CUDA_RUNTIME_LIBRARY and CMAKE_CUDA_FLAGS are
# honoured.
set(ALLCONV_CUDA AUTO CACHE STRING "CUDA kernels: AUTO (when nvcc is found), ON or OFF")
set_property(CACHE ALLCONV_CUDA PROPERTY STRINGS AUTO ON OFF)
set(ALLCONV_WITH_CUDA OFF)

if(ALLCONV_CUDA)
  # Toolkits install themselves beside the search path.
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    find_program(ALLCONV_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATH_SUFFIXES bin
      PATHS /usr/local/cuda /opt/cuda)
    mark_as_advanced(ALLCONV_NVCC)
    if(ALLCONV_NVCC)
      set(CMAKE_CUDA_COMPILER ${ALLCONV_NVCC})
    endif()
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(ALLCONV_WITH_CUDA ON)
  elseif(ALLCONV_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA: no working nvcc found, building for the CPU only "
      "(set CMAKE_CUDA_COMPILER to its path to change that)")
  else()
    message(FATAL_ERROR "ALLCONV_CUDA=${ALLCONV_CUDA}, but no working nvcc was found: install the "
      "CUDA toolkit, set CMAKE_CUDA_COMPILER, or build with -DALLCONV_CUDA=OFF")
  endif()
else()
  message(STATUS "CUDA: switched off by ALLCONV_CUDA, building for the CPU only")
endif()

if(ALLCONV_WITH_CUDA)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES "80;90" CACHE STRING "GPU architectures to compile for")
  endif()
  enable_language(CUDA)
  # CMake 3.25.1 does not know how to ask nvcc for C++20.
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  endif()
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  find_package(CUDAToolkit REQUIRED)
  message(STATUS "CUDA: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, "
    "architectures ${CMAKE_CUDA_ARCHITECTURES}")

  add_library(allconv_cuda_options INTERFACE)
  target_include_directories(allconv_cuda_options INTERFACE ${CMAKE_SOURCE_DIR})
  # Relaxed constexpr: the formulas of the problem headers serve host and device alike.
  target_compile_options(allconv_cuda_options INTERFACE
    $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>
    $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings>
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wconversion,-Werror>)
  # A spill is a slow kernel that nobody noticed. Unoptimised code always spills.
  target_compile_options(allconv_cuda_options INTERFACE
    "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<NOT:$<CONFIG:Debug>>>:SHELL:-Xptxas -warn-spills,-Werror>")
  if(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Shared")
    target_link_libraries(allconv_cuda_options INTERFACE CUDA::cudart)
  else()
    target_link_libraries(allconv_cuda_options INTERFACE CUDA::cudart_static)
  endif()
endif()
