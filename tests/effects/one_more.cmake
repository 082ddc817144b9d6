# Builds the effects' table in a copy, adds a file, builds again and asks the program for the new effect. Then adds a
# file that is no stereo effect and requires that the build refuses it by name.
set(effects ${WORK}/effects)
set(build ${WORK}/build)
file(REMOVE_RECURSE ${WORK})
file(COPY ${SOURCE}/effects DESTINATION ${WORK})
set(project ${SOURCE}/tests/effects/project)

function(must)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(failed)
    message(FATAL_ERROR "${ARGN}\n${text}")
  endif()
  set(text "${text}" PARENT_SCOPE)
endfunction()

must(${CMAKE_COMMAND} -S ${project} -B ${build} -G ${GENERATOR} -D TACTUS=${SOURCE} -D EFFECTS=${effects}
  -D CMAKE_CXX_COMPILER=${CXX})
must(${CMAKE_COMMAND} --build ${build} --target tactus_fx)
file(READ ${build}/generated/engine/msg/fx_table.h before)
if(before MATCHES "tremolo")
  message(FATAL_ERROR "the copy has a tremolo already: the test would prove nothing")
endif()

file(COPY ${project}/tremolo.dsp DESTINATION ${effects})
must(${CMAKE_COMMAND} --build ${build})
must(${build}/list_effects tremolo)
message(STATUS "${text}")

file(WRITE ${effects}/mono.dsp "process = *(0.5);\n")
execute_process(COMMAND ${CMAKE_COMMAND} --build ${build} RESULT_VARIABLE failed OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT failed OR NOT text MATCHES "mono.dsp:" OR NOT text MATCHES "2 outputs")
  message(FATAL_ERROR "a mono effect was not refused by name:\n${text}")
endif()
file(REMOVE_RECURSE ${WORK})
