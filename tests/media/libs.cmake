target_link_libraries(${test_target} PRIVATE PkgConfig::SNDFILE PkgConfig::TAGLIB)
