# Plays the same seeds in two processes: the traces must be equal.
foreach(number 1 2)
  execute_process(
    COMMAND "${PROGRAM}" --seed 7 --runs 40 --trace "${OUTPUT}.${number}"
    RESULT_VARIABLE result OUTPUT_QUIET)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} failed")
  endif()
endforeach()
file(SIZE "${OUTPUT}.1" size)
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E compare_files "${OUTPUT}.1" "${OUTPUT}.2"
  RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR size EQUAL 0)
  message(FATAL_ERROR "The same seeds gave different traces: compare "
    "${OUTPUT}.1 and ${OUTPUT}.2")
endif()
