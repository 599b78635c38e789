# npipe-kit: what the cases, the faults, the player and the fuzz targets share.

if(NOT TARGET npipe-kit)
  add_library(npipe-kit STATIC "${CMAKE_CURRENT_LIST_DIR}/frame_memory.c"
    "${CMAKE_CURRENT_LIST_DIR}/memory.c")
  if(NPIPE_WORLD STREQUAL "sim")
    target_sources(npipe-kit PRIVATE "${CMAKE_CURRENT_LIST_DIR}/child.c")
  endif()
  npipe_flags(npipe-kit)
  target_include_directories(npipe-kit PUBLIC "${CMAKE_CURRENT_LIST_DIR}/..")
  target_link_libraries(npipe-kit PUBLIC npipe)
endif()
