# Recordings are read back by another library than writes them.
pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile)
target_link_libraries(${test_target} PRIVATE PkgConfig::SNDFILE)
target_compile_definitions(${test_target} PRIVATE TACTUS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
# One set is rendered for all of its tests.
set(suites_in_one_process Blend)
set(compiled_alone cues_test.cpp loads_test.cpp panic_heard_test.cpp record_test.cpp record_live_test.cpp replay_test.cpp safety_loop_test.cpp
  stems_heard_test.cpp)
