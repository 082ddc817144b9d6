pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(TAGLIB REQUIRED IMPORTED_TARGET taglib)
pkg_check_modules(STORE_XXHASH REQUIRED IMPORTED_TARGET libxxhash)
find_package(nlohmann_json REQUIRED)
target_link_libraries(${target} PUBLIC PkgConfig::SQLITE3)
target_link_libraries(${target} PRIVATE PkgConfig::TAGLIB PkgConfig::STORE_XXHASH nlohmann_json::nlohmann_json Threads::Threads)
# What it takes for sqlite3.h to name sessions, by which changes are taken back.
target_compile_definitions(${target} PRIVATE SQLITE_ENABLE_SESSION SQLITE_ENABLE_PREUPDATE_HOOK)
