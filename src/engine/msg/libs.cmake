# The table of effects is made here, since more than the engine reads it; their code goes into engine/rt.
include(Faust)
tactus_compile_effects(${PROJECT_SOURCE_DIR}/effects ${PROJECT_BINARY_DIR}/generated)
target_include_directories(${target} PUBLIC ${PROJECT_BINARY_DIR}/generated)
add_dependencies(${target} tactus_fx)
