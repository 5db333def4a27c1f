# The CMake package: find_package(evenkeel COMPONENTS kernels libtorch) gives evenkeel::kernels and evenkeel::libtorch.
# Each component has its own file of targets, so that the kernels are found where there is no LibTorch.
option(EVENKEEL_INSTALL "Install headers, libraries and the CMake package" ${PROJECT_IS_TOP_LEVEL})
if(NOT EVENKEEL_INSTALL)
  return()
endif()

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/evenkeel)

function(evenkeel_install_component component target)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${component})
  install(TARGETS ${target} EXPORT evenkeel-${component})
  install(EXPORT evenkeel-${component} NAMESPACE evenkeel:: DESTINATION ${package_dir})
endfunction()

evenkeel_install_component(kernels evenkeel_kernels)
install(FILES include/evenkeel/kernels.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/evenkeel)
install(DIRECTORY include/evenkeel/kernels DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/evenkeel)

if(EVENKEEL_LIBTORCH)
  evenkeel_install_component(libtorch evenkeel_shared)
  # A LibTorch outside the system's folders is found by the installed library where it was found by the built one.
  set_target_properties(evenkeel_shared evenkeel_dropin PROPERTIES
    INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS evenkeel_dropin)
  install(FILES cmake/find_libtorch.cmake DESTINATION ${package_dir})
  install(DIRECTORY include/evenkeel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/evenkeelConfig.cmake.in evenkeelConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(evenkeelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/evenkeelConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/evenkeelConfigVersion.cmake
        DESTINATION ${package_dir})
