# An opinion on true peaks that is not ours.
pkg_check_modules(EBUR128 REQUIRED IMPORTED_TARGET libebur128)
target_link_libraries(${test_target} PRIVATE PkgConfig::EBUR128)
