# Compiles the effects: each *.dsp of a folder becomes a realtime unit, and one table names them all with their
# parameters. Adding an effect is adding its file; nothing else names it.
#
# Into <out>/ (on the include path):
#   engine/msg/fx_table.h       names, parameters, ranges: plain constants, for everybody (engine/msg/fx_info.h)
#   engine/rt/fx/fx_list.h      the list that src/engine/rt/fx/fx_instance.cpp switches over
#   engine/rt/fx/fx_<id>.cpp    the effect's code, and <id>.faust.h that it includes

find_program(FAUST faust)

# tactus_compile_effects(<folder of .dsp files> <out>): sets TACTUS_FX_SOURCES in the caller and makes the target tactus_fx.
function(tactus_compile_effects effects out)
  if(NOT FAUST)
    message(FATAL_ERROR "faust was not found: the effects in ${effects} are written in it (packaging/apt-build.txt)")
  endif()
  set(scripts ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  file(GLOB dsps CONFIGURE_DEPENDS ${effects}/*.dsp)
  file(GLOB libraries CONFIGURE_DEPENDS ${effects}/*.lib)
  set(sources)
  set(descriptions)
  foreach(dsp IN LISTS dsps)
    get_filename_component(id ${dsp} NAME_WE)
    if(NOT id MATCHES "^[a-z][a-z0-9_]*$")
      message(FATAL_ERROR "${dsp}: the name of an effect's file is its id: small letters, digits and _ only")
    endif()
    set(unit ${out}/engine/rt/fx/fx_${id}.cpp)
    set(description ${out}/engine/rt/fx/${id}.dsp.json)
    add_custom_command(OUTPUT ${unit} ${description}
      COMMAND ${CMAKE_COMMAND} -D FAUST=${FAUST} -D DSP=${dsp} -D OUT=${out}/engine/rt/fx -P ${scripts}/FaustEffect.cmake
      DEPENDS ${dsp} ${libraries} ${scripts}/FaustEffect.cmake
      COMMENT "Effect ${id}" VERBATIM)
    list(APPEND sources ${unit})
    list(APPEND descriptions ${description})
  endforeach()
  set(tables ${out}/engine/msg/fx_table.h ${out}/engine/rt/fx/fx_list.h)
  add_custom_command(OUTPUT ${tables}
    COMMAND ${CMAKE_COMMAND} -D "DESCRIPTIONS=${descriptions}" -D OUT=${out} -P ${scripts}/FaustTable.cmake
    DEPENDS ${descriptions} ${scripts}/FaustTable.cmake
    COMMENT "Table of effects" VERBATIM)
  add_custom_target(tactus_fx DEPENDS ${tables} ${sources})
  set(TACTUS_FX_SOURCES ${sources} PARENT_SCOPE)
endfunction()
