# allconv_test(NAME LABEL command...): registers a test; LABEL is quick, style or full. Sanitizer
# builds find their suppressions through its environment.
function(allconv_test name label)
  add_test(NAME ${name} COMMAND ${ARGN} COMMAND_EXPAND_LISTS)
  set(suppressions ${PROJECT_SOURCE_DIR}/tests/suppressions)
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 1200 ENVIRONMENT
    "TSAN_OPTIONS=halt_on_error=1:suppressions=${suppressions}/tsan.txt;\
LSAN_OPTIONS=suppressions=${suppressions}/lsan.txt;\
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1")
endfunction()

# allconv_gtest(FOLDER): tests/FOLDER/*.cpp become the program and the quick test test_FOLDER, which
# sees every room.
function(allconv_gtest folder)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cpp)
  get_property(rooms GLOBAL PROPERTY ALLCONV_ROOMS)
  add_executable(test_${folder} ${sources})
  allconv_unity(test_${folder})
  target_link_libraries(test_${folder} PRIVATE ${rooms} GTest::gtest_main)
  target_compile_definitions(test_${folder} PRIVATE
    ALLCONV_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/${folder}")
  allconv_test(test_${folder} quick test_${folder})
endfunction()
