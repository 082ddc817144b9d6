# Run as a script: compiles one effect. FAUST, DSP: the .dsp, OUT: folder for fx_<id>.cpp, <id>.faust.h, <id>.dsp.json.
get_filename_component(id ${DSP} NAME_WE)
get_filename_component(folder ${DSP} DIRECTORY)
file(MAKE_DIRECTORY ${OUT})
execute_process(
  COMMAND ${FAUST} -I ${folder} -O ${OUT} -lang cpp -cn Effect -scn "" -nvi -single -ftz 0 -json -o ${id}.faust.h ${DSP}
  RESULT_VARIABLE failed ERROR_VARIABLE messages OUTPUT_VARIABLE messages)
if(failed)
  message(FATAL_ERROR "${messages}")
endif()

file(READ ${OUT}/${id}.dsp.json description)
foreach(side inputs outputs)
  string(JSON count GET "${description}" ${side})
  if(NOT count EQUAL 2)
    message(FATAL_ERROR "${DSP}: an effect has 2 inputs and 2 outputs; this one has ${count} ${side}")
  endif()
endforeach()

# Faust fills its wave tables with the help of an object from the heap; the realtime library has none.
file(READ ${OUT}/${id}.faust.h code)
string(REGEX REPLACE "return \\(([A-Za-z0-9_]+)\\*\\)new [A-Za-z0-9_]+\\(\\);" "static \\1 helper; return &helper;" code "${code}")
string(REGEX REPLACE "{ delete dsp; }" "{}" code "${code}")
file(WRITE ${OUT}/${id}.faust.h "${code}")

file(WRITE ${OUT}/fx_${id}.cpp "// Made from ${id}.dsp by cmake/FaustEffect.cmake.
#include <math.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <new>

#include \"engine/rt/fx/faust_unit.h\"

namespace tactus::rt::fx {
namespace ${id} {
#include \"engine/rt/fx/${id}.faust.h\"
}
TACTUS_FX_UNIT(${id})
}  // namespace tactus::rt::fx
")
