# The library: `npipe` (static) everywhere, `npipe_shared` (npipe.dll) on
# Windows, as NPIPE_STATIC and NPIPE_SHARED say.

file(GLOB NPIPE_SOURCES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*.c")

function(npipe_library target kind)
  add_library(${target} ${kind} ${NPIPE_SOURCES})
  npipe_flags(${target})
  npipe_precompile(${target})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME npipe)
  # A start of clang takes as long as to compile a small file. The presets without
  # NPIPE_UNITY show that each file compiles alone.
  if(NPIPE_UNITY)
    set_target_properties(${target} PROPERTIES
      UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
  endif()
  target_include_directories(${target}
    PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE "${PROJECT_SOURCE_DIR}/src")
  if(NPIPE_WORLD STREQUAL "windows")
    target_link_libraries(${target} PRIVATE ntdll advapi32)
  else()
    target_link_libraries(${target} PUBLIC npsim)
  endif()
endfunction()

if(NPIPE_STATIC)
  npipe_library(npipe STATIC)
  add_library(npipe::npipe ALIAS npipe)
endif()

if(NPIPE_SHARED AND NPIPE_WORLD STREQUAL "windows")
  npipe_library(npipe_shared SHARED)
  add_library(npipe::shared ALIAS npipe_shared)
  # npipe.dll with libnpipe.dll.a beside libnpipe.a: the names that a linker
  # looks for under -lnpipe.
  set_target_properties(npipe_shared PROPERTIES PREFIX "" EXPORT_NAME shared)
  target_compile_definitions(npipe_shared
    PRIVATE NP_BUILD_SHARED
    INTERFACE NP_SHARED)
  if(MSVC)
    # There the static library is npipe.lib, too.
    set_target_properties(npipe_shared PROPERTIES
      ARCHIVE_OUTPUT_NAME npipe.dll)
  endif()
  # libgcc goes in, so that the DLL needs Windows' own alone.
  npipe_static(npipe_shared)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/npipe.rc.in" npipe.rc @ONLY)
  target_sources(npipe_shared PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/npipe.rc")
endif()
