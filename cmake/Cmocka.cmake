# cmocka from its source, one file, built with each preset's own compiler and
# sanitizers. `ci/setup` unpacks it; its own build system is not used, because
# it makes a DLL whatever it is asked for and cannot be sanitized apart.

if(NOT EXISTS "${NPIPE_CMOCKA}/src/cmocka.c")
  message(FATAL_ERROR "No cmocka source in ${NPIPE_CMOCKA}: run ci/setup, or "
    "set NPIPE_CMOCKA.")
endif()

add_library(cmocka STATIC "${NPIPE_CMOCKA}/src/cmocka.c")
target_include_directories(cmocka SYSTEM PUBLIC "${NPIPE_CMOCKA}/include")
# The results that its configure step would find.
target_compile_definitions(cmocka PRIVATE
  HAVE_INTTYPES_H HAVE_MALLOC_H HAVE_SIGNAL_H HAVE_STRINGS_H
  HAVE_SNPRINTF HAVE_VSNPRINTF HAVE_STRUCT_TIMESPEC
  HAVE_GCC_THREAD_LOCAL_STORAGE)
if(WIN32)
  target_compile_definitions(cmocka PRIVATE __USE_MINGW_ANSI_STDIO=1
    CMOCKA_PLATFORM_INCLUDE)
  target_include_directories(cmocka PRIVATE "${CMAKE_CURRENT_LIST_DIR}/cmocka")
else()
  target_compile_definitions(cmocka PRIVATE
    _GNU_SOURCE HAVE_CLOCK_REALTIME HAVE_SIGLONGJMP HAVE_STRSIGNAL)
endif()
target_compile_options(cmocka PRIVATE -w)
npipe_sanitize(cmocka)
