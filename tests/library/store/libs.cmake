# Tags of test files are written by it.
target_link_libraries(${test_target} PRIVATE PkgConfig::TAGLIB)
