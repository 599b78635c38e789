# Installation: headers, libraries, npcat and its manual page, the licence, a CMake package (npipe::npipe for the static
# library, npipe::shared for npipe.dll) and for each library a pkg-config file
# (npipe-static for the static library, npipe for npipe.dll).

include(CMakePackageConfigHelpers)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/include/npipe"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
set(libraries)
if(NPIPE_STATIC)
  list(APPEND libraries npipe)
endif()
if(NPIPE_SHARED)
  list(APPEND libraries npipe_shared)
endif()
install(TARGETS ${libraries} EXPORT npipe
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE"
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(NPIPE_EXAMPLES)
  install(TARGETS npcat RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  configure_file("${PROJECT_SOURCE_DIR}/examples/npcat/npcat.1" npcat.1 @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/npcat.1"
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

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
function(npipe_install_pc name)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in" ${name}.pc @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
if(NPIPE_STATIC)
  npipe_install_pc(npipe-static)
endif()
if(NPIPE_SHARED)
  npipe_install_pc(npipe)
endif()
