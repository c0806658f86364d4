# Writes RESULT: SOURCE with PATCH_FILE applied. A patch that no longer fits ends the build.
execute_process(
  COMMAND ${PATCH_PROGRAM} --batch --ignore-whitespace --reject-file=-
    --output=${RESULT} ${SOURCE}
    ${PATCH_FILE}
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  file(REMOVE ${RESULT})
  message(FATAL_ERROR "${PATCH_FILE} no longer applies to ${SOURCE}: make the same mistake in the "
    "new code, and replace the patch by the difference\n${output}")
endif()
