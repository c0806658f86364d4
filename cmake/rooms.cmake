# allconv_room(NAME DIR deps...): a static library of all sources of one room. Its usage
# requirements carry the include root and the rooms that it may see.

add_library(allconv_options INTERFACE)
target_include_directories(allconv_options INTERFACE ${CMAKE_SOURCE_DIR})
# -ffp-contract=off: an expression has the same bits whatever instruction set it is compiled for.
# -fno-semantic-interposition: in a shared library, too, functions call each other directly.
target_compile_options(allconv_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Werror;-ffp-contract=off>
  $<$<COMPILE_LANGUAGE:CXX>:-fno-semantic-interposition>)
# GCC 12 sees overlaps and uninitialised members inside std::string and std::variant that are not
# there (its bugs 105651 and 105562); they depend on what is inlined. clang-tidy looks for real
# ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(allconv_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict;-Wno-maybe-uninitialized>)
endif()
target_link_libraries(allconv_options INTERFACE Threads::Threads)
if(ALLCONV_SANITIZE)
  # Undefined behaviour must end the program, or no test would fail by it.
  target_compile_options(allconv_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
    -fsanitize=${ALLCONV_SANITIZE};-fno-sanitize-recover=all;-fno-omit-frame-pointer>)
  target_link_options(allconv_options INTERFACE -fsanitize=${ALLCONV_SANITIZE})
endif()
if(ALLCONV_FUZZ)
  # What libFuzzer steers by: which branches an input has taken.
  target_compile_options(allconv_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=fuzzer-no-link>)
endif()

# allconv_unity(TARGET): with ALLCONV_UNITY, compiles its sources ten at a time as one, which reads
# their headers once: what is built from nothing is built in half the time. tools/demo and
# tools/test do; whoever changes a file now and then builds faster without.
set(ALLCONV_UNITY_SIZE 10)
function(allconv_unity target)
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ${ALLCONV_UNITY} UNITY_BUILD_BATCH_SIZE ${ALLCONV_UNITY_SIZE})
endfunction()

# allconv_unity_groups(NAME sources...): for targets of the unity mode GROUP, where sources are
# joined with those of their own list only.
function(allconv_unity_groups name)
  set(index 0)
  foreach(source IN LISTS ARGN)
    math(EXPR group "${index} / ${ALLCONV_UNITY_SIZE}")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${name}${group})
    math(EXPR index "${index} + 1")
  endforeach()
endfunction()

function(allconv_room name directory)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/${directory}/*.cpp ${CMAKE_SOURCE_DIR}/${directory}/*.hpp)
  if(ALLCONV_WITH_CUDA)
    list(FILTER sources EXCLUDE REGEX "/absent_cuda\\.cpp$")
  else()
    list(FILTER sources EXCLUDE REGEX "/cuda/")
  endif()
  # The list file keeps a room of headers alone a valid library.
  add_library(${name} STATIC ${sources} ${CMAKE_CURRENT_LIST_FILE})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  allconv_unity(${name})
  # Tests link other objects of these files in the place of the library's: they are joined with
  # none but each other.
  set(for_gpus ${sources})
  list(FILTER for_gpus INCLUDE REGEX "/cuda/.*\\.cpp$")
  if(for_gpus)
    list(REMOVE_ITEM sources ${for_gpus})
    list(FILTER sources INCLUDE REGEX "\\.cpp$")
    allconv_unity_groups(cuda ${for_gpus})
    allconv_unity_groups(host ${sources})
    set_target_properties(${name} PROPERTIES UNITY_BUILD_MODE GROUP)
  endif()
  target_link_libraries(${name} PUBLIC allconv_options ${ARGN})
  set_property(GLOBAL APPEND PROPERTY ALLCONV_ROOMS ${name})
endfunction()
