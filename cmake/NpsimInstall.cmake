# Installation of npsim: headers, in a folder of their own, because they are
# named as those of Windows; the library, npsim-explore, a CMake package
# (npsim::npsim, npsim::win32) and a pkg-config file.

include(CMakePackageConfigHelpers)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/npsim
  FILES_MATCHING PATTERN "*.h")
install(TARGETS npsim npsim_win32 npsim-explore EXPORT npsim
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES "${PROJECT_SOURCE_DIR}/../LICENSE"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/npsim)

set(package "${CMAKE_INSTALL_LIBDIR}/cmake/npsim")
install(EXPORT npsim FILE npsim-targets.cmake NAMESPACE npsim::
  DESTINATION ${package})
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/../cmake/npsim-config.cmake.in" npsim-config.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(npsim-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/npsim-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/npsim-config-version.cmake"
  DESTINATION ${package})

# The prefix is worked out from the file's own place, so that the tree can be
# moved after it was installed.
file(RELATIVE_PATH npsim_pc_to_prefix
  "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
string(REGEX REPLACE "/$" "" npsim_pc_to_prefix "${npsim_pc_to_prefix}")
configure_file("${PROJECT_SOURCE_DIR}/../cmake/npsim.pc.in" npsim.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/npsim.pc"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
