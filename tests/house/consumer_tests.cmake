# A project that uses Evenkeel, built the two ways users have. It takes its settings from an initial cache, -C.
set(consumer_cache ${CMAKE_CURRENT_BINARY_DIR}/consumer_cache.cmake)
if(EVENKEEL_LIBTORCH)
  set(consumer_components "kernels;libtorch")
else()
  set(consumer_components kernels)
endif()
set(consumer_flags "")
if(EVENKEEL_SANITIZE)
  set(consumer_flags -fsanitize=${EVENKEEL_SANITIZE})
endif()
file(CONFIGURE OUTPUT ${consumer_cache} @ONLY CONTENT [[
set(COMPONENTS "@consumer_components@" CACHE STRING "")
set(EVENKEEL_LIBTORCH @EVENKEEL_LIBTORCH@ CACHE BOOL "")
set(CMAKE_BUILD_TYPE "@CMAKE_BUILD_TYPE@" CACHE STRING "")
set(CMAKE_CXX_COMPILER "@CMAKE_CXX_COMPILER@" CACHE FILEPATH "")
set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG" CACHE STRING "")  # it is to build and to be right; that it is fast is measured elsewhere
set(CMAKE_CXX_COMPILER_LAUNCHER "@CMAKE_CXX_COMPILER_LAUNCHER@" CACHE STRING "")
set(CMAKE_CXX_FLAGS "@consumer_flags@" CACHE STRING "")
set(CMAKE_PREFIX_PATH "@CMAKE_PREFIX_PATH@" CACHE STRING "")
]])

foreach(kind installed subdirectory)
  add_test(NAME ConsumerTest.${kind} COMMAND ${CMAKE_COMMAND}
    -D KIND=${kind} -D SOURCE=${PROJECT_SOURCE_DIR} -D BUILD=${PROJECT_BINARY_DIR} -D CACHE=${consumer_cache}
    -D WORK=${CMAKE_CURRENT_BINARY_DIR}/consumer-${kind}
    -P ${PROJECT_SOURCE_DIR}/tests/consumer/build_and_run.cmake)
endforeach()
set_tests_properties(ConsumerTest.installed ConsumerTest.subdirectory PROPERTIES PROCESSORS 2 TIMEOUT 1200)
