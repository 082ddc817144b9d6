find_package(nlohmann_json REQUIRED)
pkg_check_modules(EBUR128 REQUIRED IMPORTED_TARGET libebur128)
pkg_check_modules(TAGLIB REQUIRED IMPORTED_TARGET taglib)
target_link_libraries(${target} PUBLIC Threads::Threads PRIVATE nlohmann_json::nlohmann_json PkgConfig::EBUR128 PkgConfig::TAGLIB)
# Minutes of audio in seconds: worth the compiler's vectors. Contraction stays off, so the bits stay the same.
target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O3>)
file(GLOB song_sources CONFIGURE_DEPENDS ${folder}/songs/*.cpp)
# Each song has a form and players of its own, by the same names: compiled apart.
set_source_files_properties(${song_sources} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
