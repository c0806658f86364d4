# Seeded faults: a *.patch makes one kernel source wrong, and a suite of tests must notice. The head
# of a patch says what is wrong, which source is patched (and for which instruction set it is
# compiled, or into which unit a header is), which tests are run, the name that must stand in a
# failing test's, and where the machine has words for the fault, what it must say.
find_program(ALLCONV_PATCH patch REQUIRED)
mark_as_advanced(ALLCONV_PATCH)
set(ALLCONV_FAULT_SCRIPTS ${PROJECT_SOURCE_DIR}/tests/faults)

# Sets ${variable} to what stands behind "KEY: " in the patch, or to nothing.
function(allconv_read_patch_head patch key variable)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch})
  file(STRINGS ${patch} lines REGEX "^${key}: ")
  string(REGEX REPLACE "^${key}: " "" value "${lines}")
  set(${variable} "${value}" PARENT_SCOPE)
endfunction()

# A seeded fault is small: more lines would be other code, not a mistake in it.
function(allconv_check_patch_size patch)
  foreach(sign "[+]" "-")
    file(STRINGS ${patch} lines REGEX "^${sign}($|[^+-]|[+-][^+-])")
    list(LENGTH lines count)
    if(count GREATER 3)
      message(FATAL_ERROR "${patch}: ${count} lines begin with ${sign}; at most three may change")
    endif()
  endforeach()
endfunction()

# RESULT is the patch's source with its fault, made when something needs it.
function(allconv_faulty_source patch result)
  allconv_check_patch_size(${patch})
  allconv_read_patch_head(${patch} "Source" source)
  add_custom_command(OUTPUT ${result}
    COMMAND ${CMAKE_COMMAND} -DPATCH_PROGRAM=${ALLCONV_PATCH} -DPATCH_FILE=${patch}
      -DSOURCE=${PROJECT_SOURCE_DIR}/${source} -DRESULT=${result}
      -P ${ALLCONV_FAULT_SCRIPTS}/apply_fault.cmake
    DEPENDS ${patch} ${PROJECT_SOURCE_DIR}/${source} ${ALLCONV_FAULT_SCRIPTS}/apply_fault.cmake
    VERBATIM)
endfunction()

# The quick test TARGET: that program, which has the fault, fails as the patch says.
function(allconv_fault_test target patch)
  allconv_read_patch_head(${patch} "Tests" tests)
  allconv_read_patch_head(${patch} "Caught by" caught_by)
  allconv_read_patch_head(${patch} "Says" says)
  allconv_test(${target} quick ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${target}>
    "-DTESTS=${tests}" -DCAUGHT_BY=${caught_by} "-DSAYS=${says}"
    -P ${ALLCONV_FAULT_SCRIPTS}/expect_caught.cmake)
endfunction()
