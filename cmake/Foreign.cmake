# Libraries of other people that programs of ours are compared with, built from
# their source for Windows: by bench/ and conformance/subjects/.

# npipe_libuv makes the static library `target` of the source of libuv, as
# libuv's own build does for Windows.
function(npipe_libuv target source)
  file(GLOB sources "${source}/src/*.c" "${source}/src/win/*.c")
  add_library(${target} STATIC EXCLUDE_FROM_ALL ${sources})
  target_include_directories(${target} SYSTEM PUBLIC "${source}/include"
    PRIVATE "${source}/src")
  target_compile_definitions(${target} PRIVATE WIN32_LEAN_AND_MEAN
    _WIN32_WINNT=0x0602)
  target_compile_options(${target} PRIVATE -w)
  # Reading the headers of Windows is most of the time.
  target_precompile_headers(${target} PRIVATE "${source}/include/uv.h")
  target_link_libraries(${target} PUBLIC psapi user32 advapi32 iphlpapi userenv
    ws2_32 dbghelp ole32)
endfunction()

# npipe_boost lets `target` include Boost from the distribution's folder
# `headers`. It lies among the host's own headers: a folder with a link to it
# alone keeps those out.
function(npipe_boost target headers)
  file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/include")
  file(CREATE_LINK "${headers}" "${CMAKE_CURRENT_BINARY_DIR}/include/boost"
    SYMBOLIC)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 17
    CXX_STANDARD_REQUIRED ON)
  target_include_directories(${target} SYSTEM PRIVATE
    "${CMAKE_CURRENT_BINARY_DIR}/include")
  target_link_libraries(${target} PRIVATE ws2_32 mswsock)
  npipe_static(${target})
endfunction()
