pkg_check_modules(FLAC REQUIRED IMPORTED_TARGET flac)
pkg_check_modules(EBUR128 REQUIRED IMPORTED_TARGET libebur128)
find_package(nlohmann_json 3.11 REQUIRED)
target_link_libraries(${target} PUBLIC PkgConfig::EBUR128 nlohmann_json::nlohmann_json PRIVATE PkgConfig::FLAC)
