# The effects' code. What Faust writes is not ours to warn about; its delay lines count frames in an int that wraps.
target_sources(${target} PRIVATE ${TACTUS_FX_SOURCES})
set_source_files_properties(${TACTUS_FX_SOURCES} PROPERTIES GENERATED ON COMPILE_OPTIONS "-w;-fwrapv")
add_dependencies(${target} tactus_fx)
