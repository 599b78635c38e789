# Installation: headers, libraries, a CMake package (npipe::npipe for the static
# library, npipe::shared for npipe.dll) and a pkg-config file.

include(CMakePackageConfigHelpers)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/include/npipe"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(TARGETS npipe npipe_shared EXPORT npipe
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

set(package "${CMAKE_INSTALL_LIBDIR}/cmake/npipe")
install(EXPORT npipe FILE npipe-targets.cmake NAMESPACE npipe::
  DESTINATION ${package})
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/npipe-config.cmake.in" npipe-config.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(npipe-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/npipe-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/npipe-config-version.cmake"
  DESTINATION ${package})

# The prefix is worked out from the file's own place, so that the tree can be
# moved after it was installed.
file(RELATIVE_PATH npipe_pc_to_prefix
  "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
string(REGEX REPLACE "/$" "" npipe_pc_to_prefix "${npipe_pc_to_prefix}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/npipe.pc.in" npipe.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/npipe.pc"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
