# LibTorch: Debian's libtorch-dev, or the one in a Python package when CMAKE_PREFIX_PATH names it.
# TorchConfig warns about a static kineto that no consumer links against; the warning is noise here.
set(CMAKE_MESSAGE_LOG_LEVEL_before ${CMAKE_MESSAGE_LOG_LEVEL})
set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
find_package(Torch 1.13 REQUIRED GLOBAL)
set(CMAKE_MESSAGE_LOG_LEVEL ${CMAKE_MESSAGE_LOG_LEVEL_before})
message(STATUS "LibTorch ${Torch_VERSION}: ${TORCH_INSTALL_PREFIX}")

# LibTorch's headers as system headers, so that our warnings are about our code.
add_library(evenkeel_torch INTERFACE)
target_link_libraries(evenkeel_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(evenkeel_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
