find_path(HNSWLIB_HEADERS hnswlib/hnswlib.h REQUIRED)
pkg_check_modules(PHRASES_XXHASH REQUIRED IMPORTED_TARGET libxxhash)
target_include_directories(${target} SYSTEM PRIVATE ${HNSWLIB_HEADERS})
target_link_libraries(${target} PRIVATE PkgConfig::PHRASES_XXHASH Threads::Threads)
