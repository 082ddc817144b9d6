pkg_check_modules(LIBLO REQUIRED IMPORTED_TARGET liblo)
target_link_libraries(${target} PRIVATE PkgConfig::LIBLO)
