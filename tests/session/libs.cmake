# Recordings are read back by another library than writes them.
pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile)
target_link_libraries(${test_target} PRIVATE PkgConfig::SNDFILE)
target_compile_definitions(${test_target} PRIVATE TACTUS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
