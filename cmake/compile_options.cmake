# One language level and one set of warnings for every target of the project; nothing here reaches a consumer.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# A library shows what its public headers declare; they say so.
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

# A library of one room: evenkeel_library(NAME FILE...). All its files are compiled as one, which costs the headers once.
function(evenkeel_library name)
  add_library(${name} STATIC ${ARGN})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
endfunction()

# For what computes nothing itself, but calls what does: it is compiled for a short build.
function(evenkeel_compile_quickly)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endforeach()
endfunction()

add_library(evenkeel_compile_options INTERFACE)
target_compile_options(evenkeel_compile_options INTERFACE -Wall -Wextra -Wno-psabi $<$<BOOL:${EVENKEEL_WERROR}>:-Werror>)
if(EVENKEEL_SANITIZE)
  # With the checks in between, GCC sees uninitialised values in LibTorch's inline functions that are none.
  target_compile_options(evenkeel_compile_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_compile_options(-fsanitize=${EVENKEEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EVENKEEL_SANITIZE})
endif()
