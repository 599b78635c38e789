# npipe-kit: what the cases, the faults, the player and the fuzz targets share.

if(NOT TARGET npipe-kit)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  file(GLOB headers CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/src/include/npipe/*.h")
  add_custom_command(OUTPUT "${PROJECT_BINARY_DIR}/outcomes.inc"
    COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/ci/outcomes"
      -o "${PROJECT_BINARY_DIR}/outcomes.inc"
    DEPENDS ${headers} "${PROJECT_SOURCE_DIR}/ci/outcomes"
      "${PROJECT_SOURCE_DIR}/ci/pages/headers.py")
  add_library(npipe-kit STATIC "${PROJECT_BINARY_DIR}/outcomes.inc")
  foreach(noun IN ITEMS frame_memory memory outcomes usage)
    target_sources(npipe-kit PRIVATE "${CMAKE_CURRENT_LIST_DIR}/${noun}.c")
  endforeach()
  target_include_directories(npipe-kit PRIVATE "${PROJECT_BINARY_DIR}")
  if(NPIPE_WORLD STREQUAL "sim")
    target_sources(npipe-kit PRIVATE "${CMAKE_CURRENT_LIST_DIR}/child.c")
  endif()
  npipe_flags(npipe-kit)
  npipe_precompile(npipe-kit)
  target_include_directories(npipe-kit PUBLIC "${CMAKE_CURRENT_LIST_DIR}/..")
  target_link_libraries(npipe-kit PUBLIC npipe)
endif()
