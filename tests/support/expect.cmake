# Runs COMMAND (a list) and judges how it ended: cmake -DCOMMAND=... -DMATCH=regex [-DFAILS=1] -P expect.cmake
# FAILS: it must end with another status than 0, a signal included. MATCH: what its output must hold. STATUS 77 is passed
# on as a skip by printing 'skipped'. CTest's own WILL_FAIL and PASS_REGULAR_EXPRESSION don't see signals or both at once.
execute_process(COMMAND ${COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}(ended with ${status})")
if(status EQUAL 77)
  return()
endif()
if(FAILS AND status EQUAL 0)
  message(FATAL_ERROR "It ended well, and must not")
elseif(NOT FAILS AND NOT status EQUAL 0)
  message(FATAL_ERROR "It failed")
endif()
if(MATCH AND NOT output MATCHES "${MATCH}")
  message(FATAL_ERROR "Its output does not hold '${MATCH}'")
endif()
