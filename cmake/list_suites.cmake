# Run after a test program is linked: writes LIST, which gives CTest one test for each suite of the program. A test for each of the
# program's tests would load LibTorch, half a second, more than a thousand times.
#   cmake -D PROGRAM=... -D LABEL=... -D RESULTS=folder -D LIST=... -P list_suites.cmake
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listing RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests: expected 0, found ${result}")
endif()
# "Suite." or "Instance/Suite/0.  # TypeParam = float"; the tests of a suite are indented.
string(REGEX MATCHALL "(^|\n)[A-Za-z0-9_/]+\\." suites "${listing}")
set(text "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "[\n.]" "" suite "${suite}")
  string(REPLACE "/" "-" file "${suite}")
  string(APPEND text
    "add_test([=[${suite}]=] [=[${PROGRAM}]=] [=[--gtest_filter=${suite}.*]=] --gtest_brief=1\n"
    "  [=[--gtest_output=xml:${RESULTS}/${file}.xml]=])\n"
    "set_tests_properties([=[${suite}]=] PROPERTIES TIMEOUT 1200 LABELS \"${LABEL}\")\n")
endforeach()
file(WRITE ${LIST} "${text}")
