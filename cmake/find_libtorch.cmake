# LibTorch: the folder that CMAKE_PREFIX_PATH names (that of a Python package, or one unpacked), else the system's. Sets Torch_VERSION and
# makes the target evenkeel::torch, which is also how the installed package finds it.
#
# Evenkeel uses the headers, libtorch_cpu and libc10. LibTorch's own TorchConfig.cmake asks for everything it was built with too, and
# with a build for CUDA it fails where there is no CUDA.
find_path(EVENKEEL_TORCH_INCLUDE_DIR ATen/ATen.h)
if(NOT EVENKEEL_TORCH_INCLUDE_DIR)
  message(FATAL_ERROR "expected LibTorch (ATen/ATen.h) in CMAKE_PREFIX_PATH or in the system's folders, found none")
endif()
set(torch_api ${EVENKEEL_TORCH_INCLUDE_DIR}/torch/csrc/api/include)

# The libraries that belong to these headers.
cmake_path(GET EVENKEEL_TORCH_INCLUDE_DIR PARENT_PATH torch_root)
find_library(EVENKEEL_TORCH_CPU_LIBRARY torch_cpu HINTS ${torch_root}/lib)
find_library(EVENKEEL_C10_LIBRARY c10 HINTS ${torch_root}/lib)
if(NOT EVENKEEL_TORCH_CPU_LIBRARY OR NOT EVENKEEL_C10_LIBRARY)
  message(FATAL_ERROR "expected libtorch_cpu and libc10 beside ${EVENKEEL_TORCH_INCLUDE_DIR}, found none")
endif()

# Newer versions keep the numbers in the second file.
set(Torch_VERSION "")
foreach(header ${torch_api}/torch/version.h ${EVENKEEL_TORCH_INCLUDE_DIR}/torch/headeronly/version.h)
  if(EXISTS ${header})
    file(STRINGS ${header} numbers REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
    if(numbers MATCHES "MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+)")
      set(Torch_VERSION ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3})
    endif()
  endif()
endforeach()
if(Torch_VERSION VERSION_LESS 1.13)
  message(FATAL_ERROR "expected LibTorch 1.13 or newer, found \"${Torch_VERSION}\" in ${EVENKEEL_TORCH_INCLUDE_DIR}")
endif()

if(NOT TARGET evenkeel::torch)
  find_package(Threads REQUIRED)
  add_library(evenkeel::torch INTERFACE IMPORTED GLOBAL)
  # System headers, so that our warnings are about our code.
  set_target_properties(evenkeel::torch PROPERTIES
    INTERFACE_LINK_LIBRARIES "${EVENKEEL_TORCH_CPU_LIBRARY};${EVENKEEL_C10_LIBRARY};Threads::Threads"
    INTERFACE_INCLUDE_DIRECTORIES "${EVENKEEL_TORCH_INCLUDE_DIR};${torch_api}"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${EVENKEEL_TORCH_INCLUDE_DIR};${torch_api}")
  # Before 2.7 the packages of pip were built with the old layout of std::string, and say so here.
  set(torch_config ${torch_root}/share/cmake/Torch/TorchConfig.cmake)
  if(EXISTS ${torch_config})
    file(STRINGS ${torch_config} old_strings REGEX "TORCH_CXX_FLAGS.*_GLIBCXX_USE_CXX11_ABI=0")
    if(old_strings)
      set_target_properties(evenkeel::torch PROPERTIES INTERFACE_COMPILE_DEFINITIONS _GLIBCXX_USE_CXX11_ABI=0)
    endif()
  endif()
endif()
message(STATUS "LibTorch ${Torch_VERSION}: ${EVENKEEL_TORCH_CPU_LIBRARY}")
