find_package(nlohmann_json REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
target_link_libraries(${target} PRIVATE nlohmann_json::nlohmann_json PkgConfig::XXHASH)
