# Flags that every target of ours gets: `npipe_flags(target)`.

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

function(npipe_flags target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden)
  if(MSVC)
    # cl and clang-cl. The three that are off tell of what is C11 all the same:
    # initialisers that are not constant, and addresses of imported functions.
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C>:/W4;/utf-8;\
/wd4204;/wd4221;/wd4232;$<$<BOOL:${NPIPE_WERROR}>:/WX>>")
    target_compile_definitions(${target} PRIVATE _CRT_SECURE_NO_WARNINGS)
  else()
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion
      $<$<BOOL:${NPIPE_WERROR}>:-Werror>
      # __FILE__ begins at the top of the checkout.
      "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
  endif()
  # Windows 7 is the oldest Windows that we load on: what is newer is not even
  # declared, so it can only be looked up at run time.
  target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0601)
  if(MINGW)
    # C99 formats (%zu, %llu) whatever the C runtime is. <windows.h> without
    # COM, sockets and the like is half as long.
    target_compile_definitions(${target} PRIVATE
      __USE_MINGW_ANSI_STDIO=1 WIN32_LEAN_AND_MEAN)
  endif()
  npipe_sanitize(${target})
endfunction()

# npipe_precompile gives `target` <windows.h> as a precompiled header, if
# NPIPE_PRECOMPILE is on: reading that header is nine tenths of the time to
# compile a file. All targets share one. The files after the target's name are
# for Windows alone: only another build notices that such a file forgets to include
# <windows.h>. So they get the header only if NPIPE_PRECOMPILE is ALL.
function(npipe_precompile target)
  if(NOT NPIPE_PRECOMPILE OR NOT MINGW)
    return()
  endif()
  if(NOT TARGET npipe-windows-h)
    file(WRITE "${PROJECT_BINARY_DIR}/windows_h.c" "extern int npipe_unit;\n")
    add_library(npipe-windows-h OBJECT "${PROJECT_BINARY_DIR}/windows_h.c")
    npipe_flags(npipe-windows-h)
    target_precompile_headers(npipe-windows-h PRIVATE <windows.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM npipe-windows-h)
  if(NOT NPIPE_PRECOMPILE STREQUAL "ALL")
    set_source_files_properties(${ARGN} TARGET_DIRECTORY ${target} PROPERTIES
      SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

# npipe_static links the C runtime of mingw in: the program needs Windows alone.
function(npipe_static target)
  if(MINGW)
    target_link_options(${target} PRIVATE -static)
  endif()
endfunction()

# npipe_sanitize applies NPIPE_SANITIZE; foreign code (cmocka) gets this alone.
function(npipe_sanitize target)
  if(NPIPE_SANITIZE)
    list(JOIN NPIPE_SANITIZE "," sanitizers)
    target_compile_options(${target} PRIVATE
      -fsanitize=${sanitizers} -fno-sanitize-recover=all
      -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${sanitizers})
    if("address" IN_LIST NPIPE_SANITIZE)
      # A variable that is not set must not be 0 by chance. (valgrind reports
      # its use.)
      target_compile_options(${target} PRIVATE -ftrivial-auto-var-init=pattern)
    endif()
  endif()
endfunction()
