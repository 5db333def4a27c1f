# Runs PROGRAM and holds its standard output against the file EXPECTED.
execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE result OUTPUT_VARIABLE output)
file(READ ${EXPECTED} expected)
if(NOT result EQUAL 0 OR NOT output STREQUAL expected)
  message(FATAL_ERROR "expected exit code 0 and:\n${expected}found exit code ${result} and:\n${output}")
endif()
