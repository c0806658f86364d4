# Passes when PROGRAM's TESTS fail in an orderly way and a failing test's name contains CAUGHT_BY,
# and when SAYS, unless it is empty, stands in what they print. A sanitizer may end the program
# instead, in a test of such a name.
execute_process(COMMAND ${PROGRAM} --gtest_filter=${TESTS}
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(errors MATCHES "(AddressSanitizer|ThreadSanitizer|runtime error): " AND NOT status EQUAL 0)
  string(REGEX MATCHALL "\\[ RUN      \\] [^\n]*" begun "${output}")
  list(POP_BACK begun last)
  if(last MATCHES "${CAUGHT_BY}")
    return()
  endif()
endif()
if(NOT status EQUAL 1)
  message(FATAL_ERROR "the fault was not caught: the suite ended with ${status}\n${errors}")
endif()
if(NOT output MATCHES "\\[  FAILED  \\] [^\n]*${CAUGHT_BY}")
  message(FATAL_ERROR "the suite failed without naming ${CAUGHT_BY}\n${output}")
endif()
if(NOT output MATCHES "${SAYS}")
  message(FATAL_ERROR "the suite failed without saying: ${SAYS}\n${output}")
endif()
