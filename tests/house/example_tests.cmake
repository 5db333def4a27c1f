# The examples of the documents, compiled and run; what they print is held against what the document says they print.
include(${PROJECT_SOURCE_DIR}/cmake/extract_examples.cmake)

set(folder ${CMAKE_CURRENT_BINARY_DIR}/readme)
evenkeel_extract_examples(${PROJECT_SOURCE_DIR}/README.md ${folder} count)
foreach(number RANGE 1 ${count})
  file(READ ${folder}/example_${number}.cpp source)
  set(library evenkeel_kernels)
  if(source MATCHES "<torch/torch.h>")
    if(NOT EVENKEEL_LIBTORCH)
      continue()
    endif()
    set(library evenkeel_shared)
  endif()
  add_executable(readme_example_${number} ${folder}/example_${number}.cpp)
  target_link_libraries(readme_example_${number} PRIVATE ${library} evenkeel_compile_options)
  evenkeel_compile_quickly(readme_example_${number})
  add_test(NAME ReadmeTest.Example${number} COMMAND ${CMAKE_COMMAND}
    -D PROGRAM=$<TARGET_FILE:readme_example_${number}> -D EXPECTED=${folder}/example_${number}.txt
    -P ${CMAKE_CURRENT_SOURCE_DIR}/run_example.cmake)
endforeach()
