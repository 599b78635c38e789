# Tests of the command lines: --help prints the usage, and an unknown option is
# one line on standard error. include() adds a test for each program of this
# build; as a script (cmake -P), this file is the test.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  foreach(program IN ITEMS npipe-conformance npipe-random npipe-faults
      npipe-fuzz-api npipe-probe npipe-users npipe-subjects npcat npsim-explore bench-costs
      bench-npipe bench-client)
    if(TARGET ${program} AND NOT (NPIPE_FUZZ_ENGINE AND program MATCHES fuzz))
      add_test(NAME usage-${program} COMMAND "${CMAKE_COMMAND}"
        "-DPROGRAM=${CMAKE_CROSSCOMPILING_EMULATOR};$<TARGET_FILE:${program}>"
        -P "${CMAKE_CURRENT_LIST_FILE}")
      set_tests_properties(usage-${program} PROPERTIES SKIP_REGULAR_EXPRESSION
        "exit code 77")
    endif()
  endforeach()
  return()
endif()

# run(OPTION CODE): runs the program and expects the exit code.
function(run option code)
  list(FILTER PROGRAM EXCLUDE REGEX "^$")
  execute_process(COMMAND ${PROGRAM} ${option} RESULT_VARIABLE result
    OUTPUT_VARIABLE out ERROR_VARIABLE err TIMEOUT 120)
  string(REPLACE "\r" "" err "${err}")
  set(shown "${PROGRAM} ${option}: exit code ${result}\n${out}${err}")
  if(NOT result STREQUAL code)
    message(FATAL_ERROR "${shown}")
  endif()
  set(out "${out}" PARENT_SCOPE)
  set(err "${err}" PARENT_SCOPE)
  set(shown "${shown}" PARENT_SCOPE)
endfunction()

run(--help 0)
if(NOT out MATCHES "^(usage: )?(npipe|npcat|npsim|bench)-?[a-zA-Z]*.*\n" OR err)
  message(FATAL_ERROR "${shown}")
endif()
run(--no-such-option 2)
if(NOT out STREQUAL "" OR NOT err MATCHES "^[^\n]+\n$")
  message(FATAL_ERROR "${shown}")
endif()
