# Target `lint`: formatting, then the checks of .clang-tidy over every source of the build. Names
# with a version are preferred: another version formats and warns differently.
find_program(ALLCONV_CLANG_FORMAT NAMES clang-format-14 clang-format)
find_program(ALLCONV_RUN_CLANG_TIDY NAMES run-clang-tidy-14 run-clang-tidy)
find_program(ALLCONV_CLANG_TIDY NAMES clang-tidy-14 clang-tidy)
mark_as_advanced(ALLCONV_CLANG_FORMAT ALLCONV_RUN_CLANG_TIDY ALLCONV_CLANG_TIDY)

if(ALLCONV_UNITY)
  add_custom_target(lint
    COMMAND ${CMAKE_COMMAND} -E echo
      "lint needs each source's own commands: configure with -D ALLCONV_UNITY=OFF"
    COMMAND ${CMAKE_COMMAND} -E false VERBATIM)
elseif(ALLCONV_CLANG_FORMAT AND ALLCONV_RUN_CLANG_TIDY AND ALLCONV_CLANG_TIDY)
  file(GLOB_RECURSE formatted_files CONFIGURE_DEPENDS
    kernels/*.cpp kernels/*.hpp kernels/*.cu kernels/*.cuh engine/*.cpp engine/*.hpp
    python/*.cpp python/*.hpp tools/*.cpp tools/*.hpp bench/*.cpp bench/*.hpp bench/*.cu
    bench/*.cuh tests/*.cpp tests/*.hpp tests/*.cu tests/*.cuh tests/*.h)
  # Not of nanobind, which is built with ours.
  set(checked_files "${CMAKE_SOURCE_DIR}/(?!build/python-tools/).*\\.cpp$")
  add_custom_target(lint
    COMMAND ${ALLCONV_CLANG_FORMAT} --dry-run --Werror ${formatted_files}
    # The compile commands are GCC's: it has warnings that clang does not know.
    COMMAND ${ALLCONV_RUN_CLANG_TIDY} -quiet -clang-tidy-binary ${ALLCONV_CLANG_TIDY}
      -extra-arg=-Wno-unknown-warning-option -p ${CMAKE_BINARY_DIR} ${checked_files}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
else()
  add_custom_target(lint
    COMMAND ${CMAKE_COMMAND} -E echo
      "lint needs clang-format and clang-tidy: install the packages of these names"
    COMMAND ${CMAKE_COMMAND} -E false VERBATIM)
endif()
