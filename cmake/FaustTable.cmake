# Run as a script: writes the table of all effects from what Faust says of each. DESCRIPTIONS: the .json files, OUT.
set(parameters "")
set(effects "")
set(list "")
set(index 0)

function(quoted text out)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

# The value of a key in an array of one-key objects, which is how Faust writes metadata.
function(metadata json key out)
  set(${out} "" PARENT_SCOPE)
  string(JSON count ERROR_VARIABLE none LENGTH "${json}")
  if(NOT count GREATER 0)
    return()
  endif()
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON value ERROR_VARIABLE none GET "${json}" ${i} "${key}")
    if(NOT none)
      set(${out} "${value}" PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Appends the parameters of a list of widgets, depth first: the order in which the unit's buildUserInterface names them.
function(walk items)
  string(JSON count LENGTH "${items}")
  if(count EQUAL 0)
    return()
  endif()
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON item GET "${items}" ${i})
    string(JSON type GET "${item}" type)
    if(type MATCHES "group$")
      string(JSON inner GET "${item}" items)
      walk("${inner}")
    elseif(type MATCHES "bargraph$")
      # An output of the effect, not a parameter.
    else()
      string(JSON label GET "${item}" label)
      string(JSON name GET "${item}" shortname)
      string(TOLOWER "${name}" name)
      string(JSON meta ERROR_VARIABLE none GET "${item}" meta)
      metadata("${meta}" unit unit)
      metadata("${meta}" scale scale)
      foreach(value init min max step)
        string(JSON ${value} ERROR_VARIABLE none GET "${item}" ${value})
      endforeach()
      if(type MATCHES "^(button|checkbox)$")
        set(init 0)
        set(min 0)
        set(max 1)
        set(step 1)
      endif()
      set(role user)
      if(name MATCHES "^(bpm|beat)$")
        set(role ${name})
      endif()
      if(NOT scale STREQUAL "log")
        set(scale linear)
      endif()
      quoted("${name}" name)
      quoted("${label}" label)
      quoted("${unit}" unit)
      string(APPEND parameters "    {${name}, ${label}, ${unit}, float(${min}), float(${max}), float(${init}), float(${step}),\n"
        "     FxScale::${scale}, FxRole::${role}},\n")
      math(EXPR parameter_count "${parameter_count} + 1")
    endif()
  endforeach()
  set(parameters "${parameters}" PARENT_SCOPE)
  set(parameter_count ${parameter_count} PARENT_SCOPE)
endfunction()

foreach(file IN LISTS DESCRIPTIONS)
  get_filename_component(id ${file} NAME_WE)
  file(READ ${file} json)
  string(JSON meta GET "${json}" meta)
  string(JSON ui GET "${json}" ui)
  string(JSON label GET "${json}" name)
  metadata("${meta}" description help)
  metadata("${meta}" mix mix)
  if(NOT mix STREQUAL "equal_power")
    set(mix linear)
  endif()
  set(parameter_count 0)
  string(APPEND parameters "inline constexpr FxParamInfo kFxParams_${id}[] = {\n")
  walk("${ui}")
  string(APPEND parameters "    {},\n};\n\n")
  quoted("${label}" label)
  quoted("${help}" help)
  string(APPEND effects "    {\"${id}\", ${label}, ${help}, FxMix::${mix}, {kFxParams_${id}, ${parameter_count}}},\n")
  string(APPEND list " X(${index}, ${id})")
  math(EXPR index "${index} + 1")
endforeach()

# What stays as it was keeps its time: half of all sources include the table.
function(write path text)
  if(EXISTS ${path})
    file(READ ${path} before)
  endif()
  if(NOT "${before}" STREQUAL "${text}")
    file(WRITE ${path} "${text}")
  endif()
endfunction()

write(${OUT}/engine/msg/fx_table.h "// Made from the effects by cmake/FaustTable.cmake. Included by engine/msg/fx_info.h alone.
#pragma once

namespace tactus::msg {

${parameters}inline constexpr FxInfo kFxTable[] = {
${effects}};

}  // namespace tactus::msg
")
write(${OUT}/engine/rt/fx/fx_list.h "// Made from the effects by cmake/FaustTable.cmake.
#pragma once

#define TACTUS_FX_LIST(X)${list}
")
