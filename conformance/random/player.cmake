# npipe-player: what carries out a program and judges it, of npipe-random and of
# the fuzz target `api`.

include("${CMAKE_CURRENT_LIST_DIR}/../kit/kit.cmake")

if(NOT TARGET npipe-player)
  add_library(npipe-player STATIC)
  foreach(noun IN ITEMS account budget busy due ends family fault finish flush
      guest guest_task identity liar linked loop notes own_io peek play raw ready result
      service state stranger stream task then timer transact waiting)
    target_sources(npipe-player PRIVATE "${CMAKE_CURRENT_LIST_DIR}/${noun}.c")
  endforeach()
  if(NPIPE_WORLD STREQUAL "sim")
    target_sources(npipe-player PRIVATE "${CMAKE_CURRENT_LIST_DIR}/instance.c")
  endif()
  npipe_flags(npipe-player)
  npipe_precompile(npipe-player)
  target_include_directories(npipe-player PUBLIC "${CMAKE_CURRENT_LIST_DIR}")
  target_link_libraries(npipe-player PUBLIC npipe-kit)
endif()
