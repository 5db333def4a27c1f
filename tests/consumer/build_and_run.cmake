# Builds the consumer in a fresh folder and runs its programs:
#   cmake -D KIND=installed|subdirectory -D SOURCE=... -D BUILD=... -D CACHE=... -D WORK=... -P build_and_run.cmake
# KIND installed: BUILD is installed and found; KIND subdirectory: SOURCE is a part of the consumer.
cmake_minimum_required(VERSION 3.25)

function(must)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(NOTICE "${output}")
    message(FATAL_ERROR "failed (${result}): ${command}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
if(KIND STREQUAL "installed")
  must(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  # Used from another place than it was installed to, so that no path of the first can hide in the package.
  file(RENAME ${WORK}/prefix ${WORK}/moved)
  set(where -D evenkeel_ROOT=${WORK}/moved)
elseif(KIND STREQUAL "subdirectory")
  set(where -D EVENKEEL_SOURCE=${SOURCE})
else()
  message(FATAL_ERROR "KIND: expected installed or subdirectory, found \"${KIND}\"")
endif()

must(${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -C ${CACHE} ${where})
must(${CMAKE_COMMAND} --build ${WORK}/build)

include(${CACHE})
foreach(component IN LISTS COMPONENTS)
  must(${WORK}/build/with_${component})
  if(NOT output STREQUAL "${component}: right\n")
    message(FATAL_ERROR "with_${component}: expected \"${component}: right\", found \"${output}\"")
  endif()
endforeach()
