pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile)
target_link_libraries(${test_target} PRIVATE PkgConfig::SNDFILE)
find_package(nlohmann_json REQUIRED)
target_link_libraries(${test_target} PRIVATE tactus_demo nlohmann_json::nlohmann_json)
