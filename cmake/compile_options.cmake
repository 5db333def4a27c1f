# One language level and one set of warnings for every target of the project; nothing here reaches a consumer.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(EVENKEEL_CCACHE ccache)
if(EVENKEEL_CCACHE AND PROJECT_IS_TOP_LEVEL)
  # The sloppiness is what ccache asks for before it caches anything compiled with a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${EVENKEEL_CCACHE})
endif()

add_library(evenkeel_compile_options INTERFACE)
target_compile_options(evenkeel_compile_options INTERFACE -Wall -Wextra -Wno-psabi $<$<BOOL:${EVENKEEL_WERROR}>:-Werror>)
if(EVENKEEL_CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(evenkeel_compile_options INTERFACE -fpch-preprocess)
endif()
if(EVENKEEL_SANITIZE)
  # With the checks in between, GCC sees uninitialised values in LibTorch's inline functions that are none.
  target_compile_options(evenkeel_compile_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_compile_options(-fsanitize=${EVENKEEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EVENKEEL_SANITIZE})
endif()
